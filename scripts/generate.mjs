// Writes what is made from the program: reference pages, JSON Schemas, dashboards and their pictures, and the outputs
// that README and guide show. Needs a build. --check writes nothing and ends with 1 where a file is out of date;
// --reference, --pictures and --console take one part only.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { withOutput } from './console.mjs'
import { pictures, SAVED_OBJECTS } from './dashboards/files.mjs'
import { DASHBOARDS } from './grafana.mjs'
import { root } from './install.mjs'
import { BLOCKS, PAGES, SCHEMAS } from './reference.mjs'

/** What `npm run demo` does before the reader of the README comes to its first command. */
const DEMO = [
  'throughline simulate demo-data/traffic',
  'throughline ingest demo-data/traffic/apigee demo-data/traffic/iis --store demo-data/store',
]

const flags = new Set(process.argv.slice(2))
const everything = !['--reference', '--pictures', '--console'].some(part => flags.has(part))
const read = path => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return ''
  }
}

const wanted = new Map()
if (everything || flags.has('--reference')) {
  for (const [path, text] of Object.entries({
    ...PAGES(),
    ...SCHEMAS(),
    ...DASHBOARDS(),
    ...SAVED_OBJECTS(),
  }))
    wanted.set(path, text)
  for (const [path, blocks] of Object.entries(BLOCKS()))
    wanted.set(path, withBlocks(read(path), blocks, path))
}
if (everything || flags.has('--pictures'))
  for (const [path, text] of Object.entries(await pictures())) wanted.set(path, text)
if (everything || flags.has('--console')) {
  wanted.set('README.md', withOutput(read('README.md'), DEMO))
  wanted.set('docs/guide.md', withOutput(read('docs/guide.md')))
}

for (const [path, text] of wanted) if (path.endsWith('.md')) wanted.set(path, formatted(path, text))
const stale = [...wanted].filter(([path, text]) => read(path) !== text)
for (const [path, text] of stale) {
  if (flags.has('--check')) console.error(`${path} is out of date${firstDifference(read(path), text)}`)
  else {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}
if (flags.has('--check') && stale.length) {
  console.error('bring them up to date with: npm run build && npm run generate')
  process.exitCode = 1
}

/** As `npm run format` would write it. */
function formatted(path, text) {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
}

/** A page with the text between `<!-- generated: name -->` and `<!-- end -->` replaced. */
function withBlocks(page, blocks, path) {
  const left = new Set(Object.keys(blocks))
  const text = page.replace(/(?<=<!-- generated: ([\w-]+) -->\n)[\s\S]*?(?=<!-- end -->)/g, (_, name) => {
    left.delete(name)
    if (!(name in blocks)) throw new Error(`${path}: no generated block ${name}`)
    return `\n${blocks[name]}\n\n`
  })
  if (left.size) throw new Error(`${path}: has no place for ${[...left].join(', ')}`)
  return text
}

function firstDifference(is, should) {
  const [have, want] = [is.split('\n'), should.split('\n')]
  const at = want.findIndex((line, i) => line !== have[i])
  const line = at === -1 ? want.length : at
  return `, line ${line + 1}\n  is:     ${have[line] ?? '(end)'}\n  should: ${want[line] ?? '(end)'}`
}
