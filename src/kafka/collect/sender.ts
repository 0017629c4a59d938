import type { Kafka, Producer } from 'kafkajs'
import { ThroughlineError } from '../../errors.ts'
import type { BatchMessage } from '../batch/message.ts'
import { CompressionTypes, connectProducer, type KafkaAccess, kafkaError, reasonOf } from '../connection.ts'
import { partitionOf } from '../partition-of.ts'
import { freeBuffers } from './free-buffers.ts'

/** Bytes that go at once: what of them is for one partition Kafka takes as one message set, which must fit. */
const REQUEST_BYTES = 512 * 1024
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 15_000

/** How sending goes. */
export type SendState =
  | { readonly is: 'sending' }
  /** Kafka takes nothing; nothing is dropped. */
  | { readonly is: 'waiting'; readonly why: string; readonly sinceMs: number }

export interface SenderOptions {
  readonly kafka: Kafka
  readonly access: KafkaAccess
  readonly partitions: number
  readonly isPacked: boolean
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly onState?: ((state: SendState) => void) | undefined
}

/** Where batches go. */
export type Outlet = Pick<Sender, 'partitions' | 'push' | 'below' | 'close'>

interface Queued {
  readonly topic: string
  readonly partition: number
  readonly message: BatchMessage
}

/**
 * Sends messages in order, one request at a time, until Kafka has acknowledged them. While Kafka is away it waits and
 * tries again, for ever: whoever feeds it waits with it, and nothing is dropped.
 */
export class Sender {
  readonly #options: SenderOptions
  #producer: Producer | undefined
  #queue: Queued[] = []
  #queuedBytes = 0
  #isAtIt = false
  #failure: ThroughlineError | undefined
  #wake: (() => void)[] = []
  #isGivenUp = false

  constructor(options: SenderOptions) {
    this.#options = options
  }

  get partitions(): number {
    return this.#options.partitions
  }

  /** @param partition where a message without a key goes */
  push(topic: string, message: BatchMessage, partition = 0): void {
    const { key } = message
    const own = key === null ? partition : partitionOf(key, this.partitions)
    this.#queue.push({ topic, partition: own, message })
    this.#queuedBytes += message.value.length
    if (!this.#isAtIt) {
      this.#isAtIt = true
      void this.#run()
    }
  }

  /**
   * Waits until no more than so many bytes wait.
   *
   * @throws KAFKA_UNAVAILABLE where it was given up, KAFKA_REFUSED
   */
  async below(bytes: number): Promise<void> {
    while (this.#queuedBytes > bytes && !this.#failure)
      await new Promise<void>(resolve => this.#wake.push(resolve))
    if (this.#failure) throw this.#failure
  }

  /** Lets nobody wait any longer for what Kafka does not take. */
  giveUp(): void {
    this.#isGivenUp = true
    if (this.#queue.length === 0) return
    const { access } = this.#options
    this.#fail(
      new ThroughlineError(
        'KAFKA_UNAVAILABLE',
        `collect: ${this.#queue.length} messages were not taken by Kafka at ${access.brokers.join(', ')}; nothing is lost: their lines are read again at the next start`,
        { messages: this.#queue.length },
      ),
    )
  }

  async close(): Promise<void> {
    this.#isGivenUp = true
    await this.#producer?.disconnect().catch(() => undefined)
  }

  async #run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    let sinceMs: number | undefined
    while (this.#queue.length > 0 && !this.#failure) {
      const request = this.#next()
      try {
        await this.#send(request)
        if (sinceMs !== undefined) this.#options.onState?.({ is: 'sending' })
        sinceMs = undefined
        pauseMs = FIRST_PAUSE_MS
        this.#taken(request.length)
      } catch (error) {
        const failure = kafkaError('collect', this.#options.access, error)
        if (/MESSAGE_TOO_LARGE|larger than the max/i.test(reasonOf(error))) return this.#fail(failure)
        await this.#renew()
        sinceMs ??= this.#options.nowMs()
        this.#options.onState?.({ is: 'waiting', why: failure.message, sinceMs })
        if (this.#isGivenUp) return this.giveUp()
        await this.#options.pause(pauseMs)
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      }
    }
    this.#isAtIt = false
  }

  /** The first messages of the queue, as many as may go at once. */
  #next(): Queued[] {
    let total = 0
    let n = 0
    for (const { message } of this.#queue) {
      if (n > 0 && total + message.value.length > REQUEST_BYTES) break
      total += message.value.length
      n++
    }
    return this.#queue.slice(0, n)
  }

  async #send(request: readonly Queued[]): Promise<void> {
    const { kafka, isPacked } = this.#options
    this.#producer ??= await connectProducer(kafka)
    const topics = [...new Set(request.map(r => r.topic))]
    await this.#producer.sendBatch({
      acks: -1,
      compression: isPacked ? CompressionTypes.GZIP : CompressionTypes.None,
      topicMessages: topics.map(topic => ({
        topic,
        messages: request
          .filter(r => r.topic === topic)
          .map(({ partition, message }) => ({ ...message, headers: { ...message.headers }, partition })),
      })),
    })
  }

  #taken(messages: number): void {
    for (const { message } of this.#queue.splice(0, messages)) this.#queuedBytes -= message.value.length
    freeBuffers()
    this.#wakeAll()
  }

  /** A producer that failed may have lost count of what it sent: the next request has a new one. */
  async #renew(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect().catch(() => undefined)
  }

  #fail(failure: ThroughlineError): void {
    this.#failure ??= failure
    this.#isAtIt = false
    this.#wakeAll()
  }

  #wakeAll(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
