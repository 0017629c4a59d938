import type {
  Entry,
  FileRecord,
  IndexRecord,
  OffsetRecord,
  RefusedRecord,
  SeenRecord,
  SegmentRecord,
  SourceRecord,
} from './entry.ts'
import { applyErased, type Erasures, noErasures } from './erasure.ts'
import { applyHold, applyReleased, type HoldState } from './holds.ts'
import { applyPruned, type Pruning } from './pruning.ts'

type LinkEntry = Extract<Entry, { kind: 'link' }>
type AnchoredEntry = Extract<Entry, { kind: 'anchored' }>
type SubjectsEntry = Extract<Entry, { kind: 'subjects' }>

/** One application and UTC day, as the ledger tells it. */
export interface DayState {
  readonly application: string
  readonly day: string
  state: 'open' | 'closed'
  reason: string
  /** When the last new hop of the day came in, RFC 3339; undefined before the first. */
  lastHopAt: string | undefined
  /** The entry that brought it; -1 before the first. */
  lastHopSeq: number
  /** The last entry by which its requests may have become others: hops, links, its state, or a neighbour's end. */
  changedSeq: number
  /** The links in force; undefined before the day was first linked. */
  link: LinkEntry | undefined
  /** Generation of its links that it was last closed with. */
  closedWith: number | undefined
  /** Files of earlier generations that it was closed with, oldest first. */
  earlierLinks: FileRecord[]
  /** Of several stores that are read as one: links in force of the others that have hops of it; absent: none. */
  further?: readonly FileRecord[]
}

/** A file that the store no longer reads and that earlier entries name. */
export interface ReplacedFile {
  readonly bytes: number
  /** The entry that replaced it, and when that was made, RFC 3339. */
  readonly seq: number
  readonly at: string
  /** Whether it holds what a person was erased from: it is remembered until it is gone. */
  readonly isErased?: true
}

/** A file of rejects. */
export interface RejectsFile extends FileRecord {
  /** Numbers of the sources that were read when it was written. */
  readonly sources: readonly number[]
  /** When it became visible, RFC 3339. */
  readonly at: string
}

/** A file of records of commands that gave data out. */
export interface ReadsFile extends FileRecord {
  /** When it became visible, RFC 3339. */
  readonly at: string
}

/** A key as its entry names it. */
export interface KeyRecord {
  readonly seq: number
  /** Ed25519, SPKI in DER, base64. */
  readonly publicKey: string
  readonly fingerprint: string
  /** Name of the secret that leaves are salted with from then on. */
  readonly salts: string
  readonly replaces?: string
  readonly signature?: string
}

/** A side of a period that the user declared to be whole. */
export interface Declared {
  readonly side: 'gateway' | 'app'
  readonly from: string
  readonly to: string
}

/** A person's decision that findings need no attention for a while. */
export interface Suppression {
  readonly id: string
  readonly rule: string
  /** First moment at which it no longer holds, RFC 3339. */
  readonly until: string
  readonly reason: string
  readonly author: string
  /** When it was decided, RFC 3339. */
  readonly at: string
}

/**
 * How entries are added up, kept with snapshots. To be raised with every change of what `applyEntry` makes of entries
 * that exist, so that no snapshot of another way counts.
 */
export const FOLD_VERSION = 3

/** One of several stores that are read as one. */
export interface StatePart {
  /** What it is called among the others: its folder. */
  readonly name: string
  /** Its folder, absolute. */
  readonly root: string
  /** The same from the folder that holds them all. */
  readonly below: string
  /** As its ledger tells it. */
  readonly state: LedgerState
  /** What is added to the numbers of its sources. */
  readonly sourceOffset: number
  /** Sources that an earlier part has, too, as a collector sent them to several: their number here and there. */
  readonly renumbered: ReadonlyMap<number, number>
}

/** Everything the ledger says up to an entry. A pure fold: equal entries, equal state. */
export interface LedgerState {
  storeId: string
  /** Sequence number of the last entry, -1 for an empty ledger. */
  head: number
  headDigest: string
  configDigest: string
  /** Digest of each part of the configuration in force. */
  configParts: Readonly<Record<string, string>>
  /** The aliases in force; undefined before any. */
  subjects: SubjectsEntry | undefined
  readonly sources: Map<number, SourceRecord>
  /** When a source was last read, RFC 3339. */
  readonly readAt: Map<number, string>
  readonly refused: Map<string, RefusedRecord>
  /** How far topics of Kafka were read, by topic and partition. */
  readonly consumed: Map<string, OffsetRecord>
  /** How far logs have come whose lines other stores may hold, by side and host. */
  readonly seen: Map<string, SeenRecord>
  /** Whether the configuration has changed since facts were derived by it. */
  isStale: boolean
  readonly segments: SegmentRecord[]
  readonly indexes: IndexRecord[]
  readonly rejects: RejectsFile[]
  /** By path, of the last two days. What is no longer on disk may still be among them. */
  readonly replaced: Map<string, ReplacedFile>
  pruning: Pruning | undefined
  /** By the number of their entry, also those that were released. */
  readonly holds: Map<number, HoldState>
  readonly erasures: Erasures
  /** Keys that checkpoints are or were signed with, oldest first. */
  readonly keys: KeyRecord[]
  /** The checkpoint that was anchored last; undefined before any. */
  anchored: AnchoredEntry | undefined
  /** Files of records of commands that gave data out. */
  readonly reads: ReadsFile[]
  /** What the last of them was put together from: these may still lie there. */
  absorbed: readonly string[]
  readonly declared: Declared[]
  /** The last decision about each incident or series of findings, by its id. */
  readonly suppressions: Map<string, Suppression>
  /** Days whose links do not take every hop, or the configuration in force, into account yet: application, a space, day. */
  readonly unlinkedDays: Set<string>
  /** Key: application, a space, day. */
  readonly days: Map<string, DayState>
  /** The stores whose states these are together (src/store/united.ts); absent: the state of one ledger. */
  readonly parts?: readonly StatePart[]
}

/** The application of hops that no configured rule matches. */
export const DEFAULT_APPLICATION = 'default'

/** One application and UTC day: the unit in which links are computed. */
export interface ApplicationDay {
  readonly application: string
  /** `YYYY-MM-DD` */
  readonly day: string
}

export function dayKey({ application, day }: ApplicationDay): string {
  return `${application} ${day}`
}

export function parseDayKey(key: string): ApplicationDay {
  const cut = key.lastIndexOf(' ')
  return { application: key.slice(0, cut), day: key.slice(cut + 1) }
}

export function emptyState(): LedgerState {
  return {
    storeId: '',
    head: -1,
    headDigest: '0'.repeat(64),
    configDigest: '',
    configParts: {},
    subjects: undefined,
    sources: new Map(),
    readAt: new Map(),
    refused: new Map(),
    consumed: new Map(),
    seen: new Map(),
    isStale: false,
    segments: [],
    indexes: [],
    rejects: [],
    replaced: new Map(),
    pruning: undefined,
    holds: new Map(),
    erasures: noErasures(),
    keys: [],
    anchored: undefined,
    reads: [],
    absorbed: [],
    declared: [],
    suppressions: new Map(),
    unlinkedDays: new Set(),
    days: new Map(),
  }
}

/** How long it is remembered that a file was replaced: far longer than any reader needs it. */
const REPLACED_KEPT_MS = 2 * 24 * 3_600_000

function forgetReplaced(state: LedgerState, at: string): void {
  const untilMs = Date.parse(at) - REPLACED_KEPT_MS
  for (const [path, replaced] of state.replaced) {
    if (replaced.isErased) continue
    if (Date.parse(replaced.at) >= untilMs) return
    state.replaced.delete(path)
  }
}

function applyReads(state: LedgerState, { file, from, at }: Extract<Entry, { kind: 'reads' }>): void {
  state.reads.push({ ...file, at })
  state.absorbed = from
}

function keyOf(entry: Extract<Entry, { kind: 'key' }>): KeyRecord {
  const { seq, publicKey, fingerprint, salts, replaces, signature } = entry
  return {
    seq, publicKey, fingerprint, salts, ...(replaces ? { replaces } : {}), ...(signature ? { signature } : {}),
  } // biome-ignore format: one record
}

/** Applies one entry. */
export function applyEntry(state: LedgerState, entry: Entry, digest: string): void {
  state.head = entry.seq
  state.headDigest = digest
  forgetReplaced(state, entry.at)
  if (entry.kind === 'created') state.storeId = entry.storeId
  else if (entry.kind === 'config') applyConfig(state, entry)
  else if (entry.kind === 'rederived') applyRederived(state, entry)
  else if (entry.kind === 'compacted') replaceFiles(state, entry)
  else if (entry.kind === 'indexed') replaceFiles(state, { ...entry, segments: [] })
  else if (entry.kind === 'pruned') applyPruned(state, entry)
  else if (entry.kind === 'hold') applyHold(state, entry)
  else if (entry.kind === 'released') applyReleased(state, entry)
  else if (entry.kind === 'erased') applyErased(state, entry)
  else if (entry.kind === 'key') state.keys.push(keyOf(entry))
  else if (entry.kind === 'anchored') state.anchored = entry
  else if (entry.kind === 'reads') applyReads(state, entry)
  else if (entry.kind === 'subjects') applySubjects(state, entry)
  else if (entry.kind === 'coverage')
    state.declared.push({ side: entry.side, from: entry.from, to: entry.to })
  else if (entry.kind === 'suppression') {
    const { id, rule, until, reason, author, at } = entry
    state.suppressions.set(id, { id, rule, until, reason, author, at })
  } else if (entry.kind === 'link') applyLink(state, entry)
  else if (entry.kind === 'linked')
    for (const day of entry.days) state.unlinkedDays.delete(dayKey({ application: entry.application, day }))
  else if (entry.kind === 'day') applyDay(state, entry)
  else applyIngest(state, entry)
}

function applyDay(state: LedgerState, entry: Extract<Entry, { kind: 'day' }>): void {
  const day = dayOf(state, entry.application, entry.day)
  Object.assign(day, { state: entry.state, reason: entry.reason, changedSeq: entry.seq })
  if (entry.state === 'closed' && day.link) day.closedWith = day.link.generation
}

/** Parts of the configuration by which facts are derived. */
const DERIVING = ['fields', 'applications']

function applyConfig(state: LedgerState, entry: Extract<Entry, { kind: 'config' }>): void {
  if (state.segments.length > 0 && entry.changed.some(part => DERIVING.includes(part))) state.isStale = true
  if (entry.changed.includes('trustedProxies')) relinkAll(state)
  Object.assign(state, { configDigest: entry.digest, configParts: entry.parts })
}

function applySubjects(state: LedgerState, entry: SubjectsEntry): void {
  state.subjects = entry
  const { seq, at, dropped = [] } = entry
  for (const { path, bytes } of dropped) state.replaced.set(path, { bytes, seq, at, isErased: true })
  relinkAll(state)
}

/** Links were made by what has changed: every day with hops is to be linked again. */
function relinkAll(state: LedgerState): void {
  for (const day of state.days.values()) if (day.lastHopAt) state.unlinkedDays.add(dayKey(day))
}

function applyLink(state: LedgerState, entry: LinkEntry): void {
  const day = dayOf(state, entry.application, entry.day)
  const before = day.link?.file
  // Links that a day was closed with stay as evidence; those that an open day went through are many and need not.
  if (before && day.closedWith === day.link?.generation) day.earlierLinks.push(before)
  else if (before) state.replaced.set(before.path, { bytes: before.bytes, seq: entry.seq, at: entry.at })
  day.link = entry
  day.changedSeq = entry.seq
}

type Replacement = Pick<
  Extract<Entry, { kind: 'compacted' }>,
  'seq' | 'at' | 'segments' | 'indexes' | 'replaced'
>

/** Puts files of facts and index in the place of others. */
function replaceFiles(state: LedgerState, entry: Replacement): void {
  const replaced = new Set(entry.replaced)
  for (const { path, bytes } of [...state.segments, ...state.indexes])
    if (replaced.has(path)) state.replaced.set(path, { bytes, seq: entry.seq, at: entry.at })
  keepOnly(state.segments, s => !replaced.has(s.path), entry.segments)
  keepOnly(state.indexes, i => !replaced.has(i.path), entry.indexes)
}

/** Filters a list in place and adds to it. No spread: it may have more items than a call takes arguments. */
export function keepOnly<T>(list: T[], isKept: (item: T) => boolean, more: readonly T[] = []): void {
  const kept = list.filter(isKept)
  list.length = 0
  for (const item of kept) list.push(item)
  for (const item of more) list.push(item)
}

function applyRederived(state: LedgerState, entry: Extract<Entry, { kind: 'rederived' }>): void {
  replaceFiles(state, entry)
  state.isStale = false
  // What an application had may belong to another now: days are linked again, and those without hops stay empty.
  for (const { day, applications } of entry.segments) {
    for (const application of applications) {
      const found = dayOf(state, application, day)
      if (!found.lastHopAt) Object.assign(found, { lastHopAt: entry.at, lastHopSeq: entry.seq })
      state.unlinkedDays.add(dayKey({ application, day }))
    }
  }
  for (const day of state.days.values()) day.changedSeq = entry.seq
  relinkAll(state)
}

function applyIngest(state: LedgerState, entry: Extract<Entry, { kind: 'ingest' }>): void {
  for (const source of entry.sources) {
    state.sources.set(source.id, source)
    state.readAt.set(source.id, entry.at)
  }
  for (const offset of entry.consumed ?? []) state.consumed.set(`${offset.topic} ${offset.partition}`, offset)
  for (const seen of entry.seen ?? []) {
    const key = `${seen.side} ${seen.host}`
    if (seen.us > (state.seen.get(key)?.us ?? Number.NEGATIVE_INFINITY)) state.seen.set(key, seen)
  }
  for (const refused of entry.refused) state.refused.set(refused.path, refused)
  for (const segment of entry.segments) state.segments.push(segment)
  for (const index of entry.indexes) state.indexes.push(index)
  const sources = entry.sources.map(s => s.id)
  state.rejects.push(...entry.rejects.map(file => ({ ...file, sources, at: entry.at })))
  for (const { day, applications } of entry.segments) {
    for (const application of applications) {
      const came = { lastHopAt: entry.at, lastHopSeq: entry.seq, changedSeq: entry.seq }
      Object.assign(dayOf(state, application, day), came)
      state.unlinkedDays.add(dayKey({ application, day }))
    }
  }
}

/** The state of a day; a day that is first heard of is open. */
export function dayOf(state: LedgerState, application: string, day: string): DayState {
  const key = dayKey({ application, day })
  let found = state.days.get(key)
  if (!found) {
    found = {
      application,
      day,
      state: 'open',
      reason: 'new',
      lastHopAt: undefined,
      lastHopSeq: -1,
      changedSeq: -1,
      link: undefined,
      closedWith: undefined,
      earlierLinks: [],
    }
    state.days.set(key, found)
  }
  return found
}
