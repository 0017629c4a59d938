import { createHash } from 'node:crypto'
import type { Redactor } from '../../model/redact.ts'
import type { Store } from '../../store/store.ts'
import { logRecordOf } from '../log-record.ts'
import type { OtlpSpan } from '../otlp/encode-spans.ts'
import type { OtlpLogRecord } from '../otlp/signals.ts'
import { sdkLog } from '../sdk-logs.ts'
import { SdkSpans } from '../sdk-spans.ts'
import { type Departure, departures } from './departures.ts'
import { type DayPlan, planDay, type Wanted } from './plan-day.ts'
import { Progress } from './progress.ts'
import type { ExportList, Receiver } from './receiver.ts'

/** Where spans or log records go: waits while too much is under way, and never drops. */
export interface Outlet<Item> {
  send(items: readonly Item[]): Promise<void>
  /** Resolves when all that was handed over has been taken. */
  flush(): Promise<void>
}

export interface ExportOptions {
  readonly wanted: Wanted
  readonly redact: Redactor | undefined
  /** Of Throughline, which makes the spans. */
  readonly version: string
  readonly nowMs: () => number
}

/** Outlets that say how many of the items handed over, from the first on without a gap, are done with. */
export interface Outlets {
  readonly spans: Outlet<OtlpSpan>
  /** Undefined: no log records are sent. */
  readonly logs: Outlet<OtlpLogRecord> | undefined
}

export interface SentDay extends DayPlan {
  readonly day: string
  readonly spans: number
  readonly logs: number
}

/** Sends the requests of days to one receiver, each hop once. */
export class DayExport {
  readonly #store: Store
  readonly #receiver: Receiver
  readonly #options: ExportOptions
  readonly #sdk: SdkSpans
  readonly progress: Progress

  constructor(store: Store, receiver: Receiver, options: ExportOptions) {
    this.#store = store
    this.#receiver = receiver
    this.#options = options
    this.#sdk = new SdkSpans(options.version)
    this.progress = new Progress(receiver, options.nowMs)
  }

  /** A digest of what is asked for: a day that was sent by it needs no look. */
  get asked(): string {
    const { filter, range, sample } = this.#options.wanted
    const text = JSON.stringify([filter, String(range.fromUs), String(range.toUs), sample])
    return createHash('sha256').update(text).digest('hex').slice(0, 16)
  }

  /** @param quiet a condition over chosen_requests.sql: open requests that have not changed for long enough */
  plan(day: string, quiet: string): Promise<DayPlan> {
    return planDay(this.#store, day, this.#options.wanted, { sent: this.#receiver.sentHops(day), quiet })
  }

  /** Sends what was planned last. The list of it, with the trace ids, is on disk before the first span leaves. */
  async send(day: string, plan: DayPlan, outlets: Outlets): Promise<SentDay> {
    if (plan.hops === 0) return { ...plan, day, spans: 0, logs: 0 }
    const list = await this.#receiver.addList(this.#store, day, 'SELECT * FROM hops_to_send')
    const sent = { spans: 0, logs: 0 }
    for await (const part of departures(this.#store, this.#options.redact)) {
      const counts = await this.#hand(list, part, outlets)
      sent.spans += counts.spans
      sent.logs += counts.logs
    }
    await Promise.all([outlets.spans.flush(), outlets.logs?.flush()])
    this.progress.save()
    await this.#receiver.merge(this.#store, day)
    return { ...plan, day, ...sent }
  }

  async #hand(
    list: ExportList,
    part: readonly Departure[],
    outlets: Outlets,
  ): Promise<{ spans: number; logs: number }> {
    const spans: OtlpSpan[] = []
    const logs: OtlpLogRecord[] = []
    for (const departure of part) {
      const own = departure.spans.map(span => this.#sdk.of(span))
      const lines = outlets.logs ? this.#logsOf(departure) : []
      this.progress.handed(list, departure.upTo, { spans: own.length, logs: lines.length })
      spans.push(...own)
      logs.push(...lines)
    }
    await outlets.spans.send(spans)
    if (logs.length > 0) await outlets.logs?.send(logs)
    return { spans: spans.length, logs: logs.length }
  }

  #logsOf({ legs, spans }: Departure): OtlpLogRecord[] {
    const { sources } = this.#store.state
    return legs.apps.flatMap(hop => {
      const span = spans.find(s => s.hopId === hop.hop_id)
      return span ? [sdkLog(logRecordOf(hop, span, sources.get(hop.source_id)?.path), this.#sdk)] : []
    })
  }
}
