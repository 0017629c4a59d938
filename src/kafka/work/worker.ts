import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { ThroughlineError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { kafkaError, makeConsumer, reasonOf, whenReachable } from '../connection.ts'
import { Ends } from '../ends.ts'
import { NextBatch } from '../next-batch.ts'
import { checkTopics, type Topics } from '../topics.ts'
import { coAssigner } from './co-assigner.ts'
import { InOrder } from './in-order.ts'
import { Left, Ownership, type OwnershipOptions } from './ownership.ts'
import type { Partition } from './partition.ts'
import { atMost, beating } from './waits.ts'

/** Between two looks at what is due. */
const TICK_MS = 100
/** More messages than this waiting are a lag: entries become fewer and larger. */
const LAGGING_MESSAGES = 20
/** Whether partitions were added is looked at so often. */
const CHECK_MS = 60_000
/** Leaving the group takes no longer; it notices by itself then. */
const STOP_MS = 5_000

export interface WorkerOptions extends OwnershipOptions {
  readonly kafka: Kafka
  readonly topics: Topics
  readonly group: string
}

/** How one partition stands. */
export interface PartitionStatus {
  readonly partition: number
  /** Messages that wait, of both topics; undefined before any was seen. */
  readonly lag: number | undefined
  /** Age of the newest message that was taken while others wait, s. */
  readonly lagSeconds: number
  readonly store: Store
  readonly replayed: number
  readonly late: number
}

/**
 * One member of the group: it owns partitions and their stores. Kafka's offsets are a hint; what counts is the ledger
 * of each store.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #consumer: Consumer
  readonly #admin: Admin
  readonly #ends: Ends
  readonly #order: InOrder
  readonly #owned: Ownership
  readonly #lag = new Map<string, number>()
  #isStopping = false
  #checkedMs: number
  /** When its loop last came round, ms since 1970. */
  beatMs: number

  constructor(options: WorkerOptions) {
    const { kafka, group, sessionMs, nowMs } = options
    this.#options = options
    this.#checkedMs = nowMs()
    this.beatMs = nowMs()
    this.#admin = kafka.admin()
    this.#ends = new Ends(this.#admin)
    this.#owned = new Ownership(options, {
      opened: it => {
        for (const topic of this.#own) this.#order.seekAnchor(it, topic)
      },
      letGo: it => {
        for (const topic of this.#own) this.#lag.delete(`${topic} ${it.number}`)
      },
    })
    this.#consumer = makeConsumer(kafka, {
      groupId: group,
      partitionAssigners: [coAssigner],
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs * 2,
      heartbeatInterval: Math.round(sessionMs / 10),
    })
    this.#order = new InOrder(this.#consumer, new NextBatch(this.#ends), options)
  }

  /** Whether it is a member of the group and its partitions are at hand. */
  get isReady(): boolean {
    return this.#owned.isSettled
  }

  /** Topics that are read. */
  get #own(): string[] {
    const { hops, rejects } = this.#options.topics
    return [hops, rejects]
  }

  status(): PartitionStatus[] {
    const { nowMs } = this.#options
    return this.#owned.open.map(({ number, newestMs, store, replayed, late }) => {
      const lags = this.#own.flatMap(topic => this.#lag.get(`${topic} ${number}`) ?? [])
      const lag = lags.length > 0 ? lags.reduce((sum, n) => sum + n, 0) : undefined
      const lagSeconds = lag && newestMs !== undefined ? Math.max(0, (nowMs() - newestMs) / 1000) : 0
      return { partition: number, lag, lagSeconds, store, replayed, late }
    })
  }

  /** Ends `run` once what was taken is in the stores. */
  stop(): void {
    this.#isStopping = true
    this.#owned.end()
  }

  /**
   * Works until it is stopped, or until everything is drained.
   *
   * @throws KAFKA_UNAVAILABLE, KAFKA_REFUSED, KAFKA_TOPICS, KAFKA_MESSAGE, KAFKA_LOST
   */
  async run(): Promise<void> {
    try {
      await this.#start()
      while (!this.#isStopping && this.#owned.failure === undefined) {
        await this.#tick()
        if (this.#options.drains && (await this.#isDrained())) break
        await this.#options.pause(TICK_MS)
      }
    } finally {
      await this.#end()
    }
    if (this.#owned.failure !== undefined) throw this.#owned.failure
  }

  async #start(): Promise<void> {
    const { drains, pause, onEvent, partitions } = this.#options
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#joined(payload.memberAssignment[this.#options.topics.hops] ?? [])
    })
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => {
      onEvent({ event: 'waiting', why: reasonOf(payload.error) })
    })
    const patience = {
      pause,
      isStopped: () => this.#isStopping || drains,
      onWaiting: (why: string) => onEvent({ event: 'waiting', why }),
    }
    await whenReachable(patience, () => this.#connect())
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: Math.min(64, partitions * 2),
      eachBatch: payload => this.#batch(payload),
    })
  }

  async #connect(): Promise<void> {
    const { topics, partitions, access } = this.#options
    const own = this.#own
    try {
      await this.#admin.connect()
      await checkTopics(this.#admin, topics, partitions)
      if (this.#options.drains) await this.#ends.note(own)
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: own, fromBeginning: true })
    } catch (error) {
      throw kafkaError('work', access, error)
    }
  }

  #joined(partitions: readonly number[]): void {
    this.#options.onEvent({ event: 'joined', partitions: [...partitions].sort((a, b) => a - b) })
    this.#owned.assign(partitions)
  }

  /** Takes what Kafka hands over; while the store is busy it waits, and tells the group that it lives. */
  async #batch({ batch, resolveOffset, heartbeat, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch
    if (this.#isStopping || this.#owned.failure !== undefined) return
    let isLeft = false
    const work = async (): Promise<void> => {
      const it = await this.#owned.partition(partition)
      if (!it || isLeft) return
      await this.#owned.inTurn(it, async () => {
        if (isLeft || isStale() || it.isClosed) return
        if (!(await this.#order.isNext(it, batch))) return
        this.#lag.set(
          `${topic} ${partition}`,
          Math.max(0, Number(batch.highWatermark) - 1 - Number(batch.lastOffset())),
        )
        it.lagging(Number(batch.offsetLag()) > LAGGING_MESSAGES)
        await it.take(topic, batch.messages, async () => {
          if (isLeft) throw new Left()
        })
        resolveOffset(batch.lastOffset())
        if (it.isCommitDue) await this.#commit(it)
      })
    }
    try {
      await beating(work, heartbeat, this.#options.sessionMs / 20)
    } finally {
      isLeft = true
    }
  }

  async #commit(it: Partition): Promise<void> {
    if (!(await it.commit())) return
    const offsets = this.#own.flatMap(topic => {
      const next = it.offsets.committed(topic)
      return next === undefined ? [] : [{ topic, partition: it.number, offset: String(next) }]
    })
    try {
      await this.#consumer.commitOffsets(offsets)
    } catch (error) {
      // The ledger has them; the group learns of them with the next entry.
      this.#options.onEvent({ event: 'waiting', why: `offsets: ${reasonOf(error)}` })
    }
  }

  async #tick(): Promise<void> {
    this.beatMs = this.#options.nowMs()
    for (const it of this.#owned.open) {
      if (it.turns.isBusy) continue
      if (it.isCommitDue)
        void this.#owned.inTurn(it, async () => {
          if (it.isCommitDue) await this.#commit(it)
        })
      else if (it.isLinkDue)
        void this.#owned.inTurn(it, async () => {
          if (it.isLinkDue) await it.link()
        })
    }
    const { nowMs, topics, partitions } = this.#options
    if (nowMs() - this.#checkedMs < CHECK_MS) return
    this.#checkedMs = nowMs()
    try {
      await checkTopics(this.#admin, topics, partitions)
    } catch (error) {
      if (error instanceof ThroughlineError) throw error
      // No answer for now: what reads from Kafka says so itself.
    }
  }

  /** Whether everything that was there at the start is in the stores that are ours, and linked. */
  async #isDrained(): Promise<boolean> {
    if (!this.#owned.assigned) return false
    for (const number of this.#owned.assigned) {
      const waiting = this.#own.filter(topic => !this.#ends.isEmpty(topic, number))
      if (waiting.length === 0) continue
      const it = await this.#owned.partition(number)
      if (!it) return false
      const isRead = waiting.every(
        topic =>
          it.offsets.anchor(topic) === undefined &&
          (it.offsets.committed(topic) ?? 0) >= this.#ends.high(topic, number),
      )
      if (!isRead || it.turns.isBusy) return false
      if (it.store.state.unlinkedDays.size === 0 && it.isGivenOn) continue
      await this.#owned.inTurn(it, () => it.link())
      if (this.#owned.failure !== undefined) return true
    }
    return true
  }

  async #end(): Promise<void> {
    this.stop()
    // While it is a member of the group, so that the group learns of the last offsets, too.
    if (this.#owned.failure === undefined)
      for (const it of this.#owned.open) await this.#owned.inTurn(it, () => this.#commit(it))
    await atMost(STOP_MS, this.#consumer.stop())
    await this.#owned.closeAll()
    await atMost(STOP_MS, this.#consumer.disconnect())
    await atMost(STOP_MS, this.#admin.disconnect())
  }
}
