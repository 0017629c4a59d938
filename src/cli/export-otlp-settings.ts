import { setTimeout as sleep } from 'node:timers/promises'
import type { OtlpConfig } from '../config/otlp.ts'
import { ThroughlineError } from '../errors.ts'
import type { Outlets } from '../traces/export/export-day.ts'
import { otlpEndpoint } from '../traces/otlp/endpoint.ts'
import { OtlpSender } from '../traces/otlp/sender.ts'
import type { Retry } from '../traces/otlp/sender-options.ts'
import { logSignal, type Signal, spanSignal } from '../traces/otlp/signals.ts'
import type { Accounting } from '../traces/otlp/tally.ts'
import { Transport } from '../traces/otlp/transport.ts'
import type { OtlpFlags } from './export-otlp.ts'
import { VERSION } from './version.ts'

/** What is in force of the configuration, the environment and the flags. */
export type OtlpSettings = OtlpConfig

export function otlpSettings(env: NodeJS.ProcessEnv, config: OtlpConfig, flags: OtlpFlags): OtlpSettings {
  const { endpoint, protocol, compression, ca, cert, key, sample, logs, redact } = flags
  const given = { endpoint, protocol, compression, ca, cert, key, sample, logs, redact }
  const flagged = {
    ...given,
    timeoutSeconds: flags.timeout,
    concurrency: flags.concurrency,
    batchSpans: flags.batch,
  }
  const named = Object.fromEntries(Object.entries(flagged).filter(([, value]) => value !== undefined))
  const settings: OtlpSettings = { ...config, ...named, headers: headersOf(env, config, flags) }
  check('--sample', settings.sample, { above: 0, most: 1 })
  check('--concurrency', settings.concurrency, { above: 0, most: 64 })
  check('--batch', settings.batchSpans, { above: 0, most: 100_000 })
  check('--timeout', settings.timeoutSeconds, { above: 0, most: 600 })
  return settings
}

function check(flag: string, value: number, { above, most }: { above: number; most: number }): void {
  if (value > above && value <= most) return
  throw new ThroughlineError('USAGE', `${flag} ${value}: expected more than ${above} and ${most} at most`)
}

/** Headers of the configuration, then of the environment, then of the flags; later ones count. Values are never shown. */
function headersOf(
  env: NodeJS.ProcessEnv,
  { headers }: OtlpConfig,
  flags: OtlpFlags,
): Record<string, string> {
  const all: Record<string, string> = { ...headers }
  for (const pair of (env.THROUGHLINE_OTLP_HEADERS ?? '').split(',').filter(p => p.trim() !== '')) {
    const [name, value] = split(pair, '=', 'THROUGHLINE_OTLP_HEADERS')
    all[name] = decodeURIComponent(value)
  }
  for (const header of flags.header) {
    const [name, value] = split(header, ':', '--header')
    all[name] = value
  }
  return all
}

function split(text: string, by: string, where: string): [string, string] {
  const cut = text.indexOf(by)
  if (cut > 0) return [text.slice(0, cut).trim().toLowerCase(), text.slice(cut + 1).trim()]
  throw new ThroughlineError(
    'USAGE',
    `${where}: a header without a value; expected ${by === ':' ? '"name: value"' : 'name=value,name=value'}`,
  )
}

export interface OutletOptions {
  readonly nowMs: () => number
  /** Never gives up. */
  readonly isLive: boolean
  readonly stop: AbortSignal
  readonly onTaken: (kind: 'spans' | 'logs', count: number) => void
  readonly onRetry: (retry: Retry) => void
}

export interface OtlpAccounting {
  readonly spans: Accounting
  readonly logs: Accounting | undefined
}

export interface OtlpOutlets extends Outlets {
  accounting(): OtlpAccounting
  close(): Promise<void>
}

/** Senders for spans, and for log records where they are wanted. */
export function openOutlets(settings: OtlpSettings, options: OutletOptions): OtlpOutlets {
  const { traces, logs: logsUrl } = otlpEndpoint(settings.endpoint ?? '')
  const format = settings.protocol === 'http/json' ? 'json' : 'protobuf'
  const open = <Item>(kind: 'spans' | 'logs', url: URL, signal: Signal<Item>): OtlpSender<Item> =>
    new OtlpSender<Item>({
      signal,
      transport: transportOf(settings, url, signal, options.nowMs),
      random: Math.random,
      nowMs: options.nowMs,
      sleep: pauseUntil,
      batchItems: settings.batchSpans,
      concurrency: settings.concurrency,
      stop: options.stop,
      onAcknowledged: count => options.onTaken(kind, count),
      onRetry: options.onRetry,
      ...(options.isLive ? { patienceMs: Number.POSITIVE_INFINITY } : {}),
    })
  const spans = open('spans', traces, spanSignal(format))
  const logs = settings.logs ? open('logs', logsUrl, logSignal(format)) : undefined
  return {
    spans,
    logs,
    accounting: () => ({ spans: spans.accounting, logs: logs?.accounting }),
    close: async () => {
      await Promise.all([spans.close(), logs?.close()])
    },
  }
}

function transportOf<Item>(
  { headers, compression, ca, cert, key, timeoutSeconds, concurrency }: OtlpSettings,
  url: URL,
  signal: Signal<Item>,
  nowMs: () => number,
): Transport {
  return new Transport({
    url,
    signal,
    headers,
    compression,
    tls: { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) },
    connections: concurrency,
    timeoutMs: timeoutSeconds * 1000,
    userAgent: `throughline/${VERSION}`,
    nowMs,
  })
}

/** Resolves after so long, or at once when it is stopped. */
export async function pauseUntil(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined)
}
