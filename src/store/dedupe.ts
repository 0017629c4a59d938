import { join } from 'node:path'
import { moveOver } from '../ledger/durable.ts'
import type { SegmentRecord } from '../ledger/entry.ts'
import { type HopKind, stampOf } from '../model/hop.ts'
import { erasedMark } from './erased-mark.ts'
import { gatewayContent } from './gateway-content.ts'
import { parquetOptions } from './parquet.ts'
import { type Database, quoteText, quoteTexts, sqlFile } from './query.ts'
import { findDelivered, nthId, SHIPPED_FROM } from './shipped.ts'

/** A Parquet file of facts that no ledger entry names yet. */
export interface StagedSegment {
  readonly kind: HopKind
  readonly day: string
  readonly file: string
  rows: number
  readonly firstUs: number
  readonly lastUs: number
  versions: number
  /** Tree over its rows; undefined where it is not known (any more). */
  seal?: Pick<SegmentRecord, 'root' | 'salts'> | undefined
}

/** Decoded lines that became no new fact, by source. */
export interface Duplicates {
  readonly sourceId: number
  readonly duplicates: number
  /**
   * Stamps (µs) of the dropped rows and how many each, for the report of cuts inside a second; without those whose
   * place in their log says that they were delivered twice.
   */
  readonly byStamp: readonly { us: number; rows: number }[]
}

interface DedupeContext {
  readonly db: Database
  readonly root: string
  readonly published: readonly SegmentRecord[]
  /** What stands for people who were erased. */
  readonly erasedNames: ReadonlySet<string>
}

/**
 * Makes hop ids unique over the staged segments of one kind and the store. Two equal lines of one source are two
 * hops: the second gets an id of its own by its ordinal. The same line in two sources is one hop: the first stays.
 * Lines that a shipper has wrapped are numbered by their offsets in their log instead, whichever source they came in:
 * the same offset is the same line.
 * Where a person was erased from a stored hop, no version of it comes in again: it would bring the person back.
 * Where nothing repeats (the normal case) the segments stay as they are, at the cost of one narrow scan.
 */
export async function dedupe(
  context: DedupeContext,
  kind: HopKind,
  staged: StagedSegment[],
): Promise<Duplicates[]> {
  if (staged.length === 0) return []
  const { db } = context
  await findRepeats(context, kind, staged)
  const { n } = await db.row<{ n: string }>('SELECT count(*) AS n FROM repeated_ids')
  if (n === '0') return []
  await decide(context, kind, staged)
  const dropped = await db.rows<{ source_id: number; us: string; rows: string; doubtful: string }>(
    `SELECT source_id, us, count(*) AS rows, count(*) FILTER (WHERE NOT is_again) AS doubtful
     FROM decisions WHERE NOT keep GROUP BY ALL ORDER BY ALL`,
  )
  await rewrite(db, staged)
  return groupBySource(dropped)
}

/** Fills repeated_ids with every id that stands more than once among staged rows, carried rows or the store. */
async function findRepeats(
  { db, root, published }: DedupeContext,
  kind: HopKind,
  staged: StagedSegment[],
): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE repeated_ids AS
    SELECT hop_id FROM read_parquet(${filesOf(staged)}) GROUP BY hop_id HAVING count(*) > 1`)
  for (const segment of staged) {
    const overlapping = published.filter(
      p => p.kind === kind && p.firstUs <= segment.lastUs && p.lastUs >= segment.firstUs,
    )
    if (overlapping.length === 0) continue
    const stamp = stampOf(kind)
    await db.run(
      `INSERT INTO repeated_ids SELECT s.hop_id FROM read_parquet(${quoteText(segment.file)}) AS s
       SEMI JOIN (SELECT hop_id FROM read_parquet(${quoteTexts(overlapping.map(o => join(root, o.path)))})
         WHERE ${stamp} BETWEEN make_timestamp($from::BIGINT) AND make_timestamp($to::BIGINT)) AS p USING (hop_id)`,
      { from: BigInt(segment.firstUs), to: BigInt(segment.lastUs) },
    )
  }
}

/**
 * Fills decisions: one row for each staged row whose id repeats, with its final id and whether it is kept.
 * Gateway rows with an id of their own are equal only with equal content; another content is a second version.
 */
async function decide(
  { db, root, published, erasedNames }: DedupeContext,
  kind: HopKind,
  staged: StagedSegment[],
): Promise<void> {
  const isLine = kind !== 'gateway'
  const stamp = stampOf(kind)
  const content = isLine ? 'f.hop_id' : gatewayContent('f')
  const counted = isLine ? 'TRUE' : 'message_id IS NULL'
  const files = published
    .filter(p => p.kind === kind && staged.some(s => p.firstUs <= s.lastUs && p.lastUs >= s.firstUs))
    .map(f => join(root, f.path))
  await db.run(
    `CREATE OR REPLACE TEMP TABLE repeated_lines AS
     SELECT hop_id AS first_id, ${content} AS content, ${counted} AS counted, source_id, line_no, epoch_us(${stamp}) AS us,
       ${isLine ? SHIPPED_FROM.log : 'NULL::VARCHAR'} AS log, ${isLine ? SHIPPED_FROM.spot : 'NULL::UBIGINT'} AS spot
     FROM read_parquet(${filesOf(staged)}) AS f SEMI JOIN repeated_ids USING (hop_id)`,
  )
  await findDelivered(db, kind, files)
  const known = files.length
    ? `SELECT hop_id, ${content} AS content, ${erasedMark('f', kind, erasedNames)} AS erased FROM read_parquet(${quoteTexts(files)}) AS f SEMI JOIN final_ids USING (hop_id)`
    : 'SELECT NULL::UUID AS hop_id, NULL::UUID AS content, FALSE AS erased WHERE FALSE'
  await db.run(
    `CREATE OR REPLACE TEMP TABLE decisions AS
    WITH numbered AS (${NUMBERED}), identified AS (
      SELECT *, CASE WHEN NOT counted THEN first_id ELSE ${nthId('first_id', 'ordinal')} END AS final_id
      FROM numbered
    ), final_ids AS (
      SELECT DISTINCT final_id AS hop_id FROM identified
    ), known AS (${known}), ranked AS (
      SELECT *, row_number() OVER (PARTITION BY final_id, CASE WHEN ${isLine} THEN final_id ELSE content END
        ORDER BY source_id, line_no) AS place
      FROM identified
    )
    SELECT r.first_id, r.source_id, r.line_no, r.us, r.final_id, r.is_again,
      r.place = 1 AND k.hop_id IS NULL AND e.hop_id IS NULL AS keep,
      NOT ${isLine} AND EXISTS (SELECT 1 FROM ranked AS o WHERE o.final_id = r.final_id AND o.content <> r.content)
        OR (NOT ${isLine} AND EXISTS (SELECT 1 FROM known AS o WHERE o.hop_id = r.final_id AND o.content <> r.content)) AS version
    FROM ranked AS r LEFT JOIN (SELECT DISTINCT hop_id, content FROM known) AS k
      ON k.hop_id = r.final_id AND (${isLine} OR k.content = r.content)
    LEFT JOIN (SELECT DISTINCT hop_id FROM known WHERE erased) AS e ON e.hop_id = r.final_id`,
  )
}

/** Repeated lines with their number among equal ones, from 0, and whether their place in their log came before. */
const NUMBERED = sqlFile('./numbered_lines.sql', import.meta.url)

async function rewrite(db: Database, staged: StagedSegment[]): Promise<void> {
  for (const segment of staged) {
    const file = quoteText(segment.file)
    const touched = await db.row<{ changed: string; versions: string }>(
      `SELECT count(*) FILTER (WHERE NOT d.keep OR d.final_id <> d.first_id) AS changed,
         count(*) FILTER (WHERE d.keep AND d.version) AS versions
       FROM read_parquet(${file}) AS s JOIN decisions AS d USING (source_id, line_no)`,
    )
    segment.versions = Number(touched.versions)
    if (touched.changed === '0') continue
    segment.rows = await db.run(
      `COPY (SELECT s.* REPLACE (coalesce(d.final_id, s.hop_id) AS hop_id)
         FROM read_parquet(${file}) AS s LEFT JOIN decisions AS d USING (source_id, line_no)
         WHERE coalesce(d.keep, TRUE)) TO ${quoteText(`${segment.file}.kept`)} (${parquetOptions.facts})`,
    )
    moveOver(`${segment.file}.kept`, segment.file)
    segment.seal = undefined
  }
}

function groupBySource(
  rows: readonly { source_id: number; us: string; rows: string; doubtful: string }[],
): Duplicates[] {
  const bySource = new Map<number, { duplicates: number; byStamp: { us: number; rows: number }[] }>()
  for (const row of rows) {
    const found = bySource.get(row.source_id) ?? { duplicates: 0, byStamp: [] }
    found.duplicates += Number(row.rows)
    if (row.doubtful !== '0') found.byStamp.push({ us: Number(row.us), rows: Number(row.doubtful) })
    bySource.set(row.source_id, found)
  }
  return [...bySource].map(([sourceId, found]) => ({ sourceId, ...found }))
}

function filesOf(staged: readonly StagedSegment[]): string {
  return quoteTexts(staged.map(s => s.file))
}
