// npm run bench:otlp [-- --spans 100000 --runs 5]
// Spans a second to an OpenTelemetry Collector that throws them away: this project's sender beside the batch processor
// and the exporter of the OpenTelemetry SDK, in turns; medians, appended to bench/results.md. THROUGHLINE_COLLECTOR is
// the program of the Collector or the endpoint of one that runs.
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { installMissing, root, script } from '../scripts/install.mjs'
import { heading } from './heading.mjs'

const { values } = parseArgs({
  options: { spans: { type: 'string', default: '100000' }, runs: { type: 'string', default: '5' } },
})
const spans = Number(values.spans)
const runs = Number(values.runs)
const given = process.env.THROUGHLINE_COLLECTOR
const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
const FIRST = 'processor, queue without end'

installMissing()
script('build.mjs')
const work = mkdtempSync(join(tmpdir(), 'throughline-otlp-'))
const collector = given?.includes('://') ? { url: given } : await startCollector()
try {
  const lines = [
    heading(`npm run bench:otlp -- --spans ${spans} --runs ${runs}`),
    '',
    `Load average at the start ${loadavg()[0].toFixed(1)}. Spans of 20 attributes, 950 bytes. Times as many: median over the runs, each beside "${FIRST}" of the same run and compression.`,
    '',
    '| compression | what | spans/s | times as many | client CPU s per million | times less | Collector CPU s per million | given | acknowledged | lost | at the Collector |',
    '|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
  ]
  for (const compression of ['gzip', 'none']) lines.push(...(await measure(compression)))
  console.log(lines.join('\n'))
  appendFileSync(`${root}/bench/results.md`, `\n${lines.join('\n')}\n`)
} finally {
  collector.stop?.()
  rmSync(work, { recursive: true, force: true })
}

async function measure(compression) {
  const sides = JSON.parse(one({ spans: 0 }, 'sides'))
  const results = new Map(sides.map(side => [side, []]))
  for (let run = 0; run < runs; run++)
    for (const side of sides) results.get(side).push(await measureOnce(side, compression))
  return sides.map(side => row(compression, side, results.get(side), results.get(FIRST)))
}

async function measureOnce(side, compression) {
  const before = await metrics()
  const result = JSON.parse(one({ side, compression, spans, url: `${collector.url}/v1/traces` }))
  const after = await metrics()
  const share = spans / (spans + result.warm)
  return {
    ...result,
    arrived: after.spans - before.spans - result.warm,
    collectorSeconds: (after.cpuSeconds - before.cpuSeconds) * share,
  }
}

function one(options, ...more) {
  const args = [`${root}/bench/otlp-one.mjs`, JSON.stringify(options), ...more]
  return execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

function row(compression, side, list, first) {
  const number = (value, digits = 0) =>
    value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })
  const middle = pick => median(list.map(pick))
  const rate = r => r.accepted / r.seconds
  const cost = r => (1e6 * r.cpuSeconds) / r.accepted
  const cells = [
    compression,
    side,
    number(middle(rate)),
    `${number(median(list.map((r, i) => rate(r) / rate(first[i]))), 2)}x`,
    number(middle(cost), 1),
    `${number(median(list.map((r, i) => cost(first[i]) / cost(r))), 2)}x`,
    collector.metrics
      ? number(
          middle(r => (1e6 * r.collectorSeconds) / r.accepted),
          1,
        )
      : '',
    number(spans),
    number(middle(r => r.accepted)),
    number(middle(r => spans - r.accepted)),
    collector.metrics ? number(middle(r => r.arrived)) : 'not known',
  ]
  return `| ${cells.join(' | ')} |`
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** What the Collector counts itself. */
async function metrics() {
  if (!collector.metrics) return { spans: 0, cpuSeconds: 0 }
  const text = await (await fetch(collector.metrics)).text()
  const value = name => Number(new RegExp(`^${name}(?:_total)?(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
  return { spans: value('otelcol_receiver_accepted_spans'), cpuSeconds: value('otelcol_process_cpu_seconds') }
} // biome-ignore format: one value a line

async function startCollector() {
  const program = given ?? join(cache, 'throughline/otelcol-0.159.0/otelcol')
  if (!existsSync(program)) throw new Error(`no Collector at ${program}: name one in THROUGHLINE_COLLECTOR`)
  const [http, own] = [await freePort(), await freePort()]
  const config = join(work, 'collector.yaml')
  writeFileSync(
    config,
    `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${http}" } } } }
exporters: { nop: {} }
service:
  telemetry:
    logs: { level: error }
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${own} } } } }] }
  pipelines: { traces: { receivers: [otlp], exporters: [nop] } }
`,
  )
  const child = spawn(program, ['--config', `file:${config}`], { stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${http}`
  for (let i = 0; i < 100; i++) {
    const answers = await fetch(`${url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).catch(() => undefined) // biome-ignore format: one call
    if (answers?.ok) return { url, metrics: `http://127.0.0.1:${own}/metrics`, stop: () => child.kill() }
    await pause(100)
  }
  child.kill()
  throw new Error(`${program} does not answer at ${url}`)
}

function freePort() {
  const server = createServer()
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
