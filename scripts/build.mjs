// Compiles src/ to dist/, generates the filter parser, and copies what tsc does not (SQL).
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generateParser } from './parser.mjs'
import { buildVerifiers } from './verifiers.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
rmSync(`${root}/dist`, { recursive: true, force: true })
await generateParser()
execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
})
cpSync(`${root}/src`, `${root}/dist`, {
  recursive: true,
  filter: path => !/\.(ts|peggy)$/.test(path) || path.endsWith('.d.ts'),
})
await buildVerifiers(root, `${root}/dist`)
const main = `${root}/dist/cli/main.js`
if (existsSync(main)) chmodSync(main, 0o755)
