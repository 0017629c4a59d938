import type { HopKind } from '../model/hop.ts'
import { selectSides } from './index-sides.ts'
import { parquetOptions } from './parquet.ts'
import { type Database, quoteText } from './query.ts'

/** HTTPERR names nobody. */
const NOBODY = [
  'NULL::VARCHAR AS subject_kind, NULL::VARCHAR AS subject_issuer, NULL::VARCHAR AS subject_name WHERE FALSE',
]
const SUBJECT = ['subject_kind, subject_issuer, subject_name WHERE subject_name IS NOT NULL']

/**
 * Writes the sorted subject index of new files of one day: one row a subject and side, columns key (UBIGINT, `id_key` of the name in
 * lower case), side (g or a), subject_kind, subject_issuer, subject_name as the facts have them, hops, first_ts and
 * last_ts. Aliases play no part in it: they apply when it is read.
 *
 * @returns the number of rows
 */
export async function writeSubjectIndex(
  db: Database,
  staged: readonly { readonly kind: HopKind; readonly file: string }[],
  target: string,
): Promise<number> {
  return db.run(
    `COPY (
       SELECT id_key(lower(subject_name)) AS key, side, subject_kind, subject_issuer, subject_name,
         count(*)::BIGINT AS hops, min(ts) AS first_ts, max(ts) AS last_ts
       FROM (${selectSides(staged, { gateway: SUBJECT, app: SUBJECT, kernel: NOBODY })})
       GROUP BY ALL ORDER BY key, side, subject_kind, subject_issuer, subject_name
     ) TO ${quoteText(target)} (${parquetOptions.index})`,
  )
}
