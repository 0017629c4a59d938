import type { ExportedOnce } from '../traces/export/export.ts'
import type { SentDay } from '../traces/export/export-day.ts'
import type { Receiver } from '../traces/export/receiver.ts'
import type { Retry } from '../traces/otlp/sender-options.ts'
import type { Accounting } from '../traces/otlp/tally.ts'
import type { Context } from './context.ts'
import type { OtlpAccounting } from './export-otlp-outlets.ts'
import { bytes, count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'

/** A retry of a request is worth a line once it has failed so often; then again each time so many more. */
const WORDS_AFTER = 3

/** Prints what an export does: what was sent of each day, what goes wrong, and at the end what became of everything. */
export class ExportPrinter {
  readonly #context: Context
  readonly #isJson: boolean
  readonly #store: string | undefined
  readonly #line: ProgressLine
  readonly #totals = { requests: 0, hops: 0 }
  #found: ExportedOnce | undefined
  #isFollowing = false

  /** @param store name of the store, where several are sent one after the other */
  constructor(context: Context, isJson: boolean, store?: string) {
    this.#context = context
    this.#isJson = isJson
    this.#store = store
    this.#line = new ProgressLine(context.out, context.now)
  }

  started({ endpoint, name }: Receiver, isFollowing: boolean): void {
    this.#isFollowing = isFollowing
    const until = isFollowing ? '; SIGINT or SIGTERM ends it' : ''
    if (!this.#isJson) this.#context.out.note(`sending ${this.#from()}to ${safe(endpoint)} (${name})${until}`)
  }

  /** A day, or a part of it, was taken. */
  day(day: SentDay, accounting: OtlpAccounting): void {
    this.#totals.requests += day.requests
    this.#totals.hops += day.hops
    if (this.#isJson && this.#isFollowing)
      return this.#context.out.line(JSON.stringify({ event: 'sent', ...day }))
    if (this.#isJson) return
    const waiting = day.unsettled > 0 ? `; ${count(day.unsettled)} not settled yet` : ''
    if (this.#isFollowing)
      this.#say(`sent       ${day.day}  ${count(day.requests)} requests, ${count(day.spans)} spans${waiting}`)
    else
      this.#line.show(
        `sending ${day.day}  ${count(accounting.spans.accepted)} spans taken  ${this.#rate(accounting.spans)}`,
      )
  }

  #rate({ accepted }: Accounting): string {
    return `${count(Math.round(accepted / Math.max(this.#line.seconds, 0.001)))}/s`
  }

  retry({ attempt, waitMs, why }: Retry): void {
    if (attempt < WORDS_AFTER || attempt % WORDS_AFTER !== 0) return
    this.#line.clear()
    this.#context.out.warn(
      `${why}; tried ${attempt} times, next in ${(waitMs / 1000).toFixed(1)} s; nothing is dropped`,
    )
  }

  found(found: ExportedOnce): void {
    this.#found = found
  }

  ended(accounting: OtlpAccounting): void {
    this.#line.clear()
    if (this.#isJson) return this.#context.out.line(JSON.stringify(this.#document(accounting)))
    const { out } = this.#context
    const lines = [
      ...(this.#store === undefined ? [] : [`store      ${safe(this.#store)}`]),
      `requests   ${count(this.#totals.requests)}  with ${count(this.#totals.hops)} hops`,
      ...taken('spans', accounting.spans, this.#line.seconds),
      ...(accounting.logs ? taken('logs', accounting.logs, this.#line.seconds) : []),
      ...this.#left(),
    ]
    for (const line of lines) out.line(line)
    for (const { warnings } of [accounting.spans, ...(accounting.logs ? [accounting.logs] : [])])
      for (const [message, times] of warnings)
        out.warn(`the receiver says: ${safe(message)} (${count(times)} times)`)
  }

  #from(): string {
    return this.#store === undefined ? '' : `${safe(this.#store)} `
  }

  /** What was not sent, and why. */
  #left(): string[] {
    const found = this.#found
    if (!found) return []
    return [
      found.doneBefore > 0
        ? `before     ${count(found.doneBefore)} of ${count(found.days)} days had been sent as they stand`
        : '',
      found.sampledOut > 0 ? `sampled    ${count(found.sampledOut)} requests left out` : '',
      found.unsettled > 0
        ? `unsettled  ${count(found.unsettled)} requests of open days may still change; they are sent once they are settled, or as they stand with --open-days`
        : '',
    ].filter(line => line !== '')
  }

  #document({ spans, logs }: OtlpAccounting): object {
    return {
      event: 'ended',
      ...(this.#store === undefined ? {} : { store: this.#store }),
      ...this.#totals,
      unsettled: this.#found?.unsettled ?? null,
      sampled_out: this.#found?.sampledOut ?? null,
      spans: accountingObject(spans),
      logs: logs ? accountingObject(logs) : null,
    }
  }

  #say(text: string): void {
    this.#line.clear()
    this.#context.out.note(text)
  }
}

function taken(what: string, accounting: Accounting, seconds: number): string[] {
  const { items, accepted, rejected, retries, rejectedBy, bytes: sent, batches } = accounting
  const rate = `${count(Math.round(accepted / Math.max(seconds, 0.001)))}/s`
  const open = items - accepted - rejected
  return [
    `${what.padEnd(11)}${count(accepted)} taken, ${count(rejected)} rejected${open > 0 ? `, ${count(open)} not answered for` : ''}; ${count(batches)} batches, ${bytes(sent)}, ${count(retries)} ${retries === 1 ? 'retry' : 'retries'}, ${rate}`,
    ...[...rejectedBy].map(([message, n]) => `rejected   ${count(n)}  ${safe(message)}`),
  ]
}

function accountingObject(accounting: Accounting): object {
  const { items, accepted, rejected, batches, retries, bytes: sent, splits } = accounting
  return {
    items, accepted, rejected, batches, retries, bytes: sent, splits,
    rejected_by: Object.fromEntries(accounting.rejectedBy),
    retried_by: accounting.retriedBy,
    warnings: Object.fromEntries(accounting.warnings),
  } // biome-ignore format: a table
}
