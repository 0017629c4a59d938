// npm run bench:elastic [-- --hours 12 --runs 3]
// Documents a second into a real Elasticsearch 9.2.4: `throughline elastic publish` of a whole store, from start to end,
// beside the official client's own helpers.bulk sending the same documents, ready-made, in turns, after one turn of the
// peer that does not count, as Java is slow at first; medians, the CPU of both ends, and the size of the index, appended
// to bench/results.md. Java and Maven are needed, as for the service tests.
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from '@elastic/elasticsearch'
import { createServer } from 'vite'
import { installMissing, root, script } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: { hours: { type: 'string', default: '12' }, runs: { type: 'string', default: '3' } },
})
const runs = Number(values.runs)

installMissing()
script('build.mjs')
const work = mkdtempSync(join(tmpdir(), 'throughline-elastic-'))
const usage = join(work, 'usage.json')
// Leaves behind what a command has used, as no one can ask for that once it has ended.
const noting = `import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(${JSON.stringify(usage)}, JSON.stringify(process.resourceUsage())))`
const run = (...args) =>
  execFileSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(noting)}`, `${root}/dist/cli/main.js`, ...args],
    { cwd: work, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
// The way to start a server is that of the service tests, which are TypeScript.
const vite = await createServer({
  root,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true },
})
const { startElasticsearch } = await vite.ssrLoadModule('/test/services/support/elasticsearch.ts')
const server = await startElasticsearch({ version: '9.2.4', isLongLived: true, heapMiB: 1024 })
try {
  run('simulate', 'traffic', '--hours', values.hours)
  run('ingest', 'traffic')
  const documents = await documentsOfStore()
  const client = new Client({ node: server.endpoint })
  const results = { ours: [], peer: [] }
  run('elastic', 'setup', '--url', server.endpoint, '--prefix', 'warm')
  await peer(client, 'warm', documents)
  for (let nth = 0; nth < runs; nth++) {
    results.ours.push(await ours(client, `ours${nth}`))
    results.peer.push(await peer(client, `ours${nth}`, documents))
  }
  report(documents, results)
} finally {
  await server.stop()
  await vite.close()
  rmSync(work, { recursive: true, force: true })
}

/** Seconds of a publish into indices of their own, and what they take up, bytes. */
async function ours(client, prefix) {
  const target = ['--url', server.endpoint, '--prefix', prefix]
  run('elastic', 'setup', ...target)
  const before = await serverCpu(client)
  const seconds = timed(() => run('elastic', 'publish', '--name', prefix, ...target))
  const serverSeconds = (await serverCpu(client)) - before
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(readFileSync(usage, 'utf8'))
  await client.indices.refresh({ index: `${prefix}-*` })
  const { _all } = await client.indices.stats({ index: `${prefix}-requests-*`, metric: ['store', 'docs'] })
  return {
    seconds, server: serverSeconds, client: (userCPUTime + systemCPUTime) / 1e6, peakMiB: maxRSS / 1024,
    bytes: _all.primaries.store.size_in_bytes, documents: _all.primaries.docs.count,
  } // biome-ignore format: one run
}

/** Seconds of the same documents into an index with the same mapping. */
async function peer(client, prefix, documents) {
  const { mappings } = (await client.indices.simulateIndexTemplate({ name: `${prefix}-requests-2026-01-01` }))
    .template
  const index = `peer-${prefix}`
  await client.indices.create({
    index,
    mappings,
    settings: { number_of_shards: 1, number_of_replicas: 0 },
  })
  const [before, own, started] = [await serverCpu(client), process.cpuUsage(), performance.now()]
  const { failed } = await client.helpers.bulk({
    datasource: documents,
    onDocument: document => ({ index: { _index: index, _id: document['event.id'] } }),
    flushBytes: 5_000_000,
    concurrency: 4,
  })
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(own)
  const serverSeconds = (await serverCpu(client)) - before
  if (failed > 0) throw new Error(`${failed} documents failed`)
  await client.indices.delete({ index })
  return { seconds, server: serverSeconds, client: (user + system) / 1e6, documents: documents.length }
}

/** CPU that the server has used since it started, seconds. */
async function serverCpu(client) {
  const { nodes } = await client.nodes.stats({ metric: 'process' })
  return Object.values(nodes).reduce((sum, node) => sum + node.process.cpu.total_in_millis, 0) / 1000
}

function timed(action) {
  const started = performance.now()
  action()
  return (performance.now() - started) / 1000
}

async function documentsOfStore() {
  const load = path => import(new URL(`../dist/${path}`, import.meta.url).href)
  const [{ Store }, { createDocuments }, { DOCUMENT_JSON }, { daysWithHops }] = await Promise.all(
    ['store/store.js', 'elastic/documents.js', 'elastic/document-sql.js', 'requests/settled-days.js'].map(
      load,
    ),
  )
  const store = await Store.read({ path: join(work, 'throughline-store'), memoryMiB: 640 })
  const documents = []
  for (const day of daysWithHops(store.state)) {
    await createDocuments(store, day, {})
    const rows = await store.db.rows(`SELECT ${DOCUMENT_JSON} AS doc FROM documents`)
    for (const { doc } of rows) documents.push(JSON.parse(doc))
  }
  store.close()
  return documents
}

function report(documents, { ours: own, peer: other }) {
  const rate = results => median(results.map(r => r.documents / r.seconds))
  const range = results =>
    results.map(r => Math.round(r.documents / r.seconds).toLocaleString('en-US')).join(', ')
  const micros = (results, end) => median(results.map(r => (1e6 * r[end]) / r.documents))
  const cost = results => micros(results, 'client') + micros(results, 'server')
  const row = (what, results) =>
    `| ${what} | ${Math.round(rate(results)).toLocaleString('en-US')} | ${range(results)} | ${Math.round(micros(results, 'client'))} | ${Math.round(micros(results, 'server'))} |`
  const bytes = Math.round(JSON.stringify(documents).length / documents.length)
  const lines = [
    heading(`npm run bench:elastic -- --hours ${values.hours} --runs ${runs}`),
    '',
    `Load average at the start ${loadavg()[1].toFixed(1)}. ${documents.length.toLocaleString('en-US')} documents of ${bytes} bytes; Elasticsearch 9.2.4 on the same cores.`,
    '',
    '| what | documents/s | runs | client CPU µs a document | server CPU µs a document |',
    '|---|---:|---|---:|---:|',
    row('throughline elastic publish, from the store, program start included', own),
    row('helpers.bulk of @elastic/elasticsearch, ready-made documents', other),
    '',
    `${(rate(own) / rate(other)).toFixed(2)} times as many; by CPU of both ends ${(cost(other) / cost(own)).toFixed(2)}. Index: ${Math.round(median(own.map(r => r.bytes / r.documents)))} bytes a request. Peak memory of the publisher: ${Math.round(Math.max(...own.map(r => r.peakMiB))).toLocaleString('en-US')} MiB.`,
  ]
  console.log(lines.join('\n'))
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
