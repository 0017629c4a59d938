import type { ApplicationDay } from '../ledger/state.ts'
import type { Store } from '../store/store.ts'
import type { Output } from './output.ts'

/** Days as text; with their applications where the store knows several. */
export function dayNames({ state }: Store, days: readonly ApplicationDay[]): string {
  const several = new Set([...state.days.values()].map(d => d.application)).size > 1
  return days.map(d => (several ? `${d.application} ${d.day}` : d.day)).join(', ')
}

/** Says so where facts were derived by another configuration than the one in force. */
export function warnStale(out: Output, { state }: Store): void {
  if (state.isStale)
    out.warn(
      'the configured applications or id and subject fields have changed since hops were read: hops that were read before keep what they had. Run: throughline link --rederive',
    )
}
