import type { HopKind } from '../model/hop.ts'

/**
 * How files that are read by parts are laid out. A row group is the least that is decoded for one row, and each costs a
 * column's worth of opening. Version 2 of the encodings writes numbers that grow, such as stamps and offsets, as
 * differences. Level 1 costs 2 % more room than level 3 and 8 % less time.
 */
export const parquetOptions = {
  /** ORDER BY of compacted facts; a total order. */
  order: {
    gateway: 'start_ts, hop_id, source_id, line_no',
    app: 'end_ts, hop_id',
    kernel: 'end_ts, hop_id',
  } satisfies Record<HopKind, string>,
  /** The same of index files. */
  indexOrder: {
    id: 'key, side, minute',
    subject: 'key, side, subject_kind, subject_issuer, subject_name, first_ts',
  },
  facts: 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 32768',
  links: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480',
  index: 'FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, ROW_GROUP_SIZE 20480',
  requests: 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192',
}
