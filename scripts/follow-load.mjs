// npm run follow:load [-- --seconds 60 --rate 50000 --kills 20 --latency-rate 5000 --latency-seconds 60]
// Follows a log that is written as IIS does, while the follower is killed again and again; in the end the facts must be
// those of reading the same bytes once. Then measures how long a line takes from its flush until another process can
// query it. Appends to bench/results.md.
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { heading } from '../bench/heading.mjs'
import { root, script } from './install.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '50000' },
    kills: { type: 'string', default: '20' },
    'latency-seconds': { type: 'string', default: '60' },
    'latency-rate': { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
})
const [seconds, rate, kills] = [values.seconds, values.rate, values.kills].map(Number)
const MAIN = `${root}/dist/cli/main.js`
const SLEEP = ms => new Promise(resolve => setTimeout(resolve, ms))
const count = n => Math.round(n).toLocaleString('en')

script('build.mjs')
const work = mkdtempSync(join(tmpdir(), 'throughline-load-'))
const environment = { ...process.env, HOME: work, XDG_CONFIG_HOME: join(work, 'config') }
const throughline = args =>
  execFileSync(process.execPath, [MAIN, ...args], {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
let isEqual = false
try {
  const command = `npm run follow:load -- --seconds ${seconds} --rate ${rate} --kills ${kills}`
  const lines = [heading(command), '', ...(seconds > 0 ? await load() : ['(no load)'])]
  if (Number(values['latency-seconds']) > 0) lines.push('', ...(await latency()))
  console.log(lines.join('\n'))
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  if (!values.keep) rmSync(work, { recursive: true, force: true })
}
process.exitCode = isEqual || seconds === 0 ? 0 : 1

/** A process that writes; resolves to what it says when it ends. */
function startWriter(folder, options) {
  const child = spawn(
    process.execPath,
    [`${root}/scripts/follow-writer.mjs`, folder, JSON.stringify(options)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const said = []
  child.stdout.setEncoding('utf8').on('data', text => said.push(text))
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code =>
      code === 0 ? resolve(JSON.parse(said.join(''))) : reject(new Error(`writer: ${code}`)),
    )
  })
  return { child, ended }
}

function startFollower(folder, store) {
  const child = spawn(process.execPath, [MAIN, 'ingest', '--follow', folder, '--store', store], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-4000)
  })
  const ended = new Promise(resolve => child.on('close', code => resolve({ code, said })))
  return { child, ended }
}

async function load() {
  const [logs, kept, store] = [join(work, 'logs'), join(work, 'kept'), join(work, 'store')]
  for (const folder of [logs, kept]) mkdirSync(folder)
  const writer = startWriter(logs, { seconds, rate, kept, rotateSeconds: 10, seed: Number(values.seed) })
  const startedMs = Date.now()
  const written = writer.ended
  let killed = 0
  let random = Number(values.seed)
  const next = () => {
    random = (random * 1103515245 + 12345) % 2 ** 31
    return random / 2 ** 31
  }
  while (killed < kills) {
    const follower = startFollower(logs, store)
    await SLEEP((0.2 + 1.6 * next()) * Math.max(1500, (seconds * 1000) / kills))
    follower.child.kill('SIGKILL')
    const { code, said } = await follower.ended
    if (code !== null) throw new Error(`the follower ended by itself with ${code}: ${said}`)
    killed++
  }
  const follower = startFollower(logs, store)
  const { lines, bytes, tookSeconds } = await written
  const caughtUpMs = await caughtUp(store, lines, follower, Date.now())
  follower.child.kill('SIGTERM')
  const stopMs = Date.now()
  const { code, said } = await follower.ended
  const stopSeconds = (Date.now() - stopMs) / 1000
  if (code !== 0) throw new Error(`the follower ended with ${code}: ${said}`)
  const took = (caughtUpMs - startedMs) / 1000
  throughline(['ingest', kept, '--store', join(work, 'once')])
  const [got, want] = [await content(store), await content(join(work, 'once'))]
  isEqual = got.text === want.text
  const n = readdirSync(join(store, 'ledger', '000')).length
  return [
    '| lines written | MiB | written a second | kills | read and committed a second | seconds until all was read | stop s | entries | hops | equal to one ingest |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|',
    `| ${count(lines)} | ${(bytes / 2 ** 20).toFixed(0)} | ${count(lines / tookSeconds)} | ${killed} | ${count(lines / took)} | ${took.toFixed(1)} | ${stopSeconds.toFixed(1)} | ${n} | ${count(got.hops)} of ${count(want.hops)} | ${isEqual ? 'yes' : `**no**: ${got.text} for ${want.text}`} |`,
  ]
}

/** Waits until the store has all lines. */
async function caughtUp(store, lines, follower, sinceMs) {
  const { Store } = await import(`${root}/dist/store/store.js`)
  for (;;) {
    if (follower.child.exitCode !== null)
      throw new Error(`the follower ended: ${(await follower.ended).said}`)
    if (existsSync(join(store, 'ledger/000/000000.json'))) {
      const it = await Store.read({ path: store, memoryMiB: 256 })
      const hops = it.state.segments.reduce((sum, s) => sum + s.rows, 0)
      it.close()
      if (hops >= lines) return Date.now()
      if (Date.now() - sinceMs > 900_000) throw new Error(`${hops} of ${lines} lines after 15 minutes`)
    }
    await SLEEP(500)
  }
}

/** Number of hops, and a digest over all of them without their places in sources. */
async function content(path) {
  const { Store } = await import(`${root}/dist/store/store.js`)
  const store = await Store.read({ path, memoryMiB: 1024 })
  try {
    const files = store.state.segments.map(s => `'${store.file(s.path)}'`).join(', ')
    const { hops, ids, digest } = await store.db.row(
      `SELECT count(*)::VARCHAR AS hops, count(DISTINCT hop_id)::VARCHAR AS ids,
         bit_xor(md5_number(to_json(f)::VARCHAR))::VARCHAR AS digest
       FROM (SELECT * EXCLUDE (source_id, line_no, byte_offset) FROM read_parquet([${files}], hive_partitioning = false)) AS f`,
    )
    return { hops: Number(hops), text: `${hops} hops, ${ids} ids, ${digest}` }
  } finally {
    store.close()
  }
}

async function latency() {
  const [logs, store] = [join(work, 'latency'), join(work, 'latency-store')]
  mkdirSync(logs)
  const follower = startFollower(logs, store)
  while (!existsSync(join(store, 'ledger/000/000000.json'))) await SLEEP(50)
  const reader = spawn(process.execPath, [`${root}/scripts/follow-reader.mjs`, store], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let said = ''
  reader.stdout.setEncoding('utf8').on('data', text => {
    said += text
  })
  const readerEnded = new Promise(resolve => reader.on('close', resolve))
  const options = {
    seconds: Number(values['latency-seconds']),
    rate: Number(values['latency-rate']),
    flushes: true,
    seed: 7,
  }
  const { lines, flushes, tookSeconds } = await startWriter(logs, options).ended
  await caughtUp(store, lines, follower, Date.now())
  await SLEEP(1500)
  reader.kill('SIGTERM')
  await readerEnded
  follower.child.kill('SIGTERM')
  await follower.ended
  const seen = said
    .trim()
    .split('\n')
    .map(line => line.split(' ').map(Number))
  const delays = []
  let at = 0
  for (const [flushedMs, total] of flushes) {
    while (at < seen.length && seen[at][1] < total) at++
    if (at < seen.length) delays.push((seen[at][0] - flushedMs) / 1000)
  }
  delays.sort((a, b) => a - b)
  const share = p => delays[Math.min(delays.length - 1, Math.floor(p * delays.length))]?.toFixed(2)
  return [
    `From flush to query by another process, ${count(lines / tookSeconds)} lines a second for ${tookSeconds.toFixed(0)} s, ${count(delays.length)} flushes:`,
    '',
    '| median s | p95 s | p99 s | longest s |',
    '|---:|---:|---:|---:|',
    `| ${share(0.5)} | ${share(0.95)} | ${share(0.99)} | ${share(1)} |`,
  ]
}
