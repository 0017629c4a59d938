import type { IndexRecord } from '../ledger/entry.ts'
import type { LedgerState, StatePart } from '../ledger/state.ts'
import { dayNumber, dayText } from '../model/time.ts'
import { placedFrom } from '../store/united.ts'

/** How many days around one may hold hops or claims that its requests depend on. */
const NEAR = [-2, -1, 0, 1, 2]

/** Days with facts, in order. */
export function daysWithHops(state: LedgerState): string[] {
  return [...new Set(state.segments.map(s => s.day))].sort()
}

/** Derived files of a kind and shape that still say what facts and links say, by day. */
export function readyDays(
  state: LedgerState,
  shape: string,
  kind: 'requests' | 'findings' = 'requests',
  reach?: Reach,
): Map<string, readonly IndexRecord[]> {
  if (state.parts) return readyInAll(state.parts, shape, kind)
  const changed = dayChanges(state, reach)
  const ready = state.indexes.filter(
    i => i.kind === kind && i.shape === shape && changed(i.day).seq <= (i.upTo ?? -1),
  )
  return new Map(ready.map(index => [index.day, [index]]))
}

/**
 * The same of several stores that are read as one: days that each of them that has hops of it has ready. What rules say of
 * a day can rest on the logs of all of them: none has it ready.
 */
function readyInAll(
  parts: readonly StatePart[],
  shape: string,
  kind: 'requests' | 'findings',
): Map<string, readonly IndexRecord[]> {
  const ready = new Map<string, IndexRecord[]>()
  if (kind === 'findings') return ready
  const lacking = new Set<string>()
  for (const part of parts) {
    const own = readyDays(part.state, shape, kind)
    for (const day of daysWithHops(part.state)) {
      const files = (own.get(day) ?? []).map(placedFrom(part))
      if (files.length === 0) lacking.add(day)
      ready.set(day, [...(ready.get(day) ?? []), ...files])
    }
  }
  for (const day of lacking) ready.delete(day)
  return ready
}

/** Days that have settled: they and their neighbours are closed and linked. Their requests can be made ready. */
export function settledDays(state: LedgerState): string[] {
  const changed = dayChanges(state)
  return daysWithHops(state).filter(day => changed(day).isSettled)
}

export interface DayChange {
  /** The last entry that may have changed the requests of a day. */
  readonly seq: number
  /** Whether the day and its neighbours are closed and linked. */
  readonly isSettled: boolean
}

/** Numbers of days, both included. */
export type Reach = (day: string) => { readonly from: number; readonly to: number }

/**
 * How a day, or a neighbour on whose hops and claims its requests depend, has changed last.
 *
 * @param reach days further away on which it depends as well, once they are closed: what is still written to there does
 *   not count, or each line of today would change the days of two weeks
 */
export function dayChanges(state: LedgerState, reach?: Reach): (day: string) => DayChange {
  const own = new Map<string, { seq: number; isSettled: boolean }>()
  for (const [key, { day, changedSeq, state: is }] of state.days) {
    const found = own.get(day) ?? { seq: -1, isSettled: true }
    const isSettled = is === 'closed' && !state.unlinkedDays.has(key)
    own.set(day, {
      seq: Math.max(found.seq, changedSeq),
      isSettled: found.isSettled && isSettled,
    })
  }
  return day => {
    const near = NEAR.flatMap(n => own.get(dayText(dayNumber(day) + n)) ?? [])
    const far = reach ? daysIn(reach(day)).flatMap(it => own.get(it) ?? []) : []
    const seqs = [...near, ...far.filter(it => it.isSettled)].map(it => it.seq)
    return { seq: Math.max(-1, ...seqs), isSettled: near.every(n => n.isSettled) }
  }
}

function daysIn({ from, to }: { readonly from: number; readonly to: number }): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => dayText(from + i))
}
