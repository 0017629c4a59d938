import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { Ledger } from '../ledger/chain.ts'
import type { Entry, EntryBody } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'
import { layout } from './layout.ts'
import { acquireLock } from './lock.ts'
import { type Pin, pinState } from './pins.ts'
import { Database, sqlFile } from './query.ts'
import { sweepReplaced } from './sweep.ts'

export interface StoreOptions {
  readonly path: string
  readonly threads?: number | undefined
  readonly memoryMiB: number
}

/** What only the entry point may know: the time, an identity for a new store, who writes. */
export interface Surroundings {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly newId: () => string
  /** Program and version, written into entries. */
  readonly by: string
}

/** A store that is open for reading, or, with a lock, for writing. */
export class Store {
  readonly root: string
  readonly db: Database
  readonly ledger: Ledger
  readonly #release: (() => void) | undefined
  readonly #surroundings: Surroundings | undefined
  readonly #pin: Pin | undefined
  #isAbandoned = false

  private constructor(
    root: string,
    db: Database,
    ledger: Ledger,
    life: { surroundings?: Surroundings; release?: () => void; pin?: Pin },
  ) {
    this.root = root
    this.db = db
    this.ledger = ledger
    this.#surroundings = life.surroundings
    this.#release = life.release
    this.#pin = life.pin
  }

  get state(): LedgerState {
    return this.ledger.state
  }

  /** Now, as milliseconds since 1970 UTC. */
  now(): number {
    return this.#surroundings?.now() ?? Number.NaN
  }

  /**
   * Opens an existing store for reading. Any number of readers may do so while one process writes: files of the state
   * that a reader has seen stay until it closes the store or goes on with `refresh`.
   *
   * @throws STORE_NOT_FOUND, STORE_NEWER, STORE_DAMAGED
   */
  static async read(options: StoreOptions): Promise<Store> {
    const root = resolve(options.path)
    if (!Ledger.exists(root)) {
      throw new ThroughlineError(
        'STORE_NOT_FOUND',
        `store ${options.path}: no store there; make one with: throughline ingest LOGS --store ${options.path}`,
        { path: options.path },
      )
    }
    const ledger = Ledger.open(root)
    const pin = pinState(root, ledger.state.head)
    return new Store(root, await openDatabase(options, layout.temporary(root), true), ledger, { pin })
  }

  /**
   * Opens a store for writing, making it if there is none. One process at a time.
   *
   * @throws STORE_BUSY, STORE_NEWER, STORE_DAMAGED, STORE_WRITE
   */
  static async write(options: StoreOptions, surroundings: Surroundings): Promise<Store> {
    const root = resolve(options.path)
    const temporary = layout.temporary(root)
    const release = writing(options.path, () => {
      mkdirSync(root, { recursive: true })
      return acquireLock(root)
    })
    try {
      const ledger = Ledger.open(root)
      writing(options.path, () => {
        rmSync(temporary, { recursive: true, force: true })
        mkdirSync(temporary, { recursive: true })
      })
      const db = await openDatabase(options, temporary)
      const store = new Store(root, db, ledger, { surroundings, release })
      if (ledger.state.head < 0) store.append({ kind: 'created', storeId: surroundings.newId() })
      sweepReplaced(store)
      return store
    } catch (error) {
      release()
      throw error
    }
  }

  /** Goes on to what the writer has committed since; to be called by a reader between two answers. */
  refresh(): void {
    this.ledger.refresh()
    this.#pin?.move(this.state.head)
  }

  /** Appends a ledger entry at the current time. */
  append(body: EntryBody): Entry {
    const { now, by } = this.#surroundings ?? { now: () => Number.NaN, by: '' }
    return writing(this.root, () => this.ledger.append(body, new Date(now()).toISOString(), by))
  }

  close(): void {
    this.db.close()
    this.abandon()
  }

  /** Removes unfinished files, the lock and the reader's note while the process ends in the middle of its work. May be called twice. */
  abandon(): void {
    if (this.#isAbandoned) return
    this.#isAbandoned = true
    this.#pin?.release()
    if (!this.#release) return
    rmSync(layout.temporary(this.root), { recursive: true, force: true })
    this.#release()
  }

  /** Absolute path of a file that an entry names. */
  file(path: string): string {
    return join(this.root, path)
  }
}

async function openDatabase(
  { threads, memoryMiB }: StoreOptions,
  spillFolder: string,
  keepFooters = false,
): Promise<Database> {
  const db = await Database.open({ threads, memoryMiB, spillFolder, keepFooters })
  await db.run(sqlFile('./macros.sql', import.meta.url))
  return db
}

/** Runs a write, turning an operating system's refusal into an error that says what to do. */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (cause instanceof ThroughlineError || typeof code !== 'string') throw cause
    const advice =
      code === 'ENOSPC'
        ? 'free some space'
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? 'let this user write there'
          : 'check the disk'
    throw new ThroughlineError(
      'STORE_WRITE',
      `store ${path}: ${(cause as Error).message}; ${advice} and run the command again. What was there before is unharmed`,
      { path, code },
      cause,
    )
  }
}
