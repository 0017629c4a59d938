// npm run bench:accuracy [-- --regimes neither-plain,ids-reused --pairs 2000 --verbose]
// Joins made-up traffic whose truth is known, in regimes from unique ids down to nothing that tells calls apart, each
// under twelve variations. Appends to bench/accuracy.md and draws docs/images/*.svg.
import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs, promisify } from 'node:util'
import { installMissing, root, script } from '../../scripts/install.mjs'
import { heading } from '../heading.mjs'
import { drawGrid, drawReliability } from './draw.mjs'
import { addCounts, emptyCounts, figures } from './measure.mjs'
import { regimes } from './regimes.mjs'
import { describe, variations } from './variations.mjs'

const { values } = parseArgs({
  options: {
    regimes: { type: 'string' },
    pairs: { type: 'string', default: '2000' },
    verbose: { type: 'boolean', default: false },
  },
})
const percent = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '-')

installMissing()
script('build.mjs')
const names = values.regimes?.split(',') ?? regimes().map(r => r.name)
const runs = variations(Number(values.pairs))
const results = []
for (const name of names) results.push(await runRegime(name))
report()

async function runRegime(name) {
  const cells = []
  const queue = runs.map((variation, place) => ({ variation, place }))
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const args = [`${root}/bench/accuracy/one.mjs`, name, JSON.stringify(next.variation)]
      const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 })
      cells[next.place] = JSON.parse(stdout)
      if (values.verbose)
        console.error(name, JSON.stringify(describe(next.variation)), line(cells[next.place].counts))
    }
  }
  await Promise.all(cpus().map(worker))
  const total = cells.reduce((sum, cell) => addCounts(sum, cell.counts), emptyCounts())
  const seconds = { read: 0, link: 0 }
  for (const cell of cells) for (const key in seconds) seconds[key] += cell.seconds[key]
  console.log(row(name, total, seconds))
  if (values.verbose) console.error('  wrong', total.wrong, 'missed', total.missed)
  return { name, cells, total, seconds }
}

function line(counts) {
  const { at, ece } = figures(counts)
  const part = t => `${percent(at[t].precision)} | ${percent(at[t].recall)} | ${percent(at[t].orphans)}`
  return `${part(0.9)} | ${part(0.99)} | ${percent(ece)} | ${at[0.9].bypassLinked}`
}

function row(name, total, seconds) {
  const n = value => value.toLocaleString('en')
  return `| ${name} | ${n(total.pairs)} | ${n(total.orphans)} | ${line(total)} | ${seconds.read.toFixed(0)} | ${seconds.link.toFixed(0)} |`
}

function report() {
  const file = `${root}/bench/accuracy.md`
  if (!existsSync(file))
    writeFileSync(
      file,
      '# Accuracy of joining\n\nWritten by `npm run bench:accuracy`; newest last. Percent: precision, recall, and false partners among app lines that truly have none, at a posterior of 0.9 and of 0.99; expected calibration error in ten bins; lines that came past the gateway and were given a partner. Seconds over all variations.\n',
    )
  const table = [
    '| regime | pairs | orphans | precision 0.9 | recall | false | precision 0.99 | recall | false | ECE | bypass | read s | link s |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...results.map(r => row(r.name, r.total, r.seconds)),
  ]
  const command = `npm run bench:accuracy -- --pairs ${values.pairs}${values.regimes ? ` --regimes ${values.regimes}` : ''}`
  appendFileSync(file, `\n${heading(command)}\n\n${table.join('\n')}\n`)
  if (values.regimes) return
  mkdirSync(`${root}/docs/images`, { recursive: true })
  writeFileSync(`${root}/docs/images/accuracy-reliability.svg`, drawReliability(results))
  writeFileSync(`${root}/docs/images/accuracy-grid.svg`, drawGrid(results, runs.map(describe)))
}
