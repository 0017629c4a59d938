import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { oneLine } from '../../formats/envelope/one-line.ts'
import type { Format, Reader } from '../../formats/format.ts'
import { FORMATS } from '../../formats/registry.ts'
import type { SourceRecord } from '../../ledger/entry.ts'
import { addWarnings } from '../../pipeline/warnings.ts'
import { type KafkaAccess, kafkaError, makeConsumer, reasonOf } from '../connection.ts'
import { Ends } from '../ends.ts'
import { lostMessages, NextBatch } from '../next-batch.ts'
import { Turns } from '../turns.ts'
import type { Shipper } from './shipper.ts'

/** What was read is handed over at most so often, ms, ... */
const COMMIT_MS = 1_000
/** ... or after so many rows. */
const COMMIT_ROWS = 100_000
const TICK_MS = 100
/** Between two tries while no broker answers. */
const UNANSWERED_MS = 500
const SESSION_MS = 30_000

/** A topic of a shipper, and the columns of lines whose directives the shipper leaves out. */
export interface ForeignTopic {
  readonly topic: string
  readonly fields?: readonly string[] | undefined
}

export interface ForeignOptions {
  readonly kafka: Kafka
  readonly access: KafkaAccess
  readonly topics: readonly ForeignTopic[]
  /** Consumer group of this collector alone; where it stands is noted there for those who look, and kept elsewhere. */
  readonly group: string
  /** Ends once everything is read that is there at the start. */
  readonly isOnce: boolean
  readonly acceptsLoss: boolean
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  readonly isStopped: () => boolean
  readonly onWaiting: (why: string) => void
  readonly onLost: (what: string) => void
}

/** One partition of a topic, read as if its messages were the lines of a file. */
interface Stream {
  readonly topic: string
  readonly partition: number
  readonly record: SourceRecord
  readonly reader: Reader
  next: number | undefined
}

const ENVELOPE = FORMATS.find(format => format.name === 'envelope') as Format

/**
 * Reads topics into which shippers write lines of logs as JSON objects, and hands them to a shipper of ours. How far it
 * has come is kept with what was sent, and moves on only when Kafka has acknowledged that.
 */
export class ForeignTopics {
  readonly #shipper: Shipper
  readonly #options: ForeignOptions
  readonly #consumer: Consumer
  readonly #admin: Admin
  readonly #ends: Ends
  readonly #next: NextBatch
  readonly #streams = new Map<string, Stream>()
  readonly #turns = new Turns()
  #committedMs: number
  #failure: unknown

  constructor(shipper: Shipper, options: ForeignOptions) {
    this.#shipper = shipper
    this.#options = options
    this.#committedMs = options.nowMs()
    this.#admin = options.kafka.admin()
    this.#ends = new Ends(this.#admin)
    this.#next = new NextBatch(this.#ends)
    this.#consumer = makeConsumer(options.kafka, { groupId: options.group, sessionTimeout: SESSION_MS })
  }

  /**
   * Reads until it is stopped, or once what was there at the start is sent.
   *
   * @throws KAFKA_UNAVAILABLE, KAFKA_REFUSED, KAFKA_TOPICS, KAFKA_LOST
   */
  async run(): Promise<void> {
    const { isStopped, isOnce, pause } = this.#options
    try {
      await this.#start()
      while (!isStopped() && this.#failure === undefined) {
        await this.#commitWhereDue()
        if (isOnce && this.#isRead() && this.#shipper.pending === 0) break
        await pause(TICK_MS)
      }
    } finally {
      await this.#end()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  async #start(): Promise<void> {
    const { access, topics, onWaiting } = this.#options
    const names = topics.map(t => t.topic)
    try {
      await this.#admin.connect()
      await this.#ends.note(names)
      this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => onWaiting(reasonOf(payload.error)))
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: names, fromBeginning: true })
    } catch (error) {
      throw kafkaError('collect', access, error)
    }
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: payload => this.#batch(payload),
    })
  }

  async #batch({ batch, resolveOffset, heartbeat }: EachBatchPayload): Promise<void> {
    if (this.#failure !== undefined || this.#options.isStopped()) return
    await this.#turns.run(async () => {
      try {
        const stream = await this.#stream(batch.topic, batch.partition)
        if (!(await this.#isNext(stream, batch))) return
        await this.#take(stream, batch.messages)
        resolveOffset(batch.lastOffset())
      } catch (error) {
        this.#failure ??= error
      }
    })
    await heartbeat()
  }

  async #isNext(stream: Stream, batch: EachBatchPayload['batch']): Promise<boolean> {
    const { topic, partition } = batch
    const step = await this.#next.stepOf(batch, stream.next)
    if (step.is === 'next') return true
    if (step.is === 'unanswered') {
      this.#options.onWaiting(step.why)
      await this.#options.pause(UNANSWERED_MS)
      return false
    }
    if (step.is === 'lost') {
      // What a shipper's topic has let go before it was ever read is older than this collector.
      if (stream.next !== undefined && !this.#options.acceptsLoss)
        throw lostMessages(step.what, 'this collector')
      if (stream.next !== undefined) this.#options.onLost(step.what)
      stream.next = step.low
    }
    const offset = step.is === 'lost' ? step.low : step.offset
    if (Number(batch.messages[0]?.offset) === offset) return true
    this.#consumer.seek({ topic, partition, offset: String(offset) })
    return false
  }

  async #stream(topic: string, partition: number): Promise<Stream> {
    const key = `${topic} ${partition}`
    let stream = this.#streams.get(key)
    if (!stream) {
      const { record, next } = await this.#shipper.openTopic(`kafka://${topic}/${partition}`, ENVELOPE)
      const own = this.#options.topics.find(t => t.topic === topic)?.fields
      const context = this.#shipper.context(record)
      const reader = ENVELOPE.open({ ...context, fields: own ?? context.fields }, record.state)
      stream = { topic, partition, record, reader, next }
      this.#streams.set(key, stream)
    }
    return stream
  }

  async #take(stream: Stream, messages: EachBatchPayload['batch']['messages']): Promise<void> {
    const { record, reader } = stream
    const fresh = messages.filter(m => Number(m.offset) >= (stream.next ?? 0))
    const block = Buffer.concat(fresh.flatMap(m => (m.value === null ? [] : [oneLine(m.value)])))
    this.#shipper.reading(record)
    if (block.length > 0) reader.push(block)
    stream.next = Number(messages.at(-1)?.offset) + 1
    record.state = reader.state()
    record.rawBytes = record.state.byteOffset
    record.accounting.bytes = record.state.byteOffset
    addWarnings(record)
    this.#shipper.readTo(record, stream.next)
    await this.#shipper.drain()
  }

  async #commitWhereDue(): Promise<void> {
    if (this.#shipper.pending === 0) return
    const isDue =
      this.#options.nowMs() - this.#committedMs >= COMMIT_MS || this.#shipper.stagedRows >= COMMIT_ROWS
    if (isDue) await this.#commit()
  }

  async #commit(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#shipper.commit()
      this.#committedMs = this.#options.nowMs()
    })
    const offsets = [...this.#streams.values()].flatMap(({ topic, partition, next }) =>
      next === undefined ? [] : [{ topic, partition, offset: String(next) }],
    )
    // A note for those who look at the group; ours is the checkpoint.
    await this.#consumer.commitOffsets(offsets).catch(() => undefined)
  }

  /** Whether everything that was there at the start was read. */
  #isRead(): boolean {
    return this.#ends.noted().every(({ topic, partition, low, high }) => {
      const next = this.#streams.get(`${topic} ${partition}`)?.next ?? 0
      return low >= high || next >= high
    })
  }

  async #end(): Promise<void> {
    try {
      if (this.#failure === undefined) {
        await this.#commit()
        await this.#turns.run(() => this.#shipper.finish())
      }
    } finally {
      await this.#consumer.disconnect().catch(() => undefined)
      await this.#admin.disconnect().catch(() => undefined)
      await this.#shipper.close()
    }
  }
}
