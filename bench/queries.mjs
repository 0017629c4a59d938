// node bench/queries.mjs [--requests 10000000 --days 30 --store DIR]
// How long questions take over a store of so many requests, warm and in this process, and how long commands take to
// start. The store is made without logs (made-store.mjs) and kept where --store names a folder. Appends to
// bench/results.md.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installMissing, root, script } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '30' },
    store: { type: 'string' },
  },
})
const RUNS = 7
const [requests, days] = [Number(values.requests), Number(values.days)]

installMissing()
script('build.mjs')
const { makeStore, subjectName, dayOf } = await import('./made-store.mjs')
const { indexRequests } = await import('../dist/requests/index-requests.js')
const { findById } = await import('../dist/requests/lookup.js')
const { countRequests, searchRequests } = await import('../dist/requests/search.js')
const { storeBytes } = await import('../dist/requests/overview.js')
const { Store } = await import('../dist/store/store.js')

const work = mkdtempSync(join(tmpdir(), 'throughline-queries-'))
const path = values.store ?? join(work, 'store')
const lines = [
  heading(`node bench/queries.mjs --requests ${requests} --days ${days}`),
  '',
  `Load average at the start ${loadavg()[0].toFixed(1)}. Median, best and worst of ${RUNS} runs, ms; CPU is that of the median run.`,
]
try {
  if (!existsSync(join(path, 'ledger'))) await make()
  lines.push('', '| question | found | median | best | worst | CPU |', '|---|---:|---:|---:|---:|---:|')
  await ask()
  lines.push('', '| command | median | best | worst |', '|---|---:|---:|---:|')
  await start()
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function make() {
  const started = performance.now()
  const store = await makeStore({ path, requests, days, onDay: day => process.stderr.write(`\r${day}`) })
  const made = performance.now()
  await indexRequests(store)
  const size = storeBytes(store)
  const of = bytes => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  const s = ms => (ms / 1000).toFixed(0)
  lines.push(
    '',
    `Made in ${s(made - started)} s, requests made ready in ${s(performance.now() - made)} s; facts ${of(size.facts)}, links ${of(size.links)}, index ${of(size.index)}.`,
  )
  store.close()
}

async function ask() {
  const store = await Store.read({ path, memoryMiB: 1024 })
  const id = createHash('md5')
    .update(`c${Math.floor(requests / 3)}`)
    .digest('hex')
  const columns = ['start_ts', 'state', 'method', 'path', 'status', 'decided_by', 'decided_detail', 'subject', 'duration_us', 'request_id'] // biome-ignore format: a list
  const rows = async search => {
    let found = 0
    for await (const batch of searchRequests(store, { nowMs: 0, columns, ...search })) found += batch.length
    return found
  }
  const who = `subject:"${subjectName(10_000)}"`
  const day = { fromUs: Date.parse(dayOf(days - 3)) * 1000, toUs: Date.parse(dayOf(days - 2)) * 1000 }
  const questions = [
    ['trace ID', async () => (await findById(store, id)).requests.length],
    ['one subject, all days', () => rows({ filter: who })],
    ['one subject, path wildcard, status range', () => rows({ filter: `${who} and path:/payroll/* and status >= 400` })],
    ['one of the busiest subjects', () => rows({ filter: `subject:"${subjectName(3)}"` })],
    ['one subject, every column', () => rows({ filter: who, columns: undefined })],
    ['path wildcard and status, one day', () => rows({ filter: 'path:/payroll/v1/slips/* and status >= 500', range: day })],
    ['count by status, all days', () => countRequests(store, { filter: 'status >= 500', nowMs: 0 })],
  ] // biome-ignore format: a table
  for (const [name, question] of questions) {
    const found = await question()
    const times = await measured(question)
    lines.push(`| ${name} | ${found} | ${times.join(' | ')} |`)
    console.log(lines.at(-1))
  }
  store.close()
}

async function measured(action) {
  const runs = []
  for (let i = 0; i < RUNS; i++) {
    const cpu = process.cpuUsage()
    const from = performance.now()
    await action()
    const { user, system } = process.cpuUsage(cpu)
    runs.push({ ms: performance.now() - from, cpu: (user + system) / 1000 })
  }
  runs.sort((a, b) => a.ms - b.ms)
  const median = runs[Math.floor(RUNS / 2)]
  return [median.ms, runs[0].ms, runs.at(-1).ms, median.cpu].map(n => n.toFixed(0))
}

async function start() {
  const small = join(work, 'small')
  const store = await makeStore({ path: small, requests: 1000, days: 2 })
  store.close()
  for (const args of [['version'], ['--help'], ['status', '--store', small]]) {
    const run = () => execFileSync(process.execPath, [`${root}/dist/cli/main.js`, ...args], { cwd: work })
    run()
    const [median, best, worst] = await measured(run)
    lines.push(`| ${args.slice(0, 1).join(' ')} | ${median} | ${best} | ${worst} |`)
    console.log(lines.at(-1))
  }
}
