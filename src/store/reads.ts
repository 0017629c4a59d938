import { hash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { removeFile, syncFile, syncFolder, writeFile } from '../ledger/durable.ts'
import { isAlive, parseWriterName, SELF, writerName } from '../ledger/writer.ts'
import { HOUR_US } from '../model/time.ts'
import { publishFile } from './commit.ts'
import { layout } from './layout.ts'
import type { Store } from './store.ts'

/** What was asked of a store by a command that gives data out. */
export interface Asked {
  readonly command: string
  /** What it was asked for, as given and as resolved; members that are undefined are left out. */
  readonly what: Readonly<Record<string, unknown>>
}

/** What was given out, where it is known. */
export interface Given {
  readonly rows?: number | undefined
  /** Hash of the population (docs/filter.md). */
  readonly population?: string | undefined
  /** Why it ended before its end; what was given until then is not known. */
  readonly problem?: string | undefined
}

/** A process on another host cannot be asked whether it lives: its file counts as open for so long. */
const FOREIGN_READER_MS = (24 * HOUR_US) / 1000

let serial = 0

/**
 * The record that one reader keeps: a file of its own, one line for what it was asked and one for what it gave, each
 * with the SHA-256 of the line before. The writer takes it into the ledger once the reader has ended.
 */
export class ReadRecord {
  readonly #open: string
  readonly #closed: string
  #prev = '0'.repeat(64)

  private constructor(root: string) {
    const name = `${writerName()}.${serial++}.ndjson`
    this.#open = join(layout.openReads(root), name)
    this.#closed = join(layout.closedReads(root), name)
  }

  /**
   * Notes what is asked, before anything is given.
   *
   * @param at RFC 3339 UTC
   * @throws what the system says where nothing can be written there
   */
  static begin(root: string, { command, what }: Asked, { at, who }: { at: string; who: string }): ReadRecord {
    const record = new ReadRecord(root)
    for (const folder of [layout.openReads(root), layout.closedReads(root)])
      mkdirSync(folder, { recursive: true })
    const asked = canonicalText(what)
    record.#append({ at, who, command, asked, askedHash: hash('sha256', asked, 'hex') })
    // On disk before anything is given: whoever pulls the plug afterwards has still asked.
    syncFile(record.#open)
    syncFolder(layout.openReads(root))
    return record
  }

  /** Notes what was given. */
  end(given: Given, at: string): void {
    this.#append({ at, ...given })
    renameSync(this.#open, this.#closed)
  }

  #append(line: object): void {
    const text = `${JSON.stringify({ ...line, prev: this.#prev })}\n`
    appendFileSync(this.#open, text)
    this.#prev = hash('sha256', text, 'hex')
  }
}

/** JSON with sorted members at every level, so that what was asked alike has one text. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(sorted(value))
}

function sorted(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}

/**
 * Takes the records of readers that have ended into the ledger, in one file and with one entry.
 *
 * @returns how many files there were
 */
export async function absorbReads(store: Store): Promise<number> {
  const found = endedReads(store.root, store.now())
  const known = new Set(store.state.absorbed)
  // What the last entry took in and a crash kept from being removed.
  for (const { name, path } of found) if (known.has(name)) removeFile(path)
  const files = found.filter(({ name }) => !known.has(name))
  if (files.length === 0) return 0
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const temporary = join(layout.temporary(store.root), `reads-${name}.ndjson`)
  const bytes = Buffer.concat(files.map(({ path }) => wholeLines(readFileSync(path))))
  writeFile(temporary, bytes)
  const rows = bytes.reduce((n, byte) => n + (byte === LF ? 1 : 0), 0)
  const file = await publishFile(store, temporary, layout.reads(name), rows)
  store.append({ kind: 'reads', file, from: files.map(f => f.name) })
  for (const { path } of files) removeFile(path)
  return files.length
}

const LF = 10

/** A line that was being written when its process was killed is kept as it is, on a line of its own. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.length === 0 || bytes.at(-1) === LF ? bytes : Buffer.concat([bytes, Buffer.from('\n')])
}

interface EndedReads {
  readonly name: string
  readonly path: string
}

function endedReads(root: string, nowMs: number): EndedReads[] {
  const closed = namesIn(layout.closedReads(root)).map(name => ({
    name,
    path: join(layout.closedReads(root), name),
  }))
  const left = namesIn(layout.openReads(root))
    .map(name => ({ name, path: join(layout.openReads(root), name) }))
    .filter(({ name, path }) => hasEnded(name, path, nowMs))
  return [...closed, ...left].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function hasEnded(name: string, path: string, nowMs: number): boolean {
  const reader = parseWriterName(name.replace(/\.\d+\.ndjson$/, ''))
  if (!reader || !isAlive(reader)) return true
  const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs
  return reader.host !== SELF.host && nowMs - writtenMs >= FOREIGN_READER_MS
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.ndjson')) : []
}
