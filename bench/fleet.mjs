// npm run bench:fleet [-- --events 1000000 --runs 3 --seconds 60 --documents 200000]
// The distributed form, piece by piece, on a real Kafka 4.1.1: `collect`, `work` with one worker and with two, `work`
// that also publishes into a real Elasticsearch 9.2.4, and how long a line takes from a log to the ledger of a store.
// CPU seconds count, as everything shares the cores; medians, appended to bench/results.md. Java and Maven are needed,
// as for the service tests.
import { execFile } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { createServer } from 'vite'
import { installMissing, root, script } from '../scripts/install.mjs'
import { bytesBelow, cpuOf, latency, noting } from './fleet-parts.mjs'
import { generate } from './generate.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '60' },
    documents: { type: 'string', default: '200000' },
  },
})
const [events, runs, seconds, few] = ['events', 'runs', 'seconds', 'documents'].map(name =>
  Number(values[name]),
)

installMissing()
script('build.mjs')
const { partitionOf } = await import('../dist/kafka/partition-of.js')
const work = mkdtempSync(join(tmpdir(), 'throughline-fleet-'))
// The way to start servers is that of the service tests, which are TypeScript.
const vite = await createServer({
  root,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true },
})
const [{ startKafka }, { startElasticsearch }] = await Promise.all(
  ['kafka', 'elasticsearch'].map(name => vite.ssrLoadModule(`/test/services/support/${name}.ts`)),
)
/** Two applications of two partitions, so that two workers have one each. */
const names = [0, 1].map(partition => {
  for (let n = 0; ; n++) if (partitionOf(`app${n}`, 2) === partition) return `app${n}`
})
const kafka = await startKafka()
let nth = 0
try {
  for (const name of names) {
    generate(join(work, 'logs', name), events / 2, name)
    generate(join(work, 'few', name), few / 2, name)
  }
  const results = { collect: [], one: [], two: [], documents: [] }
  // The first turn warms broker and caches, and does not count.
  await turn({ collect: [], one: [], two: [] }, 'few')
  for (let n = 0; n < runs; n++) await turn(results)
  await withElastic(results.documents)
  const waits = await latency(place('latency'), run, seconds)
  report(results, waits)
} finally {
  await kafka.stop()
  await vite.close()
  rmSync(work, { recursive: true, force: true })
}

/** A folder with a configuration and topics of its own. */
function place(what, more = {}) {
  const topics = `${what}-${nth++}`
  const cwd = join(work, topics)
  const applications = names.map(name => ({
    name,
    gateway: { proxies: [`${name}-*`] },
    app: { hosts: [name] },
  }))
  mkdirSync(cwd)
  const config = {
    applications,
    kafka: { brokers: [kafka.broker], topics, group: topics, partitions: 2 },
    engine: { threads: 1 },
    ...more,
  }
  // JSON is YAML.
  writeFileSync(join(cwd, 'throughline.yaml'), JSON.stringify(config))
  return { cwd, topics, name: names[0] }
}

/** Runs a command to its end. @returns what it used, and what the broker used meanwhile */
async function run({ cwd }, usage, ...args) {
  const before = cpuOf(kafka.pid())
  const started = performance.now()
  const file = join(cwd, `${usage}.json`)
  const program = [
    '--import',
    noting(file),
    `${root}/dist/cli/main.js`,
    '--quiet',
    ...args.map(a => a.replace('{logs}', work)),
  ]
  await promisify(execFile)(process.execPath, program, { cwd, maxBuffer: 1 << 26 })
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(file, 'utf8'))
  return {
    cpu: (userCPUTime + systemCPUTime) / 1e6,
    peakMiB: maxRSS / 1024,
    broker: cpuOf(kafka.pid()) - before,
    seconds: (performance.now() - started) / 1000,
  }
}

/** Collects everything, then works it off with one worker, then with two, into other stores. */
async function turn({ collect, one, two }, logs = 'logs') {
  const at = place('turn')
  await run(at, 'setup', 'kafka', 'setup')
  const collected = await run(at, 'collect', 'collect', '--once', `{logs}/${logs}`)
  collect.push({ ...collected, events, topicBytes: bytesBelow(dataFolder(), at.topics) })
  const alone = await run(at, 'one', 'work', '--drain', '--group', `${at.topics}-1`, '--stores', 'one')
  one.push({ ...alone, events, storeBytes: bytesBelow(join(at.cwd, 'one'), 'partition-') })
  const drain = usage => run(at, usage, 'work', '--drain', '--group', `${at.topics}-2`, '--stores', 'two')
  const both = await Promise.all([drain('two-a'), drain('two-b')])
  two.push({
    events,
    cpu: both[0].cpu + both[1].cpu,
    peakMiB: Math.max(...both.map(b => b.peakMiB)),
    broker: Math.max(...both.map(b => b.broker)),
    seconds: Math.max(...both.map(b => b.seconds)),
  })
  rmSync(at.cwd, { recursive: true })
}

async function withElastic(results) {
  const server = await startElasticsearch({ version: '9.2.4', isLongLived: true, heapMiB: 1024 })
  try {
    const elastic = { url: server.endpoint, deployment: 'bench' }
    for (let n = 0; n <= runs; n++) {
      const at = place('documents', { elastic: { ...elastic, prefix: `bench${n}` } })
      await run(at, 'setup', 'kafka', 'setup')
      await run(at, 'setup', 'elastic', 'setup')
      await run(at, 'collect', 'collect', '--once', '{logs}/few')
      const before = await cpuOfServer(server)
      const worked = await run(at, 'work', 'work', '--drain', '--elastic')
      const answer = await fetch(`${server.endpoint}/bench${n}-requests-*/_refresh`, { method: 'POST' })
      await answer.text()
      const stats = await (await fetch(`${server.endpoint}/bench${n}-requests-*/_stats/docs,store`)).json()
      const { docs, store } = stats._all.primaries
      // The first does not count: Java is slow at first.
      if (n > 0)
        results.push({
          ...worked, events: few, server: (await cpuOfServer(server)) - before,
          documents: docs.count, indexBytes: store.size_in_bytes,
        }) // biome-ignore format: one run
      rmSync(at.cwd, { recursive: true })
    }
  } finally {
    await server.stop()
  }
}

/** CPU that Elasticsearch has used since it started, seconds. */
async function cpuOfServer({ endpoint }) {
  const { nodes } = await (await fetch(`${endpoint}/_nodes/stats/process`)).json()
  return Object.values(nodes).reduce((sum, node) => sum + node.process.cpu.total_in_millis, 0) / 1000
}

/** Where the broker keeps its topics. */
function dataFolder() {
  return `/proc/${kafka.pid()}/cwd/data`
}

function report({ collect, one, two, documents }, waits) {
  const of = (runs, value) => median(runs.map(value))
  const whole = number => Math.round(number).toLocaleString('en-US')
  const row = (what, runs) => {
    const rate = r => r.events / r.cpu
    const all = runs.map(r => whole(rate(r))).join(', ')
    return `| ${what} | ${whole(of(runs, rate))} | ${all} | ${whole(of(runs, r => (1e6 * r.broker) / r.events))} | ${whole(of(runs, r => r.events / r.seconds))} | ${whole(Math.max(...runs.map(r => r.peakMiB)))} |`
  }
  const lines = [
    heading(
      `npm run bench:fleet -- --events ${events} --runs ${runs} --seconds ${seconds} --documents ${few}`,
    ),
    '',
    `Load average at the start ${loadavg()[1].toFixed(1)}. ${whole(events)} lean events of two applications (half gateway, half app; ${whole(few)} with documents), Kafka 4.1.1 and Elasticsearch 9.2.4 on the same cores; gzip; one thread an engine.`,
    '',
    '| what | events/s a core (CPU) | runs | broker CPU µs an event | events/s by the clock | peak RSS MiB |',
    '|---|---:|---|---:|---:|---:|',
    row('collect, logs to Kafka', collect),
    row('work, Kafka to facts, index and links', one),
    row('the same by two workers, their CPU together', two),
    row('work, and documents to Elasticsearch', documents),
    '',
    `On topics ${of(collect, r => r.topicBytes / r.events).toFixed(1)} bytes an event, in stores ${of(one, r => r.storeBytes / r.events).toFixed(1)}. Documents: ${whole(of(documents, r => r.documents))}, ${whole(of(documents, r => (1e6 * r.server) / r.documents))} µs of Elasticsearch's CPU and ${whole(of(documents, r => r.indexBytes / r.documents))} bytes of index each, while segments were merged.`,
    '',
    `From a log to the ledger at ${whole(waits.rate)} lines/s over ${seconds} s: median ${whole(waits.median)} ms, 99 % ${whole(waits.p99)} ms, longest ${whole(waits.longest)} ms. Meanwhile CPU ${waits.collector.toFixed(2)} s (collector), ${waits.worker.toFixed(2)} s (worker).`,
  ]
  console.log(lines.join('\n'))
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
