import type { StagedSegment } from '../store/dedupe.ts'
import { type Database, quoteTexts } from '../store/query.ts'

/**
 * Lines of a source that an earlier entry took in, by the id they would have as the first of their kind. Equal lines
 * of one second are numbered within their source, so what is numbered now must know what was numbered before a cut.
 * Lines are written nearly in order of time: two minutes before the cut are enough.
 */
const WINDOW_SECONDS = 120

export async function createCarried(db: Database): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE carried (source_id INTEGER, hop_id UUID, seen BIGINT)')
}

/** Notes the last lines of a source that goes on in the next entry. To be called before its ids are made unique. */
export async function noteCut(
  db: Database,
  sourceId: number,
  staged: readonly StagedSegment[],
): Promise<void> {
  const files = staged.filter(s => s.kind === 'app').map(s => s.file)
  await db.run('CREATE OR REPLACE TEMP TABLE carried_next AS SELECT * FROM carried WHERE FALSE')
  if (files.length === 0) return
  await db.run(
    `INSERT INTO carried_next
     WITH mine AS (SELECT hop_id, end_ts FROM read_parquet(${quoteTexts(files)}) WHERE source_id = $source)
     SELECT $source, hop_id, count(*) + coalesce(max(c.seen), 0)
     FROM mine LEFT JOIN carried AS c USING (hop_id)
     WHERE end_ts >= (SELECT max(end_ts) FROM mine) - to_seconds(${WINDOW_SECONDS})
     GROUP BY hop_id`,
    { source: sourceId },
  )
}

/** Puts the noted lines into force, after the entry. */
export async function applyCut(db: Database): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE carried AS SELECT * FROM carried_next')
}

/** Enters lines that stand before the place where a grown source is resumed. */
export async function carryLines(db: Database, sourceId: number, hopIds: readonly string[]): Promise<void> {
  if (hopIds.length === 0) return
  await db.run(
    `INSERT INTO carried SELECT $source, id::UUID, count(*) FROM (SELECT unnest(string_split($ids, ' ')) AS id) GROUP BY id`,
    { source: sourceId, ids: hopIds.join(' ') },
  )
}
