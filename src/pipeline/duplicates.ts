import type { SourceRecord } from '../ledger/entry.ts'
import type { Duplicates } from '../store/dedupe.ts'

/**
 * Writes into the accounting of sources which of their rows become no facts.
 *
 * @param late rows of days that were pruned, by source
 */
export function accountFor(
  sources: ReadonlyMap<number, SourceRecord>,
  duplicates: readonly Duplicates[],
  late: ReadonlyMap<number, number>,
): void {
  for (const [sourceId, rows] of late) {
    const accounting = sources.get(sourceId)?.accounting
    if (accounting) accounting.pruned = (accounting.pruned ?? 0) + rows
  }
  for (const { sourceId, duplicates: rows, byStamp } of duplicates) {
    const accounting = sources.get(sourceId)?.accounting
    if (!accounting) continue
    accounting.duplicates += rows
    if (accounting.duplicates === accounting.decoded) continue
    const edges = [accounting.firstUs, accounting.lastUs]
    accounting.possibleDuplicates += byStamp
      .filter(s => edges.includes(s.us))
      .reduce((sum, s) => sum + s.rows, 0)
  }
}
