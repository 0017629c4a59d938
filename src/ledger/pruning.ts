import type { DayLinks, Entry } from './entry.ts'
import { type ApplicationDay, type DayState, dayKey, keepOnly, type LedgerState } from './state.ts'

type PrunedEntry = Extract<Entry, { kind: 'pruned' }>

/** What was dropped, up to the last `pruned` entry of whole days. */
export interface Pruning {
  /** Days before this one are gone. */
  readonly before: string
  /** When, RFC 3339, and the number of the entry. */
  readonly at: string
  readonly seq: number
  /** Links of the last pruned days to hops of days that stay, by `dayKey`. */
  readonly borders: ReadonlyMap<string, DayLinks>
  /** Days whose links stay as they are, by `dayKey`. */
  readonly frozen: ReadonlySet<string>
}

/** Applies a tombstone: its files leave the store; days before it are forgotten where whole days went. */
export function applyPruned(state: LedgerState, entry: PrunedEntry): void {
  const gone = new Set(entry.files.map(f => f.path))
  for (const { path, bytes } of entry.files) state.replaced.set(path, { bytes, seq: entry.seq, at: entry.at })
  keepOnly(state.rejects, r => !gone.has(r.path))
  keepOnly(state.reads, r => !gone.has(r.path))
  for (const day of state.days.values()) keepOnly(day.earlierLinks, f => !gone.has(f.path))
  if (entry.only) return
  keepOnly(state.segments, s => !gone.has(s.path))
  keepOnly(state.indexes, i => !gone.has(i.path))
  forgetDays(state, entry)
  state.pruning = {
    before: entry.before,
    at: entry.at,
    seq: entry.seq,
    borders: new Map(entry.borders.map(b => [dayKey(b), b])),
    frozen: new Set(entry.frozen.map(dayKey)),
  }
}

function forgetDays(state: LedgerState, { before, seq }: PrunedEntry): void {
  for (const [key, day] of state.days) {
    // Partners of the first day that stays are gone.
    if (day.day === before) day.changedSeq = seq
    if (day.day >= before) continue
    state.days.delete(key)
    state.unlinkedDays.delete(key)
    state.erasures.frozen.delete(key)
  }
}

/** Why the links of a day stay as they are; undefined where they do not. */
export function whyFrozen(state: LedgerState, day: ApplicationDay): 'pruned' | 'erased' | undefined {
  const key = dayKey(day)
  if (state.pruning?.frozen.has(key)) return 'pruned'
  return state.erasures.frozen.has(key) ? 'erased' : undefined
}

/** Whether the links of a day stay as they are: they were made with facts that are gone. */
export function isFrozen(state: LedgerState, day: ApplicationDay): boolean {
  return whyFrozen(state, day) !== undefined
}

/** Whether a frozen day has hops that came in after it was frozen; nothing links them. */
export function hasLateHops(state: LedgerState, day: DayState): boolean {
  const key = dayKey(day)
  const pruned = state.pruning?.frozen.has(key) ? state.pruning.seq : Number.POSITIVE_INFINITY
  return day.lastHopSeq > Math.min(pruned, state.erasures.frozen.get(key) ?? Number.POSITIVE_INFINITY)
}
