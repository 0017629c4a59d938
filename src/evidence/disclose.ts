import { join } from 'node:path'
import type { SegmentRecord } from '../ledger/entry.ts'
import { FACT_COLUMNS, type HopKind } from '../model/hop.ts'
import { personalColumns, restColumns } from '../model/leaf-columns.ts'
import { emptyRelation } from '../store/facts.ts'
import { dayKey, type Salts } from '../store/keys.ts'
import { leafTextSql } from '../store/leaf-text.ts'
import { quoteText, sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { slicesOf } from './population.ts'

const HOPS = sqlFile('./disclosed_hops.sql', import.meta.url)

/** A hop whose personal part is withheld. */
export interface HiddenRow {
  readonly segment: number
  readonly leaf_index: number
  readonly salt_personal: string
  readonly salt_rest: string
  readonly personal: string
  readonly rest: string
  /** Who the hop names, after aliases. */
  readonly person: Readonly<Record<'subject_kind' | 'subject_name' | 'client_ip' | 'peer_ip', string | null>>
}

/** Creates the temp table day_keys: the key of the leaves of each segment. */
async function createDayKeys(
  store: Store,
  segments: readonly SegmentRecord[],
  salts: readonly (Salts | undefined)[],
): Promise<void> {
  const rows = segments.map((s, number) => {
    const own = salts[number]
    // Without a root there is nothing to prove: any salt will do.
    return `(${number}, '${own ? dayKey(own, 'leaf', s.day) : ''}')`
  })
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE day_keys AS SELECT * FROM (VALUES ${rows.join(', ') || "(NULL::INTEGER, '')"}) AS t (segment, day_key)`,
  )
}

/**
 * Hops of the table placed_hops in order, with the texts and salts of their leaves, in batches.
 *
 * @param select what is wanted of the relation disclosed, which has the rows of disclosed_hops.sql, in the order of n and k
 */
export async function* disclosedHops<Row>(
  store: Store,
  segments: readonly SegmentRecord[],
  salts: readonly (Salts | undefined)[],
  select: string,
): AsyncGenerator<Row[]> {
  const { db } = store
  await createDayKeys(store, segments, salts)
  for (const slice of await slicesOf(store)) {
    const used = await db.rows<{ segment: number; first: string; last: string }>(
      `SELECT segment::INTEGER AS segment, min(ts)::VARCHAR AS first, max(ts)::VARCHAR AS last FROM placed_hops WHERE ${slice} GROUP BY segment ORDER BY segment`,
    )
    const texts = used.flatMap(({ segment, first, last }) => {
      const record = segments[segment]
      return record ? [textsOf(store, record, segment, first, last)] : []
    })
    yield* db.stream<Row>(
      `WITH wanted AS (SELECT * FROM placed_hops WHERE ${slice}), leaf_texts AS (${texts.join(' UNION ALL ')}),
       disclosed AS (${HOPS}) ${select}`,
    )
  }
} // biome-ignore format: one line each

/** Canonical texts of the rows of a file that lie between two stamps. */
function textsOf({ root }: Store, { path, kind }: SegmentRecord, segment: number, first: string, last: string): string {
  const stamp = kind === 'gateway' ? 'start_ts' : 'end_ts'
  return `SELECT ${segment} AS segment, hop_id, source_id, line_no, ${leafTextSql(personalColumns(kind))} AS personal, ${leafTextSql(restColumns(kind))} AS rest
    FROM (SELECT * FROM read_parquet(${quoteText(join(root, path))}, hive_partitioning = false)
      UNION ALL BY NAME SELECT * FROM ${emptyRelation(FACT_COLUMNS[kind as HopKind])})
    WHERE ${stamp} BETWEEN ${quoteText(first)}::TIMESTAMP AND ${quoteText(last)}::TIMESTAMP
      AND hop_id IN (SELECT hop_id FROM wanted WHERE segment = ${segment})`
} // biome-ignore format: one line each
