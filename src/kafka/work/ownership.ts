import { ThroughlineError } from '../../errors.ts'
import type { Store } from '../../store/store.ts'
import { isOfLibrary, type KafkaAccess, kafkaError } from '../connection.ts'
import { Partition, type PartitionOptions } from './partition.ts'

/** A store that another worker has not let go of is asked for again after so long. */
const AGAIN_MS = 250

export interface OwnershipOptions extends PartitionOptions {
  readonly access: KafkaAccess
  readonly sessionMs: number
  /** Opens the store of a partition, also where a process that seems to live holds it. */
  readonly openStore: (partition: number, takesOver: boolean) => Promise<Store>
  readonly pause: (ms: number) => Promise<void>
}

export interface OwnershipHooks {
  readonly opened: (it: Partition) => void
  readonly letGo: (it: Partition) => void
}

/** Ends a turn without anything being wrong: what it was for is no longer wanted. */
export class Left extends Error {}

/**
 * The partitions that the group has given to a worker. Their stores are opened when they are asked for, and let go when
 * they are another's by what the group or the ledger says.
 */
export class Ownership {
  /** What ends the worker. */
  failure: unknown
  readonly #options: OwnershipOptions
  readonly #hooks: OwnershipHooks
  readonly #partitions = new Map<number, Partition>()
  readonly #opening = new Map<number, Promise<Partition | undefined>>()
  #assigned: ReadonlySet<number> | undefined
  #isEnding = false

  constructor(options: OwnershipOptions, hooks: OwnershipHooks) {
    this.#options = options
    this.#hooks = hooks
  }

  /** Numbers of the partitions that are ours; undefined before the group has said. */
  get assigned(): ReadonlySet<number> | undefined {
    return this.#assigned
  }

  /** Whether no store is being opened. */
  get isSettled(): boolean {
    return (
      this.#assigned !== undefined &&
      [...this.#assigned].every(p => this.#partitions.has(p) || !this.#opening.has(p))
    )
  }

  /** Those whose stores are open, by number. */
  get open(): Partition[] {
    return [...this.#partitions.values()].sort((a, b) => a.number - b.number)
  }

  /** Takes what the group says. */
  assign(partitions: readonly number[]): void {
    this.#assigned = new Set(partitions)
    for (const it of this.open) if (!this.#assigned.has(it.number)) void this.#release(it)
  }

  async #release(it: Partition): Promise<void> {
    await it.turns.run(async () => {
      if (it.isClosed || this.#assigned?.has(it.number)) return
      this.#forget(it)
      await this.#close(it)
    })
  }

  #forget(it: Partition): void {
    this.#partitions.delete(it.number)
    this.#hooks.letGo(it)
  }

  /** A store that is another's by now is let go as it is. */
  async #close(it: Partition): Promise<void> {
    try {
      await it.close()
      this.#options.onEvent({ event: 'closed', partition: it.number })
    } catch (error) {
      if (!isFence(error) && !it.isOvertaken) throw error
      it.abandon()
      this.#options.onEvent({ event: 'fenced', partition: it.number })
    }
  }

  /** Runs a turn of a partition; what goes wrong in it ends the worker, or its ownership. */
  async inTurn(it: Partition, work: () => Promise<void>): Promise<void> {
    await it.turns.run(async () => {
      try {
        await work()
      } catch (error) {
        if (error instanceof Left) return
        if (!isFence(error) && !it.isOvertaken) {
          this.#fail(error)
          return
        }
        this.#forget(it)
        it.abandon()
        this.#options.onEvent({ event: 'fenced', partition: it.number })
      }
    })
  }

  /** What Kafka did not take or say is tried again with the next turn: the messages come again. */
  #fail(error: unknown): void {
    const why = isOfLibrary(error) ? kafkaError('work', this.#options.access, error) : error
    if (why instanceof ThroughlineError && why.code === 'KAFKA_UNAVAILABLE')
      this.#options.onEvent({ event: 'waiting', why: why.message })
    else this.failure ??= why
  }

  /** A partition that is ours, opened where it is not yet. */
  async partition(number: number): Promise<Partition | undefined> {
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
      while (this.#assigned?.has(number) && !this.#isEnding) {
        try {
          // The group says that it is ours: who still holds it after so long is frozen, and loses at the ledger.
          const store = await openStore(number, nowMs() - sinceMs > sessionMs)
          const it = await Partition.open(number, store, this.#options)
          if (!this.#assigned?.has(number)) {
            await this.#close(it)
            return undefined
          }
          this.#partitions.set(number, it)
          this.#hooks.opened(it)
          this.#options.onEvent({ event: 'opened', partition: number })
          return it
        } catch (error) {
          if (!isFence(error)) throw error
          await pause(AGAIN_MS)
        }
      }
    } catch (error) {
      this.failure ??= error
    }
    return undefined
  }

  /** Opens no further stores. */
  end(): void {
    this.#isEnding = true
  }

  async closeAll(): Promise<void> {
    for (const it of this.open)
      await it.turns.run(async () => {
        if (!it.isClosed) await this.#close(it)
      })
  }
}

/** Whether a store is another worker's by now. */
function isFence(error: unknown): boolean {
  return error instanceof ThroughlineError && error.code === 'STORE_BUSY'
}
