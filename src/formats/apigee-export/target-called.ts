import { KNOWN, STAMPS } from './columns.ts'
import type { Stamp } from './stamps.ts'

const CODE = KNOWN.indexOf('target_response_code')
const CACHE = KNOWN.indexOf('cache_hit')
const FAULT = KNOWN.indexOf('ax_edge_execution_fault_code')
const SENT = STAMPS.indexOf('target_sent_start_timestamp')
const TARGET_STAMPS = STAMPS.flatMap((name, index) => (name.startsWith('target_') ? [index] : []))

/**
 * Whether the gateway called its target, from the known columns and the stamps of a record. A stamp alone does not say
 * so: some adapters fill target stamps with the client's, others with 0 or -1; a code, or a stamp that differs from the
 * client's, does. A call without an answer (504) has neither code nor received stamps.
 */
export function isTargetCalled(known: readonly string[], stamps: readonly (Stamp | undefined)[]): boolean {
  if (Number(known[CODE]) > 0) return true
  if (known[CACHE] === '1' || known[CACHE] === 'true') return false
  const receivedUs = stamps[0]?.us ?? 0
  const sentUs = stamps[SENT]?.us
  if (sentUs === undefined || sentUs < receivedUs) return false
  // A call that was passed on within the millisecond and never answered has no stamp that differs.
  if (/timeout/i.test(known[FAULT] ?? '')) return true
  return TARGET_STAMPS.some(i => (stamps[i]?.us ?? receivedUs) !== receivedUs)
}
