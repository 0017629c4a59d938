import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeFile, replace, writeDurably } from './durable.ts'
import { entryDigest, hasAllUpTo } from './entry-file.ts'
import { emptyState, FOLD_VERSION, type LedgerState } from './state.ts'
import { writerName } from './writer.ts'

/** Entries from one snapshot to the next. */
export const SNAPSHOT_ENTRIES = 256
/** Every so many entries a snapshot keeps the digest of one, to notice a ledger that another was copied over. */
const MARK_ENTRIES = 16
/** Snapshots that are kept; the older is for the case that the newest is not whole. */
const KEPT = 2
const NAME = /^(\d{6,})\.json$/

/** The first line of a snapshot; the second is the state. */
interface Header {
  /** How entries were added up. */
  readonly fold: number
  /** The entry it stands at. */
  readonly seq: number
  readonly digest: string
  /** Digests of the entries 0, 16, 32 … */
  readonly marks: readonly string[]
  /** SHA-256 of the second line. */
  readonly state: string
}

/** What was added up to an entry. */
export interface Snapshot {
  readonly state: LedgerState
  readonly marks: string[]
}

/** Notes the digest of an entry where it is one of those that are kept. */
export function noteMark(marks: string[], seq: number, digest: string): void {
  if (seq % MARK_ENTRIES === 0) marks[seq / MARK_ENTRIES] = digest
}

/**
 * The newest snapshot that agrees with the entries. It is derived: one that is missing, cut, of another program or of
 * another chain is passed over, and the entries are read instead.
 *
 * @param root folder of the ledger
 */
export function readSnapshot(root: string): Snapshot | undefined {
  for (const seq of snapshotsOf(root).reverse()) {
    const found = readAt(root, seq)
    const state = found && agrees(root, found.header) ? decode(found.text) : undefined
    if (found && state) return { state, marks: [...found.header.marks] }
  }
  return undefined
}

/** Numbers of the entries that snapshots stand at, in order. */
export function snapshotsOf(root: string): number[] {
  const folder = join(root, 'snapshots')
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).flatMap(name => NAME.exec(name)?.[1] ?? [])
  return names.map(Number).sort((a, b) => a - b)
}

/** Whether the snapshot at an entry says what the entries up to it add up to. */
export function isTrueSnapshot(root: string, { state, marks }: Snapshot): boolean {
  const found = readAt(root, state.head)
  if (!found) return false
  const want = texts({ state, marks })
  return found.text === want.text && JSON.stringify(found.header) === want.header
}

/** Writes a snapshot of a state durably; older ones than the last two go. */
export function writeSnapshot(root: string, snapshot: Snapshot): void {
  const { header, text } = texts(snapshot)
  const temporary = join(root, 'snapshots', `.${writerName()}.tmp`)
  writeDurably(temporary, `${header}\n${text}`)
  replace(temporary, snapshotPath(root, snapshot.state.head))
  for (const old of snapshotsOf(root).slice(0, -KEPT)) removeSnapshot(root, old)
}

export function removeSnapshot(root: string, seq: number): void {
  removeFile(snapshotPath(root, seq))
}

export function snapshotPath(root: string, seq: number): string {
  return join(root, 'snapshots', `${String(seq).padStart(6, '0')}.json`)
}

function texts({ state, marks }: Snapshot): { header: string; text: string } {
  const text = encode(state)
  const header: Header = {
    fold: FOLD_VERSION,
    seq: state.head,
    digest: state.headDigest,
    marks,
    state: hash('sha256', text, 'hex'),
  }
  return { header: JSON.stringify(header), text }
}

function readAt(root: string, seq: number): { header: Header; text: string } | undefined {
  try {
    const [first = '', text = ''] = readFileSync(snapshotPath(root, seq), 'utf8').split('\n', 2)
    const header = JSON.parse(first) as Header
    const isWhole = header.fold === FOLD_VERSION && header.seq === seq && Array.isArray(header.marks)
    return isWhole && hash('sha256', text, 'hex') === header.state ? { header, text } : undefined
  } catch {
    return undefined
  }
}

function agrees(root: string, { seq, digest, marks }: Header): boolean {
  return (
    hasAllUpTo(root, seq) &&
    entryDigest(root, seq) === digest &&
    marks.every((mark, place) => entryDigest(root, place * MARK_ENTRIES) === mark)
  )
}

function encode(state: LedgerState): string {
  return JSON.stringify(toPlain(state))
}

/** Undefined where a member is missing that the state has by now. */
function decode(text: string): LedgerState | undefined {
  const plain = JSON.parse(text) as Record<string, unknown>
  const empty = Object.entries(emptyState())
  if (empty.some(([key, value]) => value !== undefined && plain[key] === undefined)) return undefined
  return fromPlain(plain) as LedgerState
}

/** JSON knows no maps and sets. They are looked for in members of members, not in lists and not in each other. */
function toPlain(value: unknown): unknown {
  if (value instanceof Map) return { $map: [...value] }
  if (value instanceof Set) return { $set: [...value] }
  return isObject(value) ? mapMembers(value, toPlain) : value
}

function fromPlain(value: unknown): unknown {
  if (!isObject(value)) return value
  if (Array.isArray(value.$map)) return new Map(value.$map as [unknown, unknown][])
  if (Array.isArray(value.$set)) return new Set(value.$set as unknown[])
  return mapMembers(value, fromPlain)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function mapMembers(
  object: Record<string, unknown>,
  change: (value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
}
