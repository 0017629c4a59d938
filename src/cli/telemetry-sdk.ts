import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { api, metrics, NodeSDK, resources } from '@opentelemetry/sdk-node'
import type { Address, Target, TelemetrySettings } from '../config/telemetry.ts'
import { ThroughlineError } from '../errors.ts'
import { safe } from '../model/text.ts'
import { observe, recordWith } from '../telemetry/record.ts'
import { VERSION } from './version.ts'

/** An export that takes longer is given up; the next one carries its metrics, its spans are lost. */
const EXPORT_MS = 2_000

/**
 * Starts the OpenTelemetry SDK and begins to record. No instrumentation of other packages, no detector that asks the
 * network or tells who the user is.
 *
 * @param onProblem told of whatever goes wrong later
 * @returns ends it, once what is left was sent
 * @throws LISTEN_FAILED
 */
export async function startSdk(
  { traces, metrics: receiver, prometheus, intervalMs }: TelemetrySettings,
  onProblem: (problem: string) => void,
): Promise<() => Promise<void>> {
  // It would make the SDK write to stdout.
  delete process.env.OTEL_LOG_LEVEL
  const served = prometheus && (await serve(prometheus))
  const sdk = new NodeSDK({
    resource: resources.defaultResource().merge(resources.resourceFromAttributes(resource())),
    resourceDetectors: [resources.envDetector],
    instrumentations: [],
    textMapPropagator: null,
    logRecordProcessors: [],
    metricReaders: [...(receiver ? [periodic(receiver, intervalMs)] : []), ...(served ? [served] : [])],
    ...(traces ? { traceExporter: new OTLPTraceExporter(exporterOf(traces)) } : { spanProcessors: [] }),
  })
  listenToProblems(onProblem)
  sdk.start()
  recordWith({
    meter: api.metrics.getMeter('throughline', VERSION),
    tracer: api.trace.getTracer('throughline', VERSION),
    clockMs: () => performance.now(),
  })
  observeProcess()
  return async () => {
    await sdk.shutdown()
    recordWith(undefined)
  }
}

function resource(): Record<string, string | number> {
  return {
    'service.name': 'throughline',
    'service.version': VERSION,
    'service.instance.id': randomUUID(),
    'host.name': hostname(),
    'process.pid': process.pid,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
  }
}

function exporterOf({ url, headers }: Target) {
  return { url, headers: { ...headers }, timeoutMillis: EXPORT_MS }
}

function periodic(target: Target, intervalMs: number) {
  return new metrics.PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(exporterOf(target)),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: Math.min(intervalMs, EXPORT_MS),
  })
}

async function serve({ host, port }: Address): Promise<PrometheusExporter> {
  const exporter = new PrometheusExporter({ host, port, preventServerStart: true, withoutScopeInfo: true })
  try {
    await exporter.startServer()
    return exporter
  } catch (cause) {
    const why = (cause as Error).message
    throw new ThroughlineError(
      'LISTEN_FAILED',
      `--prometheus ${safe(host)}:${port}: cannot listen there: ${safe(why)}; name another port or host`,
      { host, port },
      cause,
    )
  }
}

/** What the SDK says of itself; of its failures it hands over a JSON text. */
function listenToProblems(onProblem: (problem: string) => void): void {
  const tell = (text: string): void => onProblem(safe(messageOf(text)))
  const ignore = (): void => undefined
  const logger = { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore }
  api.diag.setLogger(logger, { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true })
}

function messageOf(text: unknown): string {
  if (text instanceof Error) return text.message
  try {
    const { message, code } = JSON.parse(String(text)) as { message?: string; code?: string }
    return message || code || String(text)
  } catch {
    return String(text)
  }
}

function observeProcess(): void {
  observe('process.memory.usage', '', () => ({ '': process.memoryUsage.rss() }))
  observe('process.cpu.time', '', () => {
    const { user, system } = process.cpuUsage()
    return { user: user / 1e6, system: system / 1e6 }
  })
}
