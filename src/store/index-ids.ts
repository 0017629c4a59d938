import type { StagedSegment } from './dedupe.ts'
import { type Database, quoteText, quoteTexts } from './query.ts'

/** Ids of one kind of facts: the side, the stamp that finds the row, and every text a person may paste. */
const GATEWAY_KEYS = `
  SELECT 'g' AS side, start_ts AS ts, unnest(list_filter(list_distinct(flatten([
    [hex_id(hop_id), message_id, correlation_id, substr(traceparent, 4, 32)],
    CASE WHEN contains(correlation_id, '.') THEN string_split(correlation_id, '.') END,
    list_transform(other_ids, o -> substr(o, instr(o, '=') + 1))
  ])), k -> k IS NOT NULL AND length(k) >= 4)) AS id`
const APP_KEYS = GATEWAY_KEYS.replace("'g' AS side, start_ts", "'a' AS side, end_ts").replace(
  'message_id',
  'arr_log_id',
)

/**
 * Writes the sorted id index of a day's new segments: columns key (UBIGINT, `id_key` of the id), side (g or a) and ts.
 *
 * @returns the number of keys
 */
export async function writeIdIndex(
  db: Database,
  staged: readonly StagedSegment[],
  target: string,
): Promise<number> {
  const parts = (['gateway', 'app'] as const).flatMap(kind => {
    const files = staged.filter(s => s.kind === kind).map(s => s.file)
    return files.length
      ? [`${kind === 'app' ? APP_KEYS : GATEWAY_KEYS} FROM read_parquet(${quoteTexts(files)})`]
      : []
  })
  return db.run(
    `COPY (SELECT id_key(id) AS key, side, ts FROM (${parts.join(' UNION ALL ')}) ORDER BY key, side, ts)
     TO ${quoteText(target)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20000)`,
  )
}
