import { STAMPS } from './columns.ts'

const SENT = STAMPS.indexOf('target_sent_start_timestamp')
const TARGET_STAMPS = STAMPS.flatMap((name, index) => (name.startsWith('target_') ? [index] : []))

/** What a record says about the call to its target, as byte strings; empty where it does not. */
export interface TargetSigns {
  readonly code: string
  readonly cacheHit: string
  readonly faultCode: string
}

/**
 * Whether the gateway called its target. A stamp alone does not say so: some adapters fill target stamps with the
 * client's, others with 0 or -1; a code, or a stamp that differs from the client's, does. A call without an answer (504)
 * has neither code nor received stamps.
 *
 * @param stamps µs in the order of STAMPS, NaN where absent
 */
export function isTargetCalled({ code, cacheHit, faultCode }: TargetSigns, stamps: Float64Array): boolean {
  if (Number(code) > 0) return true
  if (cacheHit === '1' || cacheHit === 'true') return false
  const receivedUs = stamps[0] ?? Number.NaN
  const sentUs = stamps[SENT] ?? Number.NaN
  if (!(sentUs >= receivedUs)) return false
  // A call that was passed on within the millisecond and never answered has no stamp that differs.
  if (/timeout/i.test(faultCode)) return true
  return TARGET_STAMPS.some(i => !Number.isNaN(stamps[i]) && stamps[i] !== receivedUs)
}
