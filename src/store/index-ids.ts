import type { HopKind } from '../model/hop.ts'
import { selectSides } from './index-sides.ts'
import { parquetOptions } from './parquet.ts'
import { type Database, quoteText } from './query.ts'

/**
 * The texts by which a person may look up a hop, as SELECT lists over its facts. One plain list each: DuckDB reads
 * them several times faster than one list of lists.
 */
const SHARED_IDS = [
  'hex_id(hop_id) AS id',
  'correlation_id AS id',
  "unnest(string_split(correlation_id, '.')) AS id WHERE contains(correlation_id, '.')",
  "unnest(list_transform(other_ids, o -> substr(o, instr(o, '=') + 1))) AS id WHERE other_ids IS NOT NULL",
  'lower(substr(traceparent, 4, 32)) AS id WHERE traceparent IS NOT NULL',
  // The id of a trace that a correlation id without the form of one gives.
  "trace_of_id(correlation_id) AS id WHERE correlation_id IS NOT NULL AND NOT regexp_full_match(correlation_id, '[0-9a-f]{32}')",
]
const IDS = {
  gateway: [...SHARED_IDS, 'message_id AS id'],
  app: [...SHARED_IDS, 'arr_log_id AS id WHERE arr_log_id IS NOT NULL'],
  kernel: ['hex_id(hop_id) AS id'],
} as const

/**
 * Writes the sorted id index of a day's new segments: columns key (UINTEGER, `id_key32` of the id), side (g, a or k) and
 * minute of the day (USMALLINT). A key that two ids share costs a look at the facts of a minute, and no answer.
 *
 * @returns the number of keys
 */
export async function writeIdIndex(
  db: Database,
  staged: readonly { readonly kind: HopKind; readonly file: string }[],
  target: string,
): Promise<number> {
  return db.run(
    `COPY (
       SELECT id_key32(id) AS key, side, (epoch_us(ts) // 60000000 % 1440)::USMALLINT AS minute
       FROM (${selectSides(staged, IDS)}) WHERE length(id) >= 4 ORDER BY key
     ) TO ${quoteText(target)} (${parquetOptions.index})`,
  )
}
