import type { Admin, Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import { ThroughlineError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { type KafkaAccess, kafkaError, reasonOf, whenReachable } from '../connection.ts'
import { Ends } from '../ends.ts'
import { lostMessages, NextBatch } from '../next-batch.ts'
import { checkTopics, MESSAGE_BYTES, type Topics } from '../topics.ts'
import { coAssigner } from './co-assigner.ts'
import { Partition, type PartitionOptions } from './partition.ts'

/** Between two looks at what is due. */
const TICK_MS = 100
/** A store that another worker has not let go of is asked for again after so long. */
const AGAIN_MS = 250
/** More messages than this waiting are a lag: entries become fewer and larger. */
const LAGGING_MESSAGES = 20
/** Whether partitions were added is looked at so often. */
const CHECK_MS = 60_000
/** Leaving the group takes no longer; it notices by itself then. */
const STOP_MS = 5_000

export interface WorkerOptions extends Omit<PartitionOptions, 'partitions'> {
  readonly kafka: Kafka
  readonly access: KafkaAccess
  readonly topics: Topics
  readonly partitions: number
  readonly group: string
  readonly sessionMs: number
  /** Opens the store of a partition, also where a process that seems to live holds it. */
  readonly openStore: (partition: number, takesOver: boolean) => Promise<Store>
  readonly pause: (ms: number) => Promise<void>
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
  readonly #next: NextBatch
  readonly #partitions = new Map<number, Partition>()
  readonly #opening = new Map<number, Promise<Partition | undefined>>()
  readonly #lag = new Map<string, number>()
  #assigned: ReadonlySet<number> | undefined
  #isStopping = false
  #failure: unknown
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
    this.#next = new NextBatch(this.#ends)
    this.#consumer = kafka.consumer({
      groupId: group,
      partitionAssigners: [coAssigner],
      sessionTimeout: sessionMs,
      rebalanceTimeout: sessionMs * 2,
      heartbeatInterval: Math.round(sessionMs / 10),
      maxBytesPerPartition: MESSAGE_BYTES,
      maxWaitTimeInMs: 250,
      allowAutoTopicCreation: false,
      retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 3_000, restartOnFailure: async () => true },
    })
  }

  /** Whether it is a member of the group and its partitions are at hand. */
  get isReady(): boolean {
    return (
      this.#assigned !== undefined &&
      [...this.#assigned].every(p => this.#partitions.has(p) || !this.#opening.has(p))
    )
  }

  status(): PartitionStatus[] {
    const { topics, nowMs } = this.#options
    return [...this.#partitions.values()]
      .sort((a, b) => a.number - b.number)
      .map(it => {
        const lags = [topics.hops, topics.rejects].flatMap(
          topic => this.#lag.get(`${topic} ${it.number}`) ?? [],
        )
        const lag = lags.length > 0 ? lags.reduce((sum, n) => sum + n, 0) : undefined
        const lagSeconds = lag && it.newestMs !== undefined ? Math.max(0, (nowMs() - it.newestMs) / 1000) : 0
        return {
          partition: it.number,
          lag,
          lagSeconds,
          store: it.store,
          replayed: it.replayed,
          late: it.late,
        }
      })
  }

  /** Ends `run` once what was taken is in the stores. */
  stop(): void {
    this.#isStopping = true
  }

  /**
   * Works until it is stopped, or until everything is drained.
   *
   * @throws KAFKA_UNAVAILABLE, KAFKA_REFUSED, KAFKA_TOPICS, KAFKA_MESSAGE, KAFKA_LOST
   */
  async run(): Promise<void> {
    try {
      await this.#start()
      while (!this.#isStopping && this.#failure === undefined) {
        await this.#tick()
        if (this.#options.drains && (await this.#isDrained())) break
        await this.#options.pause(TICK_MS)
      }
    } finally {
      await this.#end()
    }
    if (this.#failure !== undefined) throw this.#failure
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
    const own = [topics.hops, topics.rejects]
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
    this.#assigned = new Set(partitions)
    this.#options.onEvent({ event: 'joined', partitions: [...partitions].sort((a, b) => a - b) })
    for (const it of this.#partitions.values()) if (!this.#assigned.has(it.number)) void this.#release(it)
  }

  async #release(it: Partition): Promise<void> {
    await it.turns.run(async () => {
      if (it.isClosed || this.#assigned?.has(it.number)) return
      this.#forget(it)
      await this.#closing(it, () => it.close())
    })
  }

  #forget({ number }: Partition): void {
    this.#partitions.delete(number)
    for (const topic of Object.values(this.#options.topics)) this.#lag.delete(`${topic} ${number}`)
  }

  /** A store that is another's by now is let go as it is. */
  async #closing(it: Partition, close: () => Promise<void>): Promise<void> {
    try {
      await close()
      this.#options.onEvent({ event: 'closed', partition: it.number })
    } catch (error) {
      if (!isFence(error) && !it.isOvertaken) throw error
      it.abandon()
      this.#options.onEvent({ event: 'fenced', partition: it.number })
    }
  }

  /** Takes what Kafka hands over; while the store is busy it waits, and tells the group that it lives. */
  async #batch({ batch, resolveOffset, heartbeat, isStale }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch
    if (this.#isStopping || this.#failure !== undefined) return
    let isLeft = false
    const work = async (): Promise<void> => {
      const it = await this.#partition(partition)
      if (!it || isLeft) return
      await this.#inTurn(it, async () => {
        if (isLeft || isStale() || it.isClosed) return
        if (!(await this.#isNext(it, batch))) return
        this.#lag.set(
          `${topic} ${partition}`,
          Math.max(0, Number(batch.highWatermark) - 1 - Number(batch.lastOffset())),
        )
        it.lagging(Number(batch.offsetLag()) > LAGGING_MESSAGES)
        await it.take(topic, batch.messages, async () => {
          if (isLeft) throw new Error('left')
        })
        resolveOffset(batch.lastOffset())
        if (it.isCommitDue) await this.#commit(it)
      })
    }
    try {
      await this.#beating(heartbeat, work)
    } finally {
      isLeft = true
    }
  }

  /** Runs a turn of a partition; what goes wrong in it ends the worker, or its ownership. */
  async #inTurn(it: Partition, work: () => Promise<void>): Promise<void> {
    await it.turns.run(async () => {
      try {
        await work()
      } catch (error) {
        if (error instanceof Error && error.message === 'left') return
        if (!isFence(error) && !it.isOvertaken) {
          this.#failure ??= error
          return
        }
        this.#forget(it)
        it.abandon()
        this.#options.onEvent({ event: 'fenced', partition: it.number })
      }
    })
  }

  async #beating(heartbeat: () => Promise<void>, work: () => Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const lost = new Promise<never>((_, reject) => {
      timer = setInterval(() => heartbeat().catch(reject), this.#options.sessionMs / 20)
    })
    try {
      await Promise.race([work(), lost])
    } finally {
      clearInterval(timer)
    }
  }

  /** @throws KAFKA_LOST, KAFKA_TOPICS */
  async #isNext(it: Partition, batch: EachBatchPayload['batch']): Promise<boolean> {
    if (batch.messages.length === 0) return false
    const { topic, partition } = batch
    const anchor = it.anchor(topic)
    if (anchor && !(await this.#next.isSame(batch, anchor))) {
      this.#seekAnchor(it, topic)
      return false
    }
    it.anchored(topic)
    const step = await this.#next.stepOf(batch, it.next(topic))
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
  #seekAnchor(it: Partition, topic: string): void {
    const offset = it.anchor(topic)?.offset
    if (offset === undefined) return
    this.#next.seeks(topic, it.number, offset)
    this.#consumer.seek({ topic, partition: it.number, offset: String(offset) })
  }

  /** The store of a partition that is ours, opened where it is not yet. */
  async #partition(number: number): Promise<Partition | undefined> {
    const open = this.#partitions.get(number)
    if (open && !open.isClosed) return open
    let opening = this.#opening.get(number)
    if (!opening) {
      opening = this.#open(number).finally(() => this.#opening.delete(number))
      this.#opening.set(number, opening)
    }
    return opening
  }

  async #open(number: number): Promise<Partition | undefined> {
    const { nowMs, sessionMs, pause, openStore } = this.#options
    const sinceMs = nowMs()
    try {
      while (this.#assigned?.has(number) && !this.#isStopping) {
        try {
          // The group says that it is ours: who still holds it after so long is frozen, and loses at the ledger.
          const store = await openStore(number, nowMs() - sinceMs > sessionMs)
          const it = await Partition.open(number, store, this.#options)
          if (!this.#assigned?.has(number)) {
            await this.#closing(it, () => it.close())
            return undefined
          }
          this.#partitions.set(number, it)
          for (const topic of [this.#options.topics.hops, this.#options.topics.rejects])
            this.#seekAnchor(it, topic)
          this.#options.onEvent({ event: 'opened', partition: number })
          return it
        } catch (error) {
          if (!isFence(error)) throw error
          await pause(AGAIN_MS)
        }
      }
    } catch (error) {
      this.#failure ??= error
    }
    return undefined
  }

  async #commit(it: Partition): Promise<void> {
    if (!(await it.commit())) return
    const { topics } = this.#options
    const offsets = [topics.hops, topics.rejects].flatMap(topic => {
      const next = it.committed(topic)
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
    for (const it of this.#partitions.values()) {
      if (it.turns.isBusy) continue
      if (it.isCommitDue)
        void this.#inTurn(it, async () => {
          if (it.isCommitDue) await this.#commit(it)
        })
      else if (it.isLinkDue)
        void this.#inTurn(it, async () => {
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
    if (!this.#assigned) return false
    const { topics } = this.#options
    for (const number of this.#assigned) {
      const waiting = [topics.hops, topics.rejects].filter(topic => !this.#ends.isEmpty(topic, number))
      if (waiting.length === 0) continue
      const it = await this.#partition(number)
      if (!it) return false
      const isRead = waiting.every(
        topic =>
          it.anchor(topic) === undefined && (it.committed(topic) ?? 0) >= this.#ends.high(topic, number),
      )
      if (!isRead || it.turns.isBusy) return false
      if (it.store.state.unlinkedDays.size === 0 && it.isGivenOn) continue
      await this.#inTurn(it, () => it.link())
      if (this.#failure !== undefined) return true
    }
    return true
  }

  async #end(): Promise<void> {
    this.#isStopping = true
    // While it is a member of the group, so that the group learns of the last offsets, too.
    if (this.#failure === undefined)
      for (const it of [...this.#partitions.values()]) await this.#inTurn(it, () => this.#commit(it))
    await atMost(STOP_MS, this.#consumer.stop())
    for (const it of [...this.#partitions.values()]) {
      await it.turns.run(async () => {
        if (it.isClosed) return
        await this.#closing(it, () => it.close())
      })
    }
    await atMost(STOP_MS, this.#consumer.disconnect())
    await atMost(STOP_MS, this.#admin.disconnect())
  }
}

/** Waits for what may hang: the library does, where it is stopped while it joins a group anew. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work.catch(() => undefined), late])
  clearTimeout(timer)
}

/** Whether a store is another worker's by now. */
function isFence(error: unknown): boolean {
  return error instanceof ThroughlineError && error.code === 'STORE_BUSY'
}
