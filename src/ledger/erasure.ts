import type { Entry, FileRecord } from './entry.ts'
import { dayKey, keepOnly, type LedgerState } from './state.ts'

type ErasedEntry = Extract<Entry, { kind: 'erased' }>

/** What is kept of all erasures. */
export interface Erasures {
  /** What stands for the people who were erased. */
  readonly names: Set<string>
  /** Days whose links stay as they are, by `dayKey`, with the entry since when. */
  readonly frozen: Map<string, number>
}

export function noErasures(): Erasures {
  return { names: new Set(), frozen: new Map() }
}

/** Puts the files without the person in the place of those before; these go as soon as no reader needs them. */
export function applyErased(state: LedgerState, entry: ErasedEntry): void {
  const replaced = new Set(entry.replaced)
  const gone = [
    ...[...entry.rewritten, ...entry.rejects, ...entry.reads].map(pair => pair.old),
    ...state.indexes.filter(i => replaced.has(i.path)),
    ...entry.subjectsFiles,
    ...entry.holds,
  ]
  for (const { path, bytes } of gone)
    state.replaced.set(path, { bytes, seq: entry.seq, at: entry.at, isErased: true })
  const old = new Set(entry.rewritten.map(pair => pair.old.path))
  keepOnly(
    state.segments,
    s => !old.has(s.path),
    entry.rewritten.map(pair => pair.new),
  )
  keepOnly(state.indexes, i => !replaced.has(i.path), entry.indexes)
  rewriteIn(state.rejects, entry.rejects)
  rewriteIn(state.reads, entry.reads)
  dropHoldFiles(state, entry)
  state.erasures.names.add(entry.erasedAs)
  freeze(state, entry)
}

function rewriteIn<T extends FileRecord>(files: T[], pairs: ErasedEntry['rejects']): void {
  const next = new Map(pairs.map(pair => [pair.old.path, pair.new]))
  for (const [place, file] of files.entries()) files[place] = { ...file, ...next.get(file.path) }
}

function dropHoldFiles({ holds }: LedgerState, entry: ErasedEntry): void {
  const paths = new Set(entry.holds.map(f => f.path))
  for (const hold of holds.values())
    if (hold.file && paths.has(hold.file.path)) holds.set(hold.seq, { ...hold, file: undefined })
}

function freeze({ days, erasures }: LedgerState, { seq, frozen, rewritten }: ErasedEntry): void {
  for (const day of frozen) {
    const key = dayKey(day)
    erasures.frozen.set(key, erasures.frozen.get(key) ?? seq)
  }
  const touched = new Set([...rewritten.map(pair => pair.new.day), ...frozen.map(f => f.day)])
  for (const day of days.values()) if (touched.has(day.day)) day.changedSeq = seq
}
