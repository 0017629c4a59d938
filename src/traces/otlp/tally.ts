import type { RetryReason } from './answer.ts'

/** What a sender did. After a `flush` that succeeded, `items = accepted + rejected`. */
export interface Accounting {
  readonly batches: number
  /** Handed over. */
  readonly items: number
  readonly accepted: number
  /** Not taken by the backend, for ever. */
  readonly rejected: number
  /** Rejected items by what the backend said. */
  readonly rejectedBy: ReadonlyMap<string, number>
  /** Answers that took everything and had something to say, or left doubt, by what it was. */
  readonly warnings: ReadonlyMap<string, number>
  readonly retries: number
  readonly retriedBy: Readonly<Partial<Record<RetryReason, number>>>
  /** Bodies as sent, those of repeated attempts included. */
  readonly bytes: number
  /** Batches and parts of batches that were cut in halves because they were too large. */
  readonly splits: number
}

/** Messages may hold an id each; further ones are counted together. */
const MOST_MESSAGES = 50
const OTHERS = '(other messages)'

/** Counts what a sender does. */
export class Tally {
  #batches = 0
  #items = 0
  #accepted = 0
  #rejected = 0
  #retries = 0
  #bytes = 0
  #splits = 0
  readonly #rejectedBy = new Map<string, number>()
  readonly #warnings = new Map<string, number>()
  readonly #retriedBy: Partial<Record<RetryReason, number>> = {}

  get accepted(): number {
    return this.#accepted
  }

  get accounting(): Accounting {
    return {
      batches: this.#batches,
      items: this.#items,
      accepted: this.#accepted,
      rejected: this.#rejected,
      rejectedBy: new Map(this.#rejectedBy),
      warnings: new Map(this.#warnings),
      retries: this.#retries,
      retriedBy: { ...this.#retriedBy },
      bytes: this.#bytes,
      splits: this.#splits,
    }
  }

  handedOver(items: number): void {
    this.#items += items
  }

  batch(): void {
    this.#batches++
  }

  sent(bytes: number): void {
    this.#bytes += bytes
  }

  split(): void {
    this.#splits++
  }

  retried(reason: RetryReason): void {
    this.#retries++
    this.#retriedBy[reason] = (this.#retriedBy[reason] ?? 0) + 1
  }

  acceptedItems(items: number): void {
    this.#accepted += items
  }

  rejectedItems(items: number, message: string): void {
    this.#rejected += items
    add(this.#rejectedBy, message || '(the backend gives no reason)', items)
  }

  warn(message: string): void {
    add(this.#warnings, message, 1)
  }
}

function add(counts: Map<string, number>, message: string, by: number): void {
  const key = counts.has(message) || counts.size < MOST_MESSAGES ? message : OTHERS
  counts.set(key, (counts.get(key) ?? 0) + by)
}
