import type { ExportList, Receiver } from './receiver.ts'

/** Between two writes of the checkpoint, ms. */
const SAVE_MS = 1_000

interface Mark {
  readonly list: ExportList
  readonly row: number
  /** Spans and log records that were handed over up to here. */
  readonly spans: number
  readonly logs: number
}

/** Turns what a receiver has taken, in spans and log records, into how far the lists have got. */
export class Progress {
  readonly #receiver: Receiver
  readonly #nowMs: () => number
  /** In the order in which they were handed over; those before `#at` are done with. */
  #marks: Mark[] = []
  #at = 0
  #handed = { spans: 0, logs: 0 }
  #taken = { spans: 0, logs: 0 }
  #savedMs: number

  constructor(receiver: Receiver, nowMs: () => number) {
    this.#receiver = receiver
    this.#nowMs = nowMs
    this.#savedMs = nowMs()
  }

  /** Notes that so many spans and log records, which end with a row of a list, are handed over. */
  handed(list: ExportList, row: number, counts: { readonly spans: number; readonly logs: number }): void {
    this.#handed = { spans: this.#handed.spans + counts.spans, logs: this.#handed.logs + counts.logs }
    this.#marks.push({ list, row, ...this.#handed })
  }

  /** Notes how many items of one kind the receiver has taken, or refused for good, without a gap before them. */
  taken(kind: 'spans' | 'logs', count: number): void {
    this.#taken[kind] = count
    for (let mark = this.#marks[this.#at]; mark; mark = this.#marks[++this.#at]) {
      if (mark.spans > this.#taken.spans || mark.logs > this.#taken.logs) break
      this.#receiver.noteSent(mark.list, mark.row)
    }
    if (this.#at > FORGET_MARKS) {
      this.#marks = this.#marks.slice(this.#at)
      this.#at = 0
    }
    if (this.#nowMs() - this.#savedMs >= SAVE_MS) this.save()
  }

  save(): void {
    this.#receiver.save()
    this.#savedMs = this.#nowMs()
  }
}

const FORGET_MARKS = 10_000
