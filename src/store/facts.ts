import { sep } from 'node:path'
import type { SegmentRecord } from '../ledger/entry.ts'
import type { LedgerState, StatePart } from '../ledger/state.ts'
import { FACT_COLUMNS, type HopKind } from '../model/hop.ts'
import { gatewayContent } from './gateway-content.ts'
import { quoteIdentifier, quoteText, quoteTexts } from './query.ts'
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
  return relationOf(segments, { state, root, kind })
}

/** Facts of one kind and some days as a FROM item. */
export function factsOfDays(
  state: LedgerState,
  root: string,
  kind: HopKind,
  days: ReadonlySet<string>,
): string {
  const segments = state.segments.filter(s => s.kind === kind && days.has(s.day))
  return relationOf(segments, { state, root, kind })
}

/**
 * Number of the source of a row, as the sources of a state are numbered, over a file that has its own store's numbers in
 * source_id; `filename` is the file.
 */
export function sourceIdOf({ parts = [] }: LedgerState): string {
  if (parts.length === 0) return 'source_id'
  // A store may lie below another: the longer path is the nearer one.
  const cases = [...parts]
    .sort((a, b) => b.root.length - a.root.length)
    .map(part => `WHEN starts_with(filename, ${quoteText(part.root + sep)}) THEN ${numberIn(part)}`)
  return `(CASE ${cases.join(' ')} ELSE source_id END)::INTEGER`
}

function numberIn({ sourceOffset, renumbered }: StatePart): string {
  const own = `source_id + ${sourceOffset}`
  if (renumbered.size === 0) return own
  const pairs = [...renumbered].map(([here, there]) => `${here}: ${there}`)
  return `coalesce(MAP {${pairs.join(', ')}}[source_id], ${own})`
}

interface Wanted {
  readonly state: LedgerState
  readonly root: string
  readonly kind: HopKind
}

function relationOf(segments: readonly SegmentRecord[], { state, root, kind }: Wanted): string {
  // Versions of one record have one first stamp, so that other days can do without the comparison.
  const versioned = new Set(segments.filter(s => s.versions > 0).map(s => s.day))
  const plain = segments.filter(s => !versioned.has(s.day))
  const double = segments.filter(s => versioned.has(s.day))
  const replaced = [
    ...(kind === 'kernel' ? [] : ['raw_id(correlation_raw, correlation_id) AS correlation_raw']),
    ...(state.parts ? [`${sourceIdOf(state)} AS source_id`] : []),
  ]
  const columns = replaced.length === 0 ? '*' : `* REPLACE (${replaced.join(', ')})`
  const read = (files: readonly SegmentRecord[]): string =>
    `SELECT ${columns}
     FROM read_parquet(${quoteTexts(wholeFiles(root, files))}, hive_partitioning = false) AS f`
  if (segments.length === 0) return emptyRelation(FACT_COLUMNS[kind])
  // Of two versions of one record the fuller counts, then the one with the smaller digest.
  const fuller = `${read(double)}
    QUALIFY row_number() OVER (PARTITION BY hop_id ORDER BY field_count DESC, ${gatewayContent('f')}) = 1`
  if (double.length === 0) return `(${read(plain)})`
  return plain.length === 0 ? `(${fuller})` : `(${read(plain)} UNION ALL BY NAME (${fuller}))`
}

/** A relation of these columns without rows. */
export function emptyRelation(columns: readonly { name: string; sql: string }[]): string {
  return `(SELECT ${columns.map(c => `NULL::${c.sql} AS ${quoteIdentifier(c.name)}`).join(', ')} WHERE FALSE)`
}
