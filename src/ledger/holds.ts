import type { Entry, FileRecord } from './entry.ts'
import type { LedgerState } from './state.ts'

/** A hold as its entries tell it. What it is about stands in its file. */
export interface HoldState {
  /** Number of its entry; the hold is known by it. */
  readonly seq: number
  /** Undefined once it was dropped: the hold was released, and named a person who was erased. */
  readonly file: FileRecord | undefined
  /** When it was made, RFC 3339, and by whom. */
  readonly at: string
  readonly who: string
  /** When it ends by itself, RFC 3339. */
  readonly until?: string
  readonly released?: { readonly at: string; readonly why: string; readonly who: string }
}

export function applyHold(state: LedgerState, entry: Extract<Entry, { kind: 'hold' }>): void {
  const { seq, file, at, who, until } = entry
  state.holds.set(seq, { seq, file, at, who, ...(until === undefined ? {} : { until }) })
}

/** A release of what is no hold changes nothing. */
export function applyReleased(state: LedgerState, entry: Extract<Entry, { kind: 'released' }>): void {
  const hold = state.holds.get(entry.hold)
  if (!hold) return
  const { at, why, who } = entry
  state.holds.set(hold.seq, { ...hold, released: hold.released ?? { at, why, who } })
}

/**
 * Whether a hold keeps its requests.
 *
 * @param nowMs milliseconds since 1970 UTC
 */
export function isInForce({ released, until }: HoldState, nowMs: number): boolean {
  return !released && !(until !== undefined && Date.parse(until) <= nowMs)
}
