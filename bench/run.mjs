// npm run bench [-- --events 1000000,10000000 --runs 5]
// Files to facts + links, in turns with the same work by hand in DuckDB; medians, appended to bench/results.md.
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installMissing, root, script } from '../scripts/install.mjs'
import { drawSpeed } from './draw-speed.mjs'
import { generate } from './generate.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000,3000000,10000000,30000000' },
    runs: { type: 'string', default: '3' },
  },
})
installMissing()
script('build.mjs')
const results = `${root}/bench/results.md`
/** What the picture shows, by number of events. */
const pictured = []
const work = mkdtempSync(join(tmpdir(), 'throughline-bench-'))
try {
  const lines = [tableHeading()]
  for (const events of values.events.split(',').map(Number))
    lines.push(...measure(events, Number(values.runs)))
  if (!existsSync(results))
    writeFileSync(
      results,
      '# Bench results\n\nWritten by `npm run bench`; newest last. Ratios hold within one run only.\n',
    )
  appendFileSync(results, `\n${lines.join('\n')}\n`)
  if (pictured.length > 1) writeFileSync(`${root}/docs/images/speed.svg`, drawSpeed(pictured))
} finally {
  rmSync(work, { recursive: true, force: true })
}

function tableHeading() {
  const command = `npm run bench -- --events ${values.events} --runs ${values.runs}`
  const line = `${heading(command)}\n\n| events | what | events/s | MiB/s | peak RSS MiB | CPU s | seconds (min-max) | read s | link s | links | again s | store / raw |\n|---:|---|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|`
  console.log(line)
  return line
}

function measure(events, runs) {
  const data = `${work}/${events}`
  generate(data, events)
  const raw = statSync(`${data}/export.csv`).size + statSync(`${data}/u_ex260302.log`).size
  const ours = []
  const theirs = []
  // The first pair of all warms caches and does not count; logs that were just written are in them.
  for (let i = pictured.length === 0 ? 0 : 1; i <= runs; i++) {
    const a = child('ingest.mjs', data, `${work}/store`)
    const b = child('by-hand.mjs', data, `${work}/hand`)
    if (i > 0) {
      ours.push(a)
      theirs.push(b)
    }
  }
  rmSync(data, { recursive: true })
  const ratio = median(theirs.map((t, i) => t.seconds / ours[i].seconds))
  pictured.push({ events, ours: medians(ours), theirs: medians(theirs) })
  const rows = [
    row(events, 'throughline', ours, raw),
    row(events, 'by hand', theirs, raw),
    `| ${events.toLocaleString('en')} | **throughline / by hand** | ${ratio.toFixed(2)}x | | | | | | | | | |`,
  ]
  for (const r of rows) console.log(r)
  return rows
}

function child(name, data, out) {
  rmSync(out, { recursive: true, force: true })
  const text = execFileSync(process.execPath, [`${root}/bench/${name}`, data, out], {
    cwd: work,
    encoding: 'utf8',
  })
  rmSync(out, { recursive: true, force: true })
  return JSON.parse(text)
}

function row(events, what, list, raw) {
  const at = pick => median(list.map(pick))
  const seconds = list.map(r => r.seconds)
  const n = (value, digits = 0) =>
    value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })
  const hops = list[0].hops
  return `| ${events.toLocaleString('en')} | ${what} | ${n(hops / at(r => r.seconds))} | ${n(raw / 2 ** 20 / at(r => r.seconds), 1)} | ${n(at(r => r.peakMiB))} | ${n(
    at(r => r.cpuSeconds),
    1,
  )} | ${n(
    at(r => r.seconds),
    2,
  )} (${n(Math.min(...seconds), 2)}-${n(Math.max(...seconds), 2)}) | ${
    list[0].readSeconds
      ? n(
          at(r => r.readSeconds),
          2,
        )
      : ''
  } | ${
    list[0].linkSeconds
      ? n(
          at(r => r.linkSeconds),
          2,
        )
      : ''
  } | ${n(list[0].links)} | ${
    list[0].againSeconds
      ? n(
          at(r => r.againSeconds),
          2,
        )
      : ''
  } | ${n(at(r => r.storeBytes) / raw, 3)} |`
}

function medians(list) {
  return Object.fromEntries(
    ['seconds', 'readSeconds', 'linkSeconds', 'peakMiB'].map(name => [
      name,
      median(list.map(r => r[name] ?? 0)),
    ]),
  )
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
