import { hash } from 'node:crypto'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { createExclusively } from './durable.ts'
import { type Entry, type EntryBody, STORE_VERSION } from './entry.ts'
import { entryPath, hasAnyEntry, hasEntry, readEntry } from './entry-file.ts'
import { noteMark, readSnapshot, SNAPSHOT_ENTRIES, type Snapshot, writeSnapshot } from './snapshot.ts'
import { applyEntry, emptyState, type LedgerState } from './state.ts'
import { writerName } from './writer.ts'

/**
 * The append-only, hash-chained record of everything the store took in, derived or gave out. Entry N is a file of its
 * own that is created exclusively: of two writers who both believe they own the store, one loses and stops.
 */
export class Ledger {
  readonly state: LedgerState
  readonly #root: string
  readonly #marks: string[]
  /** The entry that the last snapshot stands at. */
  #snapshotAt: number

  private constructor(root: string, { state, marks }: Snapshot) {
    this.#root = root
    this.state = state
    this.#marks = marks
    this.#snapshotAt = state.head
  }

  /**
   * Reads the entries from the last snapshot on, checking that each continues the one before. A folder without a
   * ledger is an empty one.
   *
   * @param readsAll whether to read from the first entry on, whatever snapshots say
   * @throws STORE_NEWER, STORE_DAMAGED
   */
  static open(store: string, readsAll = false): Ledger {
    const root = join(store, 'ledger')
    const ledger = new Ledger(
      root,
      (readsAll ? undefined : readSnapshot(root)) ?? { state: emptyState(), marks: [] },
    )
    ledger.refresh()
    return ledger
  }

  static exists(store: string): boolean {
    return hasAnyEntry(join(store, 'ledger'))
  }

  /**
   * Reads entries that came since.
   *
   * @throws STORE_NEWER, STORE_DAMAGED
   */
  refresh(): void {
    for (let seq = this.nextSeq(); hasEntry(this.#root, seq); seq++) {
      const { entry, digest } = readEntry(this.#root, seq, this.state.headDigest)
      this.#apply(entry, digest)
    }
  }

  /**
   * Appends an entry.
   *
   * @param at RFC 3339 UTC
   * @throws STORE_BUSY where another writer has appended first; STORE_WRITE
   */
  append(body: EntryBody, at: string, by: string): Entry {
    const seq = this.nextSeq()
    const entry = { version: STORE_VERSION, seq, prev: this.state.headDigest, at, by, ...body } as Entry
    const text = `${JSON.stringify(entry)}\n`
    const temporary = join(this.#root, `.${writerName()}.tmp`)
    if (!createExclusively(entryPath(this.#root, seq), text, temporary)) {
      throw new ThroughlineError(
        'STORE_BUSY',
        `store ledger: entry ${seq} was written by another process; this one stops and has changed nothing. Run one writer a store`,
        { seq },
      )
    }
    this.#apply(entry, hash('sha256', text, 'hex'))
    this.snapshotWhereDue()
    return entry
  }

  /** Keeps the state where many entries came since the last snapshot, so that opening reads few files. */
  snapshotWhereDue(): void {
    if (this.state.head - this.#snapshotAt < SNAPSHOT_ENTRIES) return
    writeSnapshot(this.#root, { state: this.state, marks: this.#marks })
    this.#snapshotAt = this.state.head
  }

  /** Whether another writer has appended since. */
  get isBehind(): boolean {
    return hasEntry(this.#root, this.nextSeq())
  }

  /** The sequence number the next entry will have. */
  nextSeq(): number {
    return this.state.head + 1
  }

  #apply(entry: Entry, digest: string): void {
    applyEntry(this.state, entry, digest)
    noteMark(this.#marks, entry.seq, digest)
  }
}
