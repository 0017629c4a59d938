import type { HopKind } from '../model/hop.ts'

/**
 * How files that are read by parts are laid out. A row group is the least that is decoded for one row, and each costs a
 * column's worth of opening: 16 k rows is where the two meet (measured over 30 files of 60 columns).
 */
export const parquetOptions = {
  /** ORDER BY of compacted facts; a total order. */
  order: {
    gateway: 'start_ts, hop_id, content_digest',
    app: 'end_ts, hop_id',
  } satisfies Record<HopKind, string>,
  /** The same of index files. */
  indexOrder: {
    id: 'key, side, ts',
    subject: 'key, side, subject_kind, subject_issuer, subject_name, first_ts',
  },
  facts: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384',
  links: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480',
  index: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480',
  requests: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192',
}
