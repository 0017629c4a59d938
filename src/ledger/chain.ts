import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'
import { createExclusively } from './durable.ts'
import { ENTRY, type Entry, type EntryBody, STORE_VERSION } from './entry.ts'
import { applyEntry, emptyState, type LedgerState } from './state.ts'

/** Entries a folder of the ledger holds. */
const FOLDER_ENTRIES = 1000
const HEADER = z.looseObject({ version: z.number(), seq: z.number(), prev: z.string() })

/**
 * The append-only, hash-chained record of everything the store took in, derived or gave out. Entry N is a file of its
 * own that is created exclusively: of two writers who both believe they own the store, one loses and stops.
 */
export class Ledger {
  readonly state: LedgerState = emptyState()
  readonly #root: string

  private constructor(store: string) {
    this.#root = join(store, 'ledger')
  }

  /** Reads all entries, checking the chain. A folder without a ledger is an empty one. */
  static open(store: string): Ledger {
    const ledger = new Ledger(store)
    ledger.refresh()
    return ledger
  }

  static exists(store: string): boolean {
    return existsSync(entryPath(join(store, 'ledger'), 0))
  }

  /**
   * Reads entries that came since.
   *
   * @throws STORE_NEWER, STORE_DAMAGED
   */
  refresh(): void {
    for (;;) {
      const seq = this.nextSeq()
      // Entries come one after the other: where a later one exists, this one must exist by now.
      if (!existsSync(entryPath(this.#root, seq))) {
        if (!this.#hasAfter(seq)) return
        if (!existsSync(entryPath(this.#root, seq)))
          throw damaged(entryPath(this.#root, seq), 'it is missing')
      }
      const { entry, digest } = this.#read(seq)
      applyEntry(this.state, entry, digest)
    }
  }

  /** Whether an entry later than this one exists. */
  #hasAfter(seq: number): boolean {
    const path = entryPath(this.#root, seq)
    const names = existsSync(dirname(path)) ? readdirSync(dirname(path)) : []
    return (
      names.some(name => /^\d{6,}\.json$/.test(name) && name > basename(path)) ||
      existsSync(dirname(entryPath(this.#root, seq + FOLDER_ENTRIES)))
    )
  }

  /**
   * Appends an entry.
   *
   * @param at RFC 3339 UTC
   * @throws STORE_BUSY where another writer has appended first
   */
  append(body: EntryBody, at: string, by: string): Entry {
    const seq = this.state.head + 1
    const entry = { version: STORE_VERSION, seq, prev: this.state.headDigest, at, by, ...body } as Entry
    const text = `${JSON.stringify(entry)}\n`
    mkdirSync(this.#root, { recursive: true })
    const temporary = join(this.#root, `.${process.pid}.tmp`)
    if (!createExclusively(entryPath(this.#root, seq), text, temporary)) {
      throw new ThroughlineError(
        'STORE_BUSY',
        `store ledger: entry ${seq} was written by another process; this one stops and has changed nothing. Run one writer a store`,
        { seq },
      )
    }
    applyEntry(this.state, entry, hash('sha256', text, 'hex'))
    return entry
  }

  /** The sequence number the next entry will have. */
  nextSeq(): number {
    return this.state.head + 1
  }

  #read(seq: number): { entry: Entry; digest: string } {
    const path = entryPath(this.#root, seq)
    const text = readFileSync(path, 'utf8')
    const header = HEADER.safeParse(parseJson(text, path)).data
    if (header && header.version > STORE_VERSION) {
      throw new ThroughlineError(
        'STORE_NEWER',
        `store ledger entry ${seq}: store version ${header.version}, this program reads up to ${STORE_VERSION}; upgrade Throughline`,
        { seq, found: header.version, known: STORE_VERSION },
      )
    }
    const parsed = ENTRY.safeParse(parseJson(text, path))
    if (!parsed.success) throw damaged(path, z.prettifyError(parsed.error))
    if (parsed.data.seq !== seq) throw damaged(path, `it says it is entry ${parsed.data.seq}`)
    if (parsed.data.prev !== this.state.headDigest)
      throw damaged(path, 'it does not continue the entry before it')
    return { entry: parsed.data, digest: hash('sha256', text, 'hex') }
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw damaged(path, 'it is not JSON', cause)
  }
}

function damaged(path: string, why: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError(
    'STORE_DAMAGED',
    `store ledger ${path}: ${why}; the ledger was altered or damaged. Restore the folder from a copy`,
    { path },
    cause,
  )
}

/** `000/000123.json`: folders of 1000 entries. */
function entryPath(root: string, seq: number): string {
  const folder = String(Math.floor(seq / FOLDER_ENTRIES)).padStart(3, '0')
  return join(root, folder, `${String(seq).padStart(6, '0')}.json`)
}
