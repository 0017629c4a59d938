import type { DayLinks } from './entry.ts'
import { type ApplicationDay, type DayState, dayKey, type LedgerState } from './state.ts'

/** What was dropped, up to the last `pruned` entry. */
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

/** Whether the links of a day stay as they are: they were made with the facts of a day that is gone. */
export function isFrozen(state: LedgerState, day: ApplicationDay): boolean {
  return state.pruning?.frozen.has(dayKey(day)) === true
}

/** Whether a frozen day has hops that came in after it was frozen; nothing links them. */
export function hasLateHops(state: LedgerState, day: DayState): boolean {
  return isFrozen(state, day) && day.lastHopSeq > (state.pruning?.seq ?? 0)
}
