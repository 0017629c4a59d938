import type { Config } from '../../config/schema.ts'
import { ERRORS, ThroughlineError } from '../../errors.ts'
import { LinkRefresh } from '../../pipeline/follow-links.ts'
import { prepare } from '../../pipeline/run.ts'
import { compact } from '../../store/compact.ts'
import { sealLedger, sealWhereDue } from '../../store/seal.ts'
import type { Store } from '../../store/store.ts'
import { decodeBatch, type ReceivedMessage } from '../batch/message.ts'
import { Turns } from '../turns.ts'
import { BatchIntake } from './batch-intake.ts'
import type { WorkEvent } from './events.ts'
import { Offsets } from './offsets.ts'

/** What was taken becomes part of the store at most so often while we keep up, ... */
const COMMIT_MS = 1_000
/** ... and while we lag after so long or so many rows: fewer, larger entries catch up sooner. */
const LAGGING_COMMIT_MS = 10_000
const COMMIT_ROWS = 500_000
/** Files that are merged as they come: those that many small entries leave behind. */
const SMALL_ROWS = 16_000
/** A receiver that took nothing is tried again after so long. */
const GIVE_AGAIN_MS = 10_000

/** A message of a topic with its place. */
export interface Fetched extends ReceivedMessage {
  readonly offset: string
  /** Milliseconds since 1970, as text. */
  readonly timestamp: string
}

/** Gets a message that cannot be read, durably, before the partition goes on without it. */
export type PutAside = (message: Fetched, topic: string, partition: number, why: string) => Promise<void>

export interface PartitionOptions {
  readonly config: Config
  readonly partitions: number
  readonly nowMs: () => number
  readonly acceptsLoss: boolean
  /** Undefined: a message that cannot be read stops the worker. */
  readonly putAside: PutAside | undefined
  /** The shortest time between two refreshes of links, ms. */
  readonly linkMs?: number | undefined
  readonly onEvent: (event: WorkEvent) => void
  /** Whether what a receiver does not take ends the worker: it has an end of its own. */
  readonly drains: boolean
  /** Called when links have been refreshed: the place for documents, spans and findings. */
  readonly afterLinks: (store: Store, partition: number) => Promise<void>
}

/**
 * One partition and its store. Messages become facts, then a ledger entry with the offsets behind them; what is
 * acknowledged to Kafka is what the ledger says. All work on the store runs in turns.
 */
export class Partition {
  readonly number: number
  readonly store: Store
  readonly turns = new Turns()
  readonly #intake: BatchIntake
  readonly #options: PartitionOptions
  readonly #links: LinkRefresh
  readonly offsets: Offsets
  #uncommitted = new Set<string>()
  #firstMs: number | undefined
  #isLagging = false
  #isClosed = false
  /** Time of the newest message that was taken, ms since 1970. */
  newestMs: number | undefined
  /** Rows that came again, and rows of days that had been closed. */
  replayed = 0
  late = 0
  /** The entry up to which documents, spans and findings were given on. */
  #givenOn = -1
  #giveAgainMs: number | undefined

  private constructor(
    number: number,
    store: Store,
    intake: BatchIntake,
    options: PartitionOptions,
    configDigest: string,
  ) {
    this.number = number
    this.store = store
    this.#intake = intake
    this.#options = options
    const { config, nowMs, linkMs, onEvent } = options
    this.#links = new LinkRefresh(store, {
      config, configDigest, nowMs, linkMs,
      onEvent: event => event.event === 'linked' && onEvent({ ...event, partition: number }),
    }) // biome-ignore format: one call
    this.offsets = new Offsets(store.state, number, options.partitions)
    for (const { topic, partitions } of store.state.consumed.values())
      checkPartitions(store.root, topic, partitions, options.partitions)
  }

  static async open(number: number, store: Store, options: PartitionOptions): Promise<Partition> {
    const configDigest = await prepare(store, options.config)
    const intake = await BatchIntake.open(store, {
      configDigest,
      acceptsLoss: options.acceptsLoss,
      onLoss: what => options.onEvent({ event: 'lost', partition: number, what }),
    })
    return new Partition(number, store, intake, options, configDigest)
  }

  /** Whether another worker has written to the store: then this one has lost it. */
  get isOvertaken(): boolean {
    return this.store.ledger.isBehind
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Goes on at another message: those between were lost, and that was accepted. */
  skipTo(topic: string, next: number, what: string): void {
    this.#intake.putAside({ path: `kafka ${topic}[${this.number}]@${next}`, name: 'lost', advice: what })
    this.offsets.skipTo(topic, next)
    this.#uncommitted.add(topic)
  }

  /** Takes messages in order; those that were taken before are passed over. */
  async take(topic: string, messages: readonly Fetched[], beat: () => Promise<void>): Promise<void> {
    for (const message of messages) {
      if (Number(message.offset) < (this.offsets.next(topic) ?? 0)) continue
      await this.#takeOne(topic, message)
      this.offsets.taken(topic, message)
      this.#uncommitted.add(topic)
      this.#firstMs ??= this.#options.nowMs()
      this.newestMs = Number(message.timestamp)
      if (this.#intake.rows >= COMMIT_ROWS) await this.commit()
      await beat()
    }
  }

  async #takeOne(topic: string, message: Fetched): Promise<void> {
    const where = `${topic}[${this.number}]@${message.offset}`
    const { putAside } = this.#options
    try {
      const { batch, rows } = decodeBatch(message, where)
      if (this.#intake.mustCommitBefore(batch)) await this.commit()
      await this.#intake.take(batch, rows, where)
    } catch (error) {
      if (!putAside || !(error instanceof ThroughlineError) || error.code !== 'KAFKA_MESSAGE') throw error
      // What a later version reads is not for the dead-letter topic.
      if (error.details.isNewer === true) throw error
      await putAside(message, topic, this.number, error.message)
      this.#intake.putAside({ path: `kafka ${where}`, name: 'unreadable message', advice: error.message })
      this.#options.onEvent({ event: 'put-aside', partition: this.number, why: error.message })
    }
  }

  /** @param isLagging whether more messages wait: then entries are fewer and larger */
  lagging(isLagging: boolean): void {
    this.#isLagging = isLagging
  }

  /** Whether what was taken is due to become part of the store. */
  get isCommitDue(): boolean {
    if (this.#firstMs === undefined) return false
    const sinceMs = this.#options.nowMs() - this.#firstMs
    return sinceMs >= (this.#isLagging ? LAGGING_COMMIT_MS : COMMIT_MS)
  }

  /** Makes what was taken part of the store. @returns whether there was anything */
  async commit(): Promise<boolean> {
    if (this.#uncommitted.size === 0) return false
    const committed = await this.#intake.commit(this.offsets.records())
    this.#uncommitted = new Set()
    this.#firstMs = undefined
    if (committed.days.length > 0) this.#links.taken()
    this.replayed += this.#intake.takeReplayed()
    this.late += committed.late
    this.#options.onEvent({ event: 'committed', partition: this.number, ...committed })
    await compact(this.store, { most: 1, below: SMALL_ROWS })
    await sealWhereDue(this.store)
    return true
  }

  get isLinkDue(): boolean {
    if (this.#uncommitted.size > 0) return false
    return this.#links.isDue || this.#options.nowMs() >= (this.#giveAgainMs ?? Number.POSITIVE_INFINITY)
  }

  /** Links the days that are due, closes those that are whole, and gives on what has changed. */
  async link(): Promise<void> {
    await this.#links.refresh()
    const isGiven = await this.#give()
    await sealWhereDue(this.store)
    if (isGiven) this.#givenOn = this.store.state.head
  }

  /** A receiver that is away does not keep messages from being taken; it is tried again. */
  async #give(): Promise<boolean> {
    this.#giveAgainMs = undefined
    try {
      await this.#options.afterLinks(this.store, this.number)
      return true
    } catch (error) {
      if (this.#options.drains || !(error instanceof ThroughlineError) || !ERRORS[error.code].retry)
        throw error
      this.#options.onEvent({ event: 'waiting', why: error.message })
      this.#giveAgainMs = this.#options.nowMs() + GIVE_AGAIN_MS
      return false
    }
  }

  /** Whether everything that is in the store was given on. */
  get isGivenOn(): boolean {
    return this.#givenOn === this.store.state.head
  }

  /** Lets go of the store; what is in no entry yet is read again by the next who owns the partition. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      await this.#intake.close()
      if (!this.isOvertaken) await sealLedger(this.store)
    } finally {
      this.store.close()
    }
  }

  /** The same where the store is another's by now: nothing is written any more. */
  abandon(): void {
    this.#isClosed = true
    this.store.close()
  }
}

function checkPartitions(root: string, topic: string, before: number, now: number): void {
  if (before === now) return
  throw new ThroughlineError(
    'KAFKA_TOPICS',
    `store ${root}: it was filled from ${topic} with ${before} partitions, now there are ${now}; applications would move between stores, which tears them in two. See "Another number of partitions" in docs/kafka.md`,
    { root, topic, before, now },
  )
}
