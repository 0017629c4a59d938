import type { LedgerState } from '../ledger/state.ts'
import { FACT_COLUMNS, type HopKind } from '../model/hop.ts'
import { gatewayContent } from './gateway-content.ts'
import { quoteIdentifier, quoteTexts } from './query.ts'
import { wholeFiles } from './records.ts'

/** A half-open range of stamps, µs since 1970 UTC. */
export interface Range {
  readonly fromUs: number
  readonly toUs: number
}

export const ALWAYS: Range = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY }

/**
 * Facts of one kind as a FROM item. Files whose stamps lie outside the range are not touched; rows outside it may
 * still be among the result, as the range prunes files only.
 */
export function factsRelation(
  state: LedgerState,
  root: string,
  kind: HopKind,
  range: Range = ALWAYS,
): string {
  const segments = state.segments.filter(
    s => s.kind === kind && s.firstUs < range.toUs && s.lastUs >= range.fromUs,
  )
  if (segments.length === 0) return emptyRelation(FACT_COLUMNS[kind])
  const files = quoteTexts(wholeFiles(root, segments))
  const facts = `SELECT * REPLACE (raw_id(correlation_raw, correlation_id) AS correlation_raw)
    FROM read_parquet(${files}, hive_partitioning = false) AS f`
  if (!segments.some(s => s.versions > 0)) return `(${facts})`
  // Of two versions of one record the fuller counts, then the one with the smaller digest.
  return `(${facts} QUALIFY row_number() OVER (PARTITION BY hop_id ORDER BY field_count DESC, ${gatewayContent('f')}) = 1)`
}

/** A relation of these columns without rows. */
export function emptyRelation(columns: readonly { name: string; sql: string }[]): string {
  return `(SELECT ${columns.map(c => `NULL::${c.sql} AS ${quoteIdentifier(c.name)}`).join(', ')} WHERE FALSE)`
}
