import { ThroughlineError } from '../../errors.ts'
import { count } from '../../model/text.ts'
import type { Answer } from './answer.ts'
import { Gate } from './gate.ts'
import { DEFAULTS, type Defaulted, type SenderOptions } from './sender-options.ts'
import { type Accounting, Tally } from './tally.ts'
import type { Packed } from './transport.ts'

interface Batch {
  readonly items: number
  isSettled: boolean
}

const SECOND_MS = 1000
const TOO_LARGE = 413

/**
 * Sends items in batches, several at a time, and accounts for each: it waits where others drop. A batch is tried until
 * the backend has answered for it, so that items may arrive twice where an answer was lost, and never silently not at
 * all. The first batch that fails for good ends the sender: all later calls throw the same error.
 */
export class OtlpSender<Item> {
  readonly #options: SenderOptions<Item> & Defaulted
  readonly #tally = new Tally()
  /** Batches that are held. */
  readonly #held: Gate
  /** Requests under way; fewer when the backend has too many. */
  readonly #posts: Gate
  readonly #halted = new AbortController()
  readonly #unsettled: Batch[] = []
  #open: Item[] = []
  #batchItems: number
  #acknowledged = 0
  #acceptedMs = Number.NEGATIVE_INFINITY
  #failure: { readonly error: unknown } | undefined

  constructor(options: SenderOptions<Item>) {
    this.#options = { ...DEFAULTS, ...options }
    this.#held = new Gate(this.#options.concurrency)
    this.#posts = new Gate(this.#options.concurrency)
    this.#batchItems = this.#options.batchItems
    const { stop } = options
    if (stop?.aborted) this.#halt(stop.reason)
    stop?.addEventListener('abort', this.#onStop, { once: true })
  }

  get accounting(): Accounting {
    return this.#tally.accounting
  }

  /** Length of the prefix of all items handed over that is accepted or rejected. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /**
   * Takes items; waits while as many batches as allowed are on their way. A last batch that is not full stays here
   * until more comes, or `flush`.
   *
   * @throws EXPORT_UNAVAILABLE, EXPORT_REFUSED
   */
  async send(items: readonly Item[]): Promise<void> {
    this.#check()
    for (let from = 0; from < items.length; ) {
      const part = items.slice(from, from + Math.max(0, this.#batchItems - this.#open.length))
      for (const item of part) this.#open.push(item)
      from += part.length
      this.#tally.handedOver(part.length)
      if (this.#open.length >= this.#batchItems) await this.#dispatch()
    }
  }

  /** Sends what is there and waits until all of it is accepted or rejected. Throws as `send` does. */
  async flush(): Promise<void> {
    this.#check()
    if (this.#open.length > 0) await this.#dispatch()
    await this.#held.idle()
    this.#check()
  }

  /**
   * Lets requests that are under way end, for a short while, and closes the connections. Items that were not flushed
   * are not sent; they are not acknowledged either. Does not throw, and may be called again.
   */
  async close(): Promise<void> {
    this.#halt(new Error('the sender is closed'))
    this.#options.stop?.removeEventListener('abort', this.#onStop)
    const done = new AbortController()
    const idle = this.#posts.idle().then(() => done.abort())
    await Promise.race([idle, this.#options.sleep(this.#options.graceMs, done.signal)])
    this.#options.transport.close()
    await this.#held.idle()
  }

  readonly #onStop = (): void => this.#halt(this.#options.stop?.reason)

  #check(): void {
    if (this.#failure) throw this.#failure.error
  }

  #halt(error: unknown): void {
    if (this.#failure) return
    this.#failure = { error }
    this.#halted.abort()
    this.#held.shut()
    this.#posts.shut()
  }

  async #dispatch(): Promise<void> {
    if (!(await this.#held.enter())) this.#check()
    const items = this.#open
    this.#open = []
    // Another call may have sent them while this one waited.
    if (items.length === 0) return this.#held.leave()
    void this.#run(items)
  }

  async #run(items: readonly Item[]): Promise<void> {
    const batch = { items: items.length, isSettled: false }
    this.#unsettled.push(batch)
    this.#tally.batch()
    try {
      await this.#deliver(items)
      batch.isSettled = true
      this.#acknowledge()
    } catch (error) {
      this.#halt(error)
    } finally {
      this.#held.leave()
    }
  }

  #acknowledge(): void {
    const before = this.#acknowledged
    while (this.#unsettled[0]?.isSettled) this.#acknowledged += this.#unsettled.shift()?.items ?? 0
    if (this.#acknowledged > before) this.#options.onAcknowledged?.(this.#acknowledged)
  }

  /** @returns whether the backend took the items in one request */
  async #deliver(items: readonly Item[]): Promise<boolean> {
    const body = this.#options.signal.encode(items)
    if (items.length > 1 && body.length > this.#options.mostBytes) return this.#inHalves(items)
    const packed = await this.#options.transport.pack(body)
    const answer = await this.#untilAnswered(packed)
    if (answer.kind === 'accepted') this.#settle(items.length, answer)
    else if (answer.status !== TOO_LARGE) throw this.#refused(answer.why)
    else if (items.length > 1) return this.#inHalves(items)
    else this.#tally.rejectedItems(1, answer.why)
    return answer.kind === 'accepted'
  }

  async #inHalves(items: readonly Item[]): Promise<boolean> {
    this.#tally.split()
    const half = Math.ceil(items.length / 2)
    const isFirstWhole = await this.#deliver(items.slice(0, half))
    const isSecondWhole = await this.#deliver(items.slice(half))
    // Both halves fit, so it was not one large item: batches that are smaller from the start spare requests.
    if (isFirstWhole && isSecondWhole) this.#batchItems = Math.min(this.#batchItems, half)
    return false
  }

  #settle(items: number, { rejected, message, doubt }: Answer & { kind: 'accepted' }): void {
    const lost = Math.min(rejected, items)
    this.#tally.acceptedItems(items - lost)
    if (lost > 0) this.#tally.rejectedItems(lost, message)
    else if (message !== '') this.#tally.warn(message)
    if (rejected > items) this.#tally.warn('the backend says that it rejected more items than a request had')
    if (doubt !== undefined) this.#tally.warn(doubt)
  }

  async #untilAnswered(packed: Packed): Promise<Exclude<Answer, { kind: 'retry' }>> {
    const sinceMs = this.#options.nowMs()
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#once(packed)
      if (answer.kind !== 'retry') return answer
      this.#check()
      const waitMs = Math.max(this.#backoffMs(attempt), answer.afterMs ?? 0)
      const goodMs = Math.max(sinceMs, this.#acceptedMs)
      if (this.#options.nowMs() + waitMs - goodMs > this.#options.patienceMs)
        throw this.#unavailable(answer.why, answer.afterMs)
      this.#tally.retried(answer.reason)
      this.#options.onRetry?.({ reason: answer.reason, why: answer.why, waitMs, attempt })
      await this.#options.sleep(waitMs, this.#halted.signal)
      this.#check()
    }
  }

  async #once(packed: Packed): Promise<Answer> {
    if (!(await this.#posts.enter())) this.#check()
    try {
      this.#tally.sent(packed.body.length)
      const answer = await this.#options.transport.post(packed)
      if (answer.kind === 'accepted') {
        this.#acceptedMs = this.#options.nowMs()
        this.#posts.raise()
      } else if (answer.kind === 'retry' && answer.reason === 'too many requests') this.#posts.lower()
      return answer
    } finally {
      this.#posts.leave()
    }
  }

  /** Full jitter: anything up to a limit that doubles, so that clients do not come back together. */
  #backoffMs(attempt: number): number {
    const { firstWaitMs, mostWaitMs, random } = this.#options
    return Math.round(random() * Math.min(mostWaitMs, firstWaitMs * 2 ** (attempt - 1)))
  }

  #unavailable(why: string, afterMs: number | undefined): ThroughlineError {
    const asked = afterMs === undefined ? '' : `; it asks to wait ${Math.ceil(afterMs / SECOND_MS)} s`
    const patience = `${Math.round(this.#options.patienceMs / SECOND_MS)} s`
    const text = `${why}${asked}; given up, as nothing would be accepted for more than ${patience}. ${this.#soFar()} Run the command again when the backend takes data.`
    return this.#failed('EXPORT_UNAVAILABLE', text)
  }

  #refused(why: string): ThroughlineError {
    return this.#failed('EXPORT_REFUSED', `${why} ${this.#soFar()}`)
  }

  #failed(code: 'EXPORT_UNAVAILABLE' | 'EXPORT_REFUSED', text: string): ThroughlineError {
    const { to } = this.#options.transport
    const { items, accepted, rejected } = this.accounting
    const details = { to, items, accepted, rejected, acknowledged: this.#acknowledged }
    return new ThroughlineError(code, `sending ${this.#options.signal.noun} to ${to}: ${text}`, details)
  }

  #soFar(): string {
    const { items, accepted, rejected } = this.accounting
    return `Of ${count(items)} handed over so far, ${count(accepted)} were accepted and ${count(rejected)} rejected before.`
  }
}
