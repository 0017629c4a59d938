import type { HopKind } from '../model/hop.ts'
import { type Database, quoteTexts } from './query.ts'

/**
 * Which log a row stood in, and at which offset, as far as the shipper told that wrapped it (attributes
 * `log.file.path` and `log.offset`); NULL for rows that were read from their log itself.
 */
export const SHIPPED_FROM = {
  log: `CASE WHEN contains(attributes, '"log.file.path":"') THEN json_extract_string(attributes, '$."log.file.path"') END`,
  spot: `CASE WHEN contains(attributes, '"log.offset":"') THEN TRY_CAST(json_extract_string(attributes, '$."log.offset"') AS UBIGINT) END`,
}

/** The id of the n-th line that equals a first one, from 0, in SQL. */
export function nthId(first: string, n: string): string {
  return `CASE WHEN ${n} = 0 THEN ${first} ELSE sha256(hex_id(${first}) || '#' || ${n})[:32]::UUID END`
}

/**
 * Fills delivered (first_id, log, spot): what the store has of lines that equal one of repeated_lines, each with its
 * place in its log. So a line that is delivered again, at whatever time and in whatever source, is known by its place,
 * and one that equals another but stands elsewhere gets the next number.
 *
 * @param files published segments that may hold them
 */
export async function findDelivered(db: Database, kind: HopKind, files: readonly string[]): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE siblings AS SELECT DISTINCT first_id, first_id AS hop_id FROM repeated_lines WHERE spot IS NOT NULL;
     CREATE OR REPLACE TEMP TABLE found AS SELECT first_id, log, spot FROM repeated_lines WHERE FALSE;
     CREATE OR REPLACE TEMP TABLE delivered AS SELECT * FROM found`,
  )
  if (kind === 'gateway' || files.length === 0) return
  // Numbers have no gap: where no line has one, none has a higher one.
  for (let n = 1; ; n++) {
    const { lines } = await db.row<{ lines: string }>('SELECT count(*) AS lines FROM siblings')
    if (lines === '0') return
    await db.run(
      `CREATE OR REPLACE TEMP TABLE found AS
       SELECT s.first_id, ${SHIPPED_FROM.log} AS log, ${SHIPPED_FROM.spot} AS spot
       FROM read_parquet(${quoteTexts(files)}) AS f JOIN siblings AS s ON f.hop_id = s.hop_id;
       INSERT INTO delivered SELECT DISTINCT * FROM found WHERE log IS NOT NULL AND spot IS NOT NULL;
       CREATE OR REPLACE TEMP TABLE siblings AS
       SELECT first_id, ${nthId('first_id', String(n))} AS hop_id FROM (SELECT DISTINCT first_id FROM found)`,
    )
  }
}
