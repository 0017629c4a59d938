// node bench/otlp-one.mjs '{"side": "throughline", "url": ..., "compression": "gzip", "spans": 100000}'
// Sends ready-made spans one way, in a process of its own, and prints one line of JSON. Started by otlp.mjs.
import { createRequire } from 'node:module'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { tracing } from '@opentelemetry/sdk-node'
import { OtlpSender } from '../dist/traces/otlp/sender.js'
import { spanSignal } from '../dist/traces/otlp/signals.js'
import { Transport } from '../dist/traces/otlp/transport.js'
import { madeSpans } from './otlp-spans.mjs'

const WARM = 20_000
/** Spans that come at a time, as rows of a query do; other work has its turn between. */
const CHUNK = 500
const { side, url, compression, spans } = JSON.parse(process.argv[2])

/** Each side: `feed` takes spans, `end` waits until they are sent, `accepted` is what was acknowledged. */
const SIDES = {
  throughline: () => sending(spanSignal('protobuf')),
  'throughline, with the encoder of the SDK': () => sending({ ...spanSignal('protobuf'), encode: encodeBySdk }),
  'processor, as it comes': () => processing(sdkExporter('http'), {}),
  'processor, queue without end': () => processing(sdkExporter('http'), { maxQueueSize: 10_000_000 }),
  'processor, queue without end, protobuf': () => processing(sdkExporter('proto'), { maxQueueSize: 10_000_000 }),
  'processor, as it comes, to throughline': () => processing(exporterOf(sender()), {}),
  'processor, queue without end, to throughline': () => processing(exporterOf(sender()), { maxQueueSize: 10_000_000 }),
} // biome-ignore format: a table

if (process.argv[3] === 'sides') console.log(JSON.stringify(Object.keys(SIDES)))
else console.log(JSON.stringify(await measure(madeSpans(WARM + spans))))

async function measure(made) {
  const way = SIDES[side]()
  await run(way, made.slice(0, WARM))
  const acceptedBefore = way.accepted()
  const rest = made.slice(WARM)
  const cpu = process.cpuUsage()
  const started = performance.now()
  await run(way, rest)
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await way.close()
  return { seconds, cpuSeconds: (user + system) / 1e6, accepted: way.accepted() - acceptedBefore, warm: acceptedBefore }
} // biome-ignore format: one line

async function run(way, list) {
  for (let from = 0; from < list.length; from += CHUNK) {
    await way.feed(list.slice(from, from + CHUNK))
    await turn()
  }
  await way.end()
}

function sender(signal = spanSignal('protobuf')) {
  const transport = new Transport({ url: new URL(url), signal, compression, connections: 4, nowMs: Date.now })
  const sleep = async (ms, until) => pause(ms, undefined, { signal: until }).catch(() => undefined)
  return new OtlpSender({
    signal,
    transport,
    random: Math.random,
    nowMs: Date.now,
    sleep,
    patienceMs: 30_000,
  })
}

function sending(signal) {
  const own = sender(signal)
  return { feed: list => own.send(list), end: () => own.flush(), accepted: () => own.accounting.accepted, close: () => own.close() } // biome-ignore format: one line
}

function encodeBySdk(list) {
  const { ProtobufTraceSerializer } = createRequire(import.meta.url)('@opentelemetry/otlp-transformer')
  return ProtobufTraceSerializer.serializeRequest(list)
}

function sdkExporter(name) {
  const options = { url, compression, timeoutMillis: 60_000 }
  if (name === 'http') return new OTLPTraceExporter(options)
  // The other exporter comes with the SDK.
  const sdk = createRequire(createRequire(import.meta.url).resolve('@opentelemetry/sdk-node'))
  return new (sdk('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter)(options)
}

/** The sender behind the interface of the SDK: a batch is done when it is acknowledged. */
function exporterOf(own) {
  const failed = error => ({ code: 1, error })
  return {
    export: (list, done) => {
      const all = own.send(list).then(() => own.flush())
      all.then(() => done({ code: 0 }), error => done(failed(error))) // biome-ignore format: one line
    },
    forceFlush: () => own.flush(),
    shutdown: () => own.close(),
  }
}

/** The batch processor of the SDK: what its queue does not take is dropped. */
function processing(exporter, options) {
  let accepted = 0
  let settled = 0
  let given = 0
  const counting = {
    export: (list, done) =>
      exporter.export(list, result => {
        settled += list.length
        if (result.code === 0) accepted += list.length
        done(result)
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
  const processor = new tracing.BatchSpanProcessor(counting, options)
  const queue = options.maxQueueSize ?? 2048
  return {
    feed: list => {
      given += list.length
      for (const span of list) processor.onEnd(span)
    },
    // It sends batch after batch while there are enough spans for one. A flush before would send all batches at once,
    // and the exporter drops beyond 30.
    end: async () => {
      for (let last = -1; given - settled > 512 && settled !== last; ) {
        last = settled
        for (let i = 0; i < 100 && settled === last; i++) await pause(queue > 2048 ? 20 : 5)
      }
      await processor.forceFlush()
      given = settled
    },
    accepted: () => accepted,
    close: () => processor.shutdown(),
  }
}
