import type { Consumer, EachBatchPayload } from 'kafkajs'
import { lostMessages, type NextBatch } from '../next-batch.ts'
import type { OwnershipOptions } from './ownership.ts'
import type { Partition } from './partition.ts'

/** Between two tries while no broker answers. */
const UNANSWERED_MS = 500

type InOrderOptions = Pick<OwnershipOptions, 'acceptsLoss' | 'onEvent' | 'pause'>

/** Sees to it that a partition takes the messages of a topic from where its ledger ends, one after the other. */
export class InOrder {
  readonly #consumer: Consumer
  readonly #next: NextBatch
  readonly #options: InOrderOptions

  constructor(consumer: Consumer, next: NextBatch, options: InOrderOptions) {
    this.#consumer = consumer
    this.#next = next
    this.#options = options
  }

  /**
   * Whether a batch goes on where the partition stands; if not, those that do are asked for.
   *
   * @throws KAFKA_LOST, KAFKA_TOPICS
   */
  async isNext(it: Partition, batch: EachBatchPayload['batch']): Promise<boolean> {
    if (batch.messages.length === 0) return false
    const { topic, partition } = batch
    const anchor = it.offsets.anchor(topic)
    if (anchor && !(await this.#next.isSame(batch, anchor))) {
      this.seekAnchor(it, topic)
      return false
    }
    it.offsets.anchored(topic)
    const step = await this.#next.stepOf(batch, it.offsets.next(topic))
    if (step.is === 'unanswered') {
      this.#options.onEvent({ event: 'waiting', why: step.why })
      await this.#options.pause(UNANSWERED_MS)
      return false
    }
    if (step.is === 'lost') {
      if (!this.#options.acceptsLoss) throw lostMessages(step.what, it.store.root)
      this.#options.onEvent({ event: 'lost', partition, what: step.what })
      it.skipTo(topic, step.low, step.what)
    }
    if (step.is === 'next') return true
    this.#consumer.seek({ topic, partition, offset: String(step.is === 'lost' ? step.low : step.offset) })
    return false
  }

  /** Asks for the message that was read last: it is compared with what was noted before the next ones are taken. */
  seekAnchor(it: Partition, topic: string): void {
    const offset = it.offsets.anchor(topic)?.offset
    if (offset === undefined) return
    this.#next.seeks(topic, it.number, offset)
    this.#consumer.seek({ topic, partition: it.number, offset: String(offset) })
  }
}
