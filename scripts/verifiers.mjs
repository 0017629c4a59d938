// Bundles the checks of evidence into verify.mjs (Node, without packages) and verify.html (a browser, from file://), which
// lie in every bundle.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** @param dist folder of the build */
export async function buildVerifiers(root, dist) {
  const common = {
    bundle: true,
    write: false,
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'error',
  }
  const node = await build({
    ...common,
    entryPoints: [join(root, 'src/cli/verify-alone.ts')],
    platform: 'node',
    target: 'node20',
    format: 'esm',
    banner: {
      js: '// Checks the bundle of evidence that it lies in: node verify.mjs --help. Made by Throughline; Apache-2.0.',
    },
  })
  writeFileSync(join(dist, 'evidence/verify.mjs'), node.outputFiles[0].contents)
  const page = await build({
    ...common,
    entryPoints: [join(root, 'src/evidence/page/page.js')],
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
  })
  // A script element ends at the first end tag, wherever it stands.
  const script = page.outputFiles[0].text.replaceAll('</script', '<\\/script')
  const html = readFileSync(join(root, 'src/evidence/page/page.html'), 'utf8')
  writeFileSync(
    join(dist, 'evidence/verify.html'),
    html.replace('/*SCRIPT*/', () => script),
  )
}
