import type { Entry, FileRecord, IndexRecord, RefusedRecord, SegmentRecord, SourceRecord } from './entry.ts'

type LinkEntry = Extract<Entry, { kind: 'link' }>
type SubjectsEntry = Extract<Entry, { kind: 'subjects' }>

/** One application and UTC day, as the ledger tells it. */
export interface DayState {
  readonly application: string
  readonly day: string
  state: 'open' | 'closed'
  reason: string
  /** When the last new hop of the day came in, RFC 3339; undefined before the first. */
  lastHopAt: string | undefined
  /** The links in force; undefined before the day was first linked. */
  link: LinkEntry | undefined
}

/** A side of a period that the user declared to be whole. */
export interface Declared {
  readonly side: 'gateway' | 'app'
  readonly from: string
  readonly to: string
}

/**
 * How entries are added up, kept with snapshots. To be raised with every change of what `applyEntry` makes of entries
 * that exist, so that no snapshot of another way counts.
 */
export const FOLD_VERSION = 1

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
  readonly refused: Map<string, RefusedRecord>
  /** Whether the configuration has changed since facts were derived by it. */
  isStale: boolean
  readonly segments: SegmentRecord[]
  readonly indexes: IndexRecord[]
  readonly rejects: FileRecord[]
  readonly declared: Declared[]
  /** Days whose links do not take every hop, or the configuration in force, into account yet: application, a space, day. */
  readonly unlinkedDays: Set<string>
  /** Key: application, a space, day. */
  readonly days: Map<string, DayState>
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
    refused: new Map(),
    isStale: false,
    segments: [],
    indexes: [],
    rejects: [],
    declared: [],
    unlinkedDays: new Set(),
    days: new Map(),
  }
}

/** Applies one entry. */
export function applyEntry(state: LedgerState, entry: Entry, digest: string): void {
  state.head = entry.seq
  state.headDigest = digest
  if (entry.kind === 'created') state.storeId = entry.storeId
  else if (entry.kind === 'config') applyConfig(state, entry)
  else if (entry.kind === 'rederived') applyRederived(state, entry)
  else if (entry.kind === 'reindexed')
    replaceAll(state.indexes, reindexed(state, entry))
  else if (entry.kind === 'subjects') applySubjects(state, entry)
  else if (entry.kind === 'coverage')
    state.declared.push({ side: entry.side, from: entry.from, to: entry.to })
  else if (entry.kind === 'link') dayOf(state, entry.application, entry.day).link = entry
  else if (entry.kind === 'linked')
    for (const day of entry.days) state.unlinkedDays.delete(dayKey({ application: entry.application, day }))
  else if (entry.kind === 'day')
    Object.assign(dayOf(state, entry.application, entry.day), { state: entry.state, reason: entry.reason })
  else applyIngest(state, entry)
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
  relinkAll(state)
}

/** Links were made by what has changed: every day with hops is to be linked again. */
function relinkAll(state: LedgerState): void {
  for (const day of state.days.values()) if (day.lastHopAt) state.unlinkedDays.add(dayKey(day))
}

function applyRederived(state: LedgerState, entry: Extract<Entry, { kind: 'rederived' }>): void {
  const replaced = new Set(entry.replaced)
  const segments = [...state.segments.filter(s => !replaced.has(s.path)), ...entry.segments]
  const indexes = [...state.indexes.filter(i => !replaced.has(i.path)), ...entry.indexes]
  replaceAll(state.segments, segments)
  replaceAll(state.indexes, indexes)
  state.isStale = false
  // What an application had may belong to another now: days are linked again, and those without hops stay empty.
  for (const { day, applications } of entry.segments) {
    for (const application of applications) {
      dayOf(state, application, day).lastHopAt ??= entry.at
      state.unlinkedDays.add(dayKey({ application, day }))
    }
  }
  relinkAll(state)
}

function reindexed(state: LedgerState, entry: Extract<Entry, { kind: 'reindexed' }>): IndexRecord[] {
  const replaced = new Set(entry.replaced)
  return [...state.indexes.filter(i => !replaced.has(i.path)), ...entry.indexes]
}

/** Not by spreading: a call takes only so many arguments. */
function replaceAll<T>(list: T[], next: readonly T[]): void {
  list.length = 0
  for (const item of next) list.push(item)
}

function applyIngest(state: LedgerState, entry: Extract<Entry, { kind: 'ingest' }>): void {
  for (const source of entry.sources) state.sources.set(source.id, source)
  for (const refused of entry.refused) state.refused.set(refused.path, refused)
  for (const segment of entry.segments) state.segments.push(segment)
  for (const index of entry.indexes) state.indexes.push(index)
  for (const file of entry.rejects) state.rejects.push(file)
  for (const { day, applications } of entry.segments) {
    for (const application of applications) {
      dayOf(state, application, day).lastHopAt = entry.at
      state.unlinkedDays.add(dayKey({ application, day }))
    }
  }
}

/** The state of a day; a day that is first heard of is open. */
export function dayOf(state: LedgerState, application: string, day: string): DayState {
  const key = dayKey({ application, day })
  let found = state.days.get(key)
  if (!found) {
    found = { application, day, state: 'open', reason: 'new', lastHopAt: undefined, link: undefined }
    state.days.set(key, found)
  }
  return found
}
