import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'
import { ENTRY, type Entry, STORE_VERSION } from './entry.ts'

/** Entries a folder of the ledger holds. */
const FOLDER_ENTRIES = 1000
const ENTRY_NAME = /^\d{6,}\.json$/
const HEADER = z.looseObject({ version: z.number() })

/** Digest that the first entry continues. */
export const BEFORE_FIRST = '0'.repeat(64)

export interface ReadEntry {
  readonly entry: Entry
  /** SHA-256 of the entry's bytes. */
  readonly digest: string
}

/** `000/000123.json`: folders of 1000 entries. */
export function entryPath(root: string, seq: number): string {
  return join(root, folderOf(seq), `${String(seq).padStart(6, '0')}.json`)
}

function folderOf(seq: number): string {
  return String(Math.floor(seq / FOLDER_ENTRIES)).padStart(3, '0')
}

/**
 * Reads an entry and checks its place in the chain.
 *
 * @param root folder of the ledger
 * @param before digest of the entry before
 * @throws STORE_NEWER, STORE_DAMAGED
 */
export function readEntry(root: string, seq: number, before: string): ReadEntry {
  const path = entryPath(root, seq)
  const text = readFileSync(path, 'utf8')
  const json = parseJson(text, path)
  const version = HEADER.safeParse(json).data?.version ?? 0
  if (version > STORE_VERSION) {
    throw new ThroughlineError(
      'STORE_NEWER',
      `store ledger entry ${seq}: store version ${version}, this program reads up to ${STORE_VERSION}; upgrade Throughline`,
      { seq, found: version, known: STORE_VERSION },
    )
  }
  const parsed = ENTRY.safeParse(json)
  if (!parsed.success) throw damaged(path, z.prettifyError(parsed.error))
  if (parsed.data.seq !== seq) throw damaged(path, `it says it is entry ${parsed.data.seq}`)
  if (parsed.data.prev !== before) throw damaged(path, 'it does not continue the entry before it')
  return { entry: parsed.data, digest: hash('sha256', text, 'hex') }
}

/** SHA-256 of an entry's bytes, undefined where it cannot be read. */
export function entryDigest(root: string, seq: number): string | undefined {
  try {
    return hash('sha256', readFileSync(entryPath(root, seq)), 'hex')
  } catch {
    return undefined
  }
}

/**
 * Whether there is an entry of this number. Entries come one after the other: where a later one exists, this one must.
 *
 * @throws STORE_DAMAGED
 */
export function hasEntry(root: string, seq: number): boolean {
  const path = entryPath(root, seq)
  if (existsSync(path)) return true
  const later = entryNames(dirname(path)).some(name => name > basename(path))
  if (!later && !existsSync(dirname(entryPath(root, seq + FOLDER_ENTRIES)))) return false
  // It may have come between the two looks.
  if (!existsSync(path)) throw damaged(path, 'it is missing')
  return true
}

/** Whether every entry up to this one has a file. */
export function hasAllUpTo(root: string, seq: number): boolean {
  for (let first = 0; first <= seq; first += FOLDER_ENTRIES) {
    const expected = Math.min(FOLDER_ENTRIES, seq - first + 1)
    if (entryNames(join(root, folderOf(first))).length < expected) return false
  }
  return true
}

/** Whether a ledger has any entry. */
export function hasAnyEntry(root: string): boolean {
  return existsSync(entryPath(root, 0)) || entryNames(join(root, folderOf(0))).length > 0
}

/** Every entry from the first on, checked. */
export function* allEntries(root: string): Generator<ReadEntry> {
  for (let seq = 0, before = BEFORE_FIRST; hasEntry(root, seq); seq++) {
    const read = readEntry(root, seq, before)
    yield read
    before = read.digest
  }
}

function entryNames(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(name => ENTRY_NAME.test(name)) : []
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
    { path, why },
    cause,
  )
}
