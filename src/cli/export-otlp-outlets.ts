import { exportTelemetry } from '../telemetry/export.ts'
import type { Outlets } from '../traces/export/export-day.ts'
import { otlpEndpoint } from '../traces/otlp/endpoint.ts'
import { OtlpSender } from '../traces/otlp/sender.ts'
import type { Retry } from '../traces/otlp/sender-options.ts'
import { logSignal, type Signal, spanSignal } from '../traces/otlp/signals.ts'
import type { Accounting } from '../traces/otlp/tally.ts'
import { Transport } from '../traces/otlp/transport.ts'
import type { OtlpSettings } from './export-otlp-settings.ts'
import { pauseUntil } from './signals.ts'
import { VERSION } from './version.ts'

export interface OutletOptions {
  readonly nowMs: () => number
  /** How long to go on while nothing is taken, ms; undefined: as long as the sender does by itself. */
  readonly patienceMs: number | undefined
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

/** What our own metrics say of spans. */
const MEASURED = {
  onRequest: (items: number, underWay: number): void => {
    exportTelemetry.sending(items)
    exportTelemetry.active(underWay)
  },
  onSettled: exportTelemetry.settled,
} as const

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
      onRetry: retry => {
        if (kind === 'spans') exportTelemetry.retrying(retry.reason)
        options.onRetry(retry)
      },
      ...(kind === 'spans' ? MEASURED : {}),
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
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
  { headers, compression, ca, clientCert: cert, clientKey: key, timeoutSeconds, concurrency }: OtlpSettings,
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
