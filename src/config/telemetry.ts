import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'

/** Where metrics are served unless a host is named: this machine only. */
const DEFAULT_HOST = '127.0.0.1'
const ADDRESS = /^(?:(\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):)?(\d{1,5})$/

/** An address to listen on. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Reads `[host:]port`; undefined where it is none. */
export function parseAddress(text: string): Address | undefined {
  const [, host = DEFAULT_HOST, port = ''] = ADDRESS.exec(text) ?? []
  const number = Number(port)
  if (!(number >= 1 && number <= 65_535)) return undefined
  return { host: host.replace(/^\[|\]$/g, ''), port: number }
}

const isEndpoint = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** The telemetry of our own process; off unless something is set here or in the environment. */
export const TELEMETRY = z
  .strictObject({
    endpoint: z
      .string()
      .refine(isEndpoint, 'expected an http or https URL without a user name, such as http://127.0.0.1:4318')
      .optional()
      .describe('OTLP/HTTP receiver that gets traces (`/v1/traces`) and metrics (`/v1/metrics`) of our own process.'),
    headers: z
      .record(z.string().min(1), z.string())
      .optional()
      .describe('Headers of these requests, such as `authorization`; `config show` leaves their values out.'),
    prometheus: z
      .string()
      .refine(text => parseAddress(text) !== undefined, 'expected a port, or host:port such as 127.0.0.1:9464')
      .optional()
      .describe('Address (`[host:]port`) at which commands that run on serve metrics; this machine only, unless a host is named.'),
    intervalSeconds: z.number().int().min(1).max(3_600).default(60).describe('Time between two exports of metrics, seconds.'),
  })
  .prefault({})
  .describe('Metrics and traces of Throughline itself.') // biome-ignore format: a table

export type TelemetryConfig = z.infer<typeof TELEMETRY>

/** Variables of the environment that are read; all are of the OpenTelemetry specification. */
export const TELEMETRY_ENVIRONMENT = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'OTLP/HTTP receiver, in the place of `telemetry.endpoint`.',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'The same for traces alone, as the whole URL.',
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'The same for metrics alone, as the whole URL.',
  OTEL_EXPORTER_OTLP_HEADERS: 'Headers of requests, `name=value` with commas between.',
  OTEL_TRACES_EXPORTER: '`none`: no traces.',
  OTEL_METRICS_EXPORTER: '`none`: no metrics are sent.',
  OTEL_METRIC_EXPORT_INTERVAL:
    'Milliseconds between two exports, in the place of `telemetry.intervalSeconds`.',
  OTEL_TRACES_SAMPLER: 'Which traces are sent; all, unless set.',
  OTEL_SERVICE_NAME: 'Name of the service; `throughline`, unless set.',
  OTEL_RESOURCE_ATTRIBUTES: 'Further attributes of the resource.',
  OTEL_SDK_DISABLED: '`true`: everything is off, whatever else is set.',
} as const

type Environment = Readonly<Partial<Record<keyof typeof TELEMETRY_ENVIRONMENT, string | undefined>>>

/** A receiver of one signal. */
export interface Target {
  readonly url: string
  /** Those of the file go to the receiver of the file only. */
  readonly headers: Readonly<Record<string, string>>
}

/** What is to be started. */
export interface TelemetrySettings {
  readonly traces: Target | undefined
  readonly metrics: Target | undefined
  readonly prometheus: Address | undefined
  readonly intervalMs: number
}

/**
 * What configuration, environment and command line ask for, in this order, the last one first.
 *
 * @param listen address of the command line
 * @param isLong whether the command runs on, so that somebody can read metrics from it
 * @returns undefined: nothing
 * @throws USAGE where the address of the command line is none
 */
export function telemetrySettings(
  config: TelemetryConfig,
  env: Environment,
  { listen, isLong }: { readonly listen?: string | undefined; readonly isLong: boolean },
): TelemetrySettings | undefined {
  const asked = listen ?? (isLong ? config.prometheus : undefined)
  const prometheus = asked === undefined ? undefined : parseAddress(asked)
  if (asked !== undefined && !prometheus)
    throw new ThroughlineError(
      'USAGE',
      `--prometheus ${asked}: expected a port, or host:port such as 127.0.0.1:9464`,
    )
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return undefined
  const traces = targetOf('TRACES', config, env)
  const metrics = targetOf('METRICS', config, env)
  if (!traces && !metrics && !prometheus) return undefined
  const intervalMs = Number(env.OTEL_METRIC_EXPORT_INTERVAL)
  return {
    traces,
    metrics,
    prometheus,
    intervalMs: intervalMs > 0 ? intervalMs : 1000 * config.intervalSeconds,
  }
}

function targetOf(
  signal: 'TRACES' | 'METRICS',
  config: TelemetryConfig,
  env: Environment,
): Target | undefined {
  if (env[`OTEL_${signal}_EXPORTER`]?.trim() === 'none') return undefined
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]?.trim()
  if (own) return { url: own, headers: {} }
  const common = env.OTEL_EXPORTER_OTLP_ENDPOINT?.trim()
  const base = common || config.endpoint
  if (!base) return undefined
  const url = `${base.replace(/\/+$/, '')}/v1/${signal.toLowerCase()}`
  return { url, headers: common ? {} : (config.headers ?? {}) }
}
