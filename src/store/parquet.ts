import type { IndexRecord } from '../ledger/entry.ts'
import type { HopKind } from '../model/hop.ts'

/**
 * How files that are read by parts are laid out.
 *
 * Compacted facts are sorted by subject: the rows of one person stand in one or two row groups of a day instead of in
 * all of them, and their values repeat, which compresses well. Linking reads days as a whole and does not mind; a hop that is
 * looked up by its id is found by its stamp, a narrow column.
 */
export const parquetOptions = {
  /** ORDER BY of compacted facts; a total order. */
  order: {
    gateway: 'subject_name, start_ts, hop_id, content_digest',
    app: 'subject_name, end_ts, hop_id',
  } satisfies Record<HopKind, string>,
  /** The same of index files. */
  indexOrder: {
    id: 'key, side, ts',
    subject: 'key, side, subject_kind, subject_issuer, subject_name, first_ts',
  } satisfies Record<IndexRecord['kind'], string>,
  facts: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192',
  links: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480',
  index: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480',
}
