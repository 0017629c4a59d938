import type { LedgerState, Suppression } from '../ledger/state.ts'

/** The decision that holds for an incident at a moment: its own, else that about its series. */
export function suppressionOf(
  { suppressions }: LedgerState,
  incident: string,
  series: string,
  nowMs: number,
): Suppression | undefined {
  const holds = (it: Suppression | undefined): boolean => it !== undefined && Date.parse(it.until) > nowMs
  return [suppressions.get(incident), suppressions.get(series)].find(holds)
}
