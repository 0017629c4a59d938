import type { LedgerState } from '../ledger/state.ts'
import { count, safe } from './output.ts'

/**
 * What stands behind the ledger, for `status`.
 *
 * @param signed entries that the checkpoint in the store covers; undefined without one that is right
 */
export function ledgerLine({ head, keys, anchored }: LedgerState, signed: number | undefined): string {
  const entries = `${count(head + 1)} ${head === 0 ? 'entry' : 'entries'}`
  if (keys.length === 0) return `${entries}, not signed: the next command that writes makes a key`
  const since = signed === undefined ? 0 : head + 1 - signed
  const behind = since > 0 ? `, ${count(since)} not signed yet` : ''
  const isSigned = signed === undefined ? 'not signed' : `signed${behind}`
  const key = keys.at(-1)?.fingerprint.slice(0, 16)
  if (anchored)
    return `${entries}, ${isSigned} (key ${key}); ${count(anchored.size)} anchored on ${anchored.at.slice(0, 10)}: ${safe(anchored.where)}`
  return `${entries}, ${isSigned} (key ${key}); not anchored: nothing outside the store vouches for it yet, see docs/anchoring.md`
}
