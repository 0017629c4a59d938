// npm run bench:linking [-- --hours 2 --rate 20]
// What linking costs beside reading, where a fifth of the app lines have no id and where none has. Appends to
// bench/results.md.
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installMissing, root, script } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: { hours: { type: 'string', default: '2' }, rate: { type: 'string', default: '20' } },
})
const CASES = [
  { name: 'all with ids', options: {} },
  { name: '20 % without', options: { lostIdLineShare: 0.2 } },
  { name: 'none with an id', options: { idShare: 0 } },
]

installMissing()
script('build.mjs')
const work = mkdtempSync(join(tmpdir(), 'throughline-linking-'))
const lines = [
  heading(`npm run bench:linking -- --hours ${values.hours} --rate ${values.rate}`),
  '',
  '| ids | hops | links | read s | link s | link / read | link us a hop | peak RSS MiB |',
  '|---|---:|---:|---:|---:|---:|---:|---:|',
]
try {
  for (const { name, options } of CASES) {
    const args = { hours: Number(values.hours), ratePerSecond: Number(values.rate), ...options }
    const text = execFileSync(
      process.execPath,
      [`${root}/bench/linking-one.mjs`, work, JSON.stringify(args)],
      { encoding: 'utf8' },
    )
    const r = JSON.parse(text)
    const n = value => value.toLocaleString('en')
    lines.push(
      `| ${name} | ${n(r.hops)} | ${n(r.links)} | ${r.read.toFixed(1)} | ${r.link.toFixed(1)} | ${(r.link / r.read).toFixed(2)}x | ${((1e6 * r.link) / r.hops).toFixed(0)} | ${r.peakMiB.toFixed(0)} |`,
    )
    console.log(lines.at(-1))
  }
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
