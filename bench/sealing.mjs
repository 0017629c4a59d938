// npm run bench:sealing [-- --events 1000000 --runs 3]
// What roots and signatures cost when logs are taken in: the same ingest without a key and with one, in turns; medians,
// appended to bench/results.md.
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installMissing, root, script } from '../scripts/install.mjs'
import { generate } from './generate.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, runs: { type: 'string', default: '3' } },
})
const events = Number(values.events)
installMissing()
script('build.mjs')
const work = mkdtempSync(join(tmpdir(), 'throughline-sealing-'))
try {
  generate(join(work, 'logs'), events)
  const plain = []
  const sealed = []
  // The first pair warms caches and does not count.
  for (let run = 0; run <= Number(values.runs); run++) {
    const pair = [ingest([]), ingest([join(work, 'keys')])]
    if (run === 0) continue
    plain.push(pair[0])
    sealed.push(pair[1])
    console.log(
      `run ${run}: CPU ${pair.map(r => r.cpuSeconds.toFixed(1)).join(' and ')} s, ${pair.map(r => r.seconds.toFixed(1)).join(' and ')} s`,
    )
  }
  const lines = [...table(plain, sealed)]
  console.log(lines.join('\n'))
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

function ingest(keys) {
  const args = [`${root}/bench/ingest.mjs`, join(work, 'logs'), join(work, 'store'), ...keys]
  const result = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  rmSync(join(work, 'store'), { recursive: true })
  return result
}

function* table(plain, sealed) {
  yield `${heading(`npm run bench:sealing -- --events ${values.events} --runs ${values.runs}`)}\n`
  yield '| events | what | events/s | CPU s | seconds | read s | link s | peak RSS MiB | store MiB |'
  yield '|---:|---|---:|---:|---:|---:|---:|---:|---:|'
  for (const [name, runs] of [['without roots', plain], ['with roots', sealed]]) {
    const of = pick => median(runs.map(pick))
    yield `| ${events.toLocaleString('en')} | ${name} | ${Math.round(events / of(r => r.seconds)).toLocaleString('en')} | ${of(r => r.cpuSeconds).toFixed(1)} | ${of(r => r.seconds).toFixed(1)} | ${of(r => r.readSeconds).toFixed(1)} | ${of(r => r.linkSeconds).toFixed(1)} | ${Math.round(of(r => r.peakMiB))} | ${(of(r => r.storeBytes) / 1048576).toFixed(1)} |`
  }
  // Pairs were run one after the other: their ratios hold where the machine had other work, too.
  const ratio = pick => median(plain.map((run, at) => pick(run) / pick(sealed[at])))
  yield `| | **speed with roots** | ${ratio(r => r.seconds).toFixed(2)}x | ${ratio(r => r.cpuSeconds).toFixed(2)}x | | | | | |`
} // biome-ignore format: a table

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
}
