import type { OffsetRecord } from '../../ledger/entry.ts'
import type { LedgerState } from '../../ledger/state.ts'
import { type Anchor, markOf } from '../next-batch.ts'
import type { Fetched } from './partition.ts'

/** How far the topics of one partition were read, with and without what is in no ledger entry yet. */
export class Offsets {
  readonly #state: LedgerState
  readonly #partition: number
  readonly #partitions: number
  /** Offset of the next message of each topic, counted with what is in no entry yet. */
  readonly #next = new Map<string, number>()
  /** Messages that were read last before the store was opened, until they were compared. */
  readonly #anchors = new Map<string, Anchor>()
  readonly #marks = new Map<string, string>()
  /** The last message of each topic that is in no entry yet. */
  readonly #last = new Map<string, Fetched>()

  /** @param partitions how many partitions the topics have */
  constructor(state: LedgerState, partition: number, partitions: number) {
    this.#state = state
    this.#partition = partition
    this.#partitions = partitions
    for (const { topic, partition: own, next, mark } of state.consumed.values()) {
      if (own !== partition) continue
      this.#next.set(topic, next)
      if (mark !== undefined) this.#anchors.set(topic, { offset: next - 1, mark })
    }
  }

  /** Offset of the first message of a topic that was not taken; undefined before any. */
  next(topic: string): number | undefined {
    return this.#next.get(topic)
  }

  /** The same as the ledger has it: what Kafka may be told. */
  committed(topic: string): number | undefined {
    return this.#entry(topic)?.next
  }

  /** The message to be compared before the first one of a topic is taken; undefined where that was done. */
  anchor(topic: string): Anchor | undefined {
    return this.#anchors.get(topic)
  }

  /** Says that the topic is the one that was read before. */
  anchored(topic: string): void {
    this.#anchors.delete(topic)
  }

  /** Goes on at a message that is not the next one. */
  skipTo(topic: string, next: number): void {
    this.#anchors.delete(topic)
    this.#next.set(topic, next)
  }

  /** Notes a message that was taken. */
  taken(topic: string, message: Fetched): void {
    this.#next.set(topic, Number(message.offset) + 1)
    this.#last.set(topic, message)
  }

  /** What the next ledger entry says. */
  records(): OffsetRecord[] {
    for (const [topic, message] of this.#last) this.#marks.set(topic, markOf(message))
    this.#last.clear()
    return [...this.#next].map(([topic, next]) => {
      const mark = this.#marks.get(topic) ?? this.#entry(topic)?.mark
      const record = { topic, partition: this.#partition, partitions: this.#partitions, next }
      return mark === undefined ? record : { ...record, mark }
    })
  }

  #entry(topic: string): OffsetRecord | undefined {
    return this.#state.consumed.get(`${topic} ${this.#partition}`)
  }
}
