import { join } from 'node:path'
import type { SegmentRecord } from '../../ledger/entry.ts'
import { publishFile } from '../../store/commit.ts'
import { layout } from '../../store/layout.ts'
import { sealOf } from '../../store/leaves.ts'
import { parquetOptions } from '../../store/parquet.ts'
import { quoteText } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { type Erasing, erasedColumns } from './columns.ts'

/**
 * Writes a segment anew without the person: the same hops in the same order, the table erased_hops says in which of them
 * he stands.
 *
 * @param name of the new file
 */
export async function rewriteSegment(
  store: Store,
  segment: SegmentRecord,
  name: string,
  erasing: Erasing,
): Promise<SegmentRecord> {
  const { db, root } = store
  const { kind, day } = segment
  const facts = `read_parquet(${quoteText(store.file(segment.path))}, hive_partitioning = false, file_row_number = true)`
  const described = await db.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${facts}`)
  const present = new Set(described.map(row => row.column_name))
  const file = join(layout.temporary(root), `erased-${name}.parquet`)
  const rows = await db.run(
    `COPY (SELECT f.* EXCLUDE (file_row_number) REPLACE (${erasedColumns(kind, present, erasing)})
       FROM ${facts} AS f LEFT JOIN (SELECT hop_id, how FROM erased_hops WHERE kind = ${quoteText(kind)}) AS e ON e.hop_id = f.hop_id
       ORDER BY f.file_row_number) TO ${quoteText(file)} (${parquetOptions.facts})`,
  )
  if (rows !== segment.rows)
    throw new Error(`erase: ${rows} rows of ${segment.rows} in ${segment.path}; nothing was changed`)
  const seal = await sealOf(db, { file, kind, day }, store.keys?.salts)
  const { root: _, salts: __, ...kept } = segment
  return { ...kept, ...(await publishFile(store, file, layout.segment(kind, day, name), rows)), ...seal }
}
