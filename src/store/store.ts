import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { Ledger } from '../ledger/chain.ts'
import { makeFolder, removeEmptyFolder, removeFile, removeFolder } from '../ledger/durable.ts'
import type { Entry, EntryBody } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'
import { writerName } from '../ledger/writer.ts'
import { count } from '../telemetry/record.ts'
import { keysOfWriter, type StoreKeys } from './keys.ts'
import { layout } from './layout.ts'
import { namedPaths, sweepAfterCrash } from './leftovers.ts'
import { acquireLock, type Lock } from './lock.ts'
import { type Pin, pinState } from './pins.ts'
import { Database, sqlFile } from './query.ts'
import { sweepReplaced } from './sweep.ts'
import { folderOfAll, unite } from './united.ts'

export interface StoreOptions {
  readonly path: string
  readonly threads?: number | undefined
  readonly memoryMiB: number
  /** Whether to read the ledger from its first entry on, whatever snapshots say. */
  readonly readsAll?: boolean
  /**
   * Whether the lock of a process that seems to live is taken over: it was told elsewhere that the store is another's by
   * now. Should it write all the same, it loses at the ledger.
   */
  readonly takesOver?: boolean
}

/** What only the entry point may know: the time, an identity for a new store, who writes. */
export interface Surroundings {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly newId: () => string
  /** Program and version, written into entries. */
  readonly by: string
  /** Folder of the keys of all stores; undefined: nothing is signed, and leaves have no roots. */
  readonly keyFolder?: string | undefined
}

/** A store among those that are read as one. */
interface Part {
  readonly root: string
  readonly ledger: Ledger
  readonly pin: Pin
}

interface Life {
  readonly surroundings?: Surroundings
  readonly lock?: Lock
  readonly pin?: Pin
  /** Of several that are read as one, all. */
  readonly parts?: readonly Part[]
}

/** A store that is open for reading, or, with a lock, for writing; or several stores that are read as one. */
export class Store {
  /** Its folder; of several the folder that holds them all. */
  readonly root: string
  readonly db: Database
  readonly #ledger: Ledger | undefined
  readonly #parts: readonly Part[] | undefined
  #united: LedgerState | undefined
  readonly #lock: Lock | undefined
  readonly #surroundings: Surroundings | undefined
  readonly #pin: Pin | undefined
  /** Files that have their final name and that no entry names yet. */
  readonly #unnamed = new Set<string>()
  #isAbandoned = false
  #keys: StoreKeys | undefined

  private constructor(root: string, db: Database, ledger: Ledger | undefined, life: Life) {
    this.root = root
    this.db = db
    this.#ledger = ledger
    this.#parts = life.parts
    this.#surroundings = life.surroundings
    this.#lock = life.lock
    this.#pin = life.pin
  }

  /** Of several stores: what they hold together. */
  get state(): LedgerState {
    if (!this.#parts) return this.ledger.state
    this.#united ??= unite(
      this.#parts.map(({ root, ledger }) => ({ root, state: ledger.state })),
      this.root,
    )
    return this.#united
  }

  /** @throws Error where several stores are read as one: nothing is written to these */
  get ledger(): Ledger {
    if (this.#ledger) return this.#ledger
    throw new Error('several stores that are read as one have no ledger of their own')
  }

  /**
   * Each of several stores by itself, as it was when all were opened or refreshed. They use the engine of all, one at a
   * time, and are closed with it.
   */
  get each(): readonly Store[] {
    return (this.#parts ?? []).map(({ root, ledger }) => new Store(root, this.db, ledger, {}))
  }

  /** The folder of the store, or of each of several. */
  get roots(): readonly string[] {
    return this.#parts?.map(part => part.root) ?? [this.root]
  }

  /** Keys that sign and salt what is written; undefined where none are asked for. */
  get keys(): StoreKeys | undefined {
    return this.#keys
  }

  /** Goes on with other keys: the ledger names them by now. */
  takeKeys(keys: StoreKeys): void {
    this.#keys = keys
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
    const root = existingStore(options.path)
    const ledger = Ledger.open(root)
    const pin = pinState(root, ledger.state.head)
    return new Store(root, await openDatabase(options, spillOfReader()), ledger, { pin })
  }

  /**
   * Opens several stores for reading as if they were one that had read everything (`unite`).
   *
   * @param roots folders of stores, absolute, none of them twice; two at least
   * @throws STORE_NOT_FOUND, STORE_NEWER, STORE_DAMAGED
   */
  static async readAll(options: Omit<StoreOptions, 'path'>, roots: readonly string[]): Promise<Store> {
    const parts: Part[] = []
    try {
      for (const root of roots) {
        const ledger = Ledger.open(existingStore(root))
        parts.push({ root, ledger, pin: pinState(root, ledger.state.head) })
      }
      const db = await openDatabase(options, spillOfReader())
      return new Store(folderOfAll(roots), db, undefined, { parts })
    } catch (error) {
      for (const { pin } of parts) pin.release()
      throw error
    }
  }

  /**
   * Opens a store for writing, making it if there is none. One process at a time. What a process that was killed has
   * left behind is removed.
   *
   * @throws STORE_BUSY, STORE_NEWER, STORE_DAMAGED, STORE_WRITE, KEY_REFUSED
   */
  static async write(options: StoreOptions, surroundings: Surroundings): Promise<Store> {
    const root = resolve(options.path)
    makeFolder(root)
    const lock = acquireLock(root, options.takesOver)
    // A signal may end the process before it has a store to close.
    const leave = (): void => giveUp(root, lock)
    process.once('exit', leave)
    try {
      makeFolder(layout.temporary(root))
      const ledger = Ledger.open(root, options.readsAll)
      sweepAfterCrash(root, lock.isTakenOver)
      ledger.snapshotWhereDue()
      const store = new Store(root, await openDatabase(options, layout.temporary(root), false), ledger, {
        surroundings,
        lock,
      })
      if (ledger.state.head < 0) store.append({ kind: 'created', storeId: surroundings.newId() })
      const { keyFolder } = surroundings
      if (keyFolder !== undefined) store.#keys = keysOfWriter(store, keyFolder)
      sweepReplaced(store)
      return store
    } catch (error) {
      leave()
      throw error
    } finally {
      process.removeListener('exit', leave)
    }
  }

  /** Goes on to what the writer has committed since; to be called by a reader between two answers. */
  refresh(): void {
    for (const { ledger, pin } of this.#parts ?? []) {
      ledger.refresh()
      pin.move(ledger.state.head)
    }
    this.#united = undefined
    this.#ledger?.refresh()
    this.#pin?.move(this.state.head)
  }

  /** A random id; empty of a store that is read. */
  newId(): string {
    return this.#surroundings?.newId() ?? ''
  }

  /** Appends a ledger entry at the current time. */
  append(body: EntryBody): Entry {
    const { now, by } = this.#surroundings ?? { now: () => Number.NaN, by: '' }
    const entry = this.ledger.append(body, new Date(now()).toISOString(), by)
    this.#unnamed.clear()
    count('throughline.ledger.entries', 1, body.kind)
    return entry
  }

  /** Notes a file that has its final name, so that it goes where no entry comes to name it. */
  noteUnnamed(path: string): void {
    this.#unnamed.add(path)
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
    for (const { pin } of this.#parts ?? []) pin.release()
    if (!this.#lock) return
    if (this.#dropUnnamed()) giveUp(this.root, this.#lock)
    // The temporary folder stays: the sign by which the next writer knows that there is something to remove.
    else quietly(() => this.#lock?.release())
  }

  /**
   * An entry that was refused may be there all the same: its name was given, and the disk failed after it. So the
   * ledger is asked once more before files go; where it cannot be read, they stay.
   *
   * @returns whether nothing is left
   */
  #dropUnnamed(): boolean {
    if (this.#unnamed.size === 0) return true
    try {
      const named = namedPaths(this.root)
      for (const path of this.#unnamed) if (!named.has(path)) removeFile(this.file(path))
      return true
    } catch {
      // The failure that led here is what counts.
      return false
    }
  }

  /** Absolute path of a file that an entry names. */
  file(path: string): string {
    return join(this.root, path)
  }
}

/**
 * The folder of a store that exists.
 *
 * @throws STORE_NOT_FOUND
 */
export function existingStore(path: string): string {
  const root = resolve(path)
  if (Ledger.exists(root)) return root
  throw new ThroughlineError(
    'STORE_NOT_FOUND',
    `store ${path}: ${whyNone(root)}; make one with: throughline ingest LOGS --store ${path}`,
    { path },
  )
}

function whyNone(root: string): string {
  try {
    statSync(root, { throwIfNoEntry: false })
    return 'no store there'
  } catch (error) {
    return `no store there (${(error as Error).message})`
  }
}

/** Removes a writer's temporary files and gives its lock back; neither may hide the failure that ended it. */
function giveUp(root: string, lock: Lock): void {
  const temporary = layout.temporary(root)
  quietly(() => removeFolder(temporary))
  quietly(() => lock.release())
  removeEmptyFolder(dirname(temporary))
}

/** Takes a step whose failure the next writer makes good. */
function quietly(step: () => void): void {
  try {
    step()
  } catch {
    // A lock of a process that is gone is taken over, a folder of one is removed.
  }
}

/** Runs an action with the engine alone, for a store that may be too damaged to be opened. */
export async function withEngine<T>(options: StoreOptions, action: (db: Database) => Promise<T>): Promise<T> {
  const db = await openDatabase(options, spillOfReader(), false)
  try {
    return await action(db)
  } finally {
    db.close()
  }
}

/** Where a reader puts what does not fit into memory: not into the store, which it may not be able to write. */
function spillOfReader(): string {
  return join(tmpdir(), `throughline-${writerName()}`)
}

async function openDatabase(
  { threads, memoryMiB }: Pick<StoreOptions, 'threads' | 'memoryMiB'>,
  spillFolder: string,
  keepFooters = true,
): Promise<Database> {
  const db = await Database.open({ threads, memoryMiB, spillFolder, keepFooters })
  await db.run(sqlFile('./macros.sql', import.meta.url))
  return db
}
