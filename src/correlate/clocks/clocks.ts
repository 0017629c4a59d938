import type { Database } from '../../store/query.ts'
import { fitClock, QUARTER_US } from './fit.ts'
import type { Bound, ClockPiece } from './piece.ts'

/** Clocks by host: pieces in order, without gaps. A host without a clock is not among them. */
export type Clocks = ReadonlyMap<string, readonly ClockPiece[]>

/** Pairs and their agreement from which a clock is taken as running steadily. */
const STEADY_PAIRS = 20
const STEADY_SHARE = 0.8

/**
 * Reads clocks from a statement whose rows are bounds: clock_host, at_us, low_us, high_us, and weight where a row is a
 * guess; ordered by host and time.
 */
export async function readClocks(
  db: Database,
  sql: string,
  range: { readonly fromUs: number; readonly toUs: number },
): Promise<Clocks> {
  const bounds = new Map<string, Bound[]>()
  for await (const rows of db.stream<{
    clock_host: string
    at_us: number
    low_us: number
    high_us: number
    weight?: number
  }>(sql)) {
    for (const row of rows) {
      const bound = { atUs: row.at_us, lowUs: row.low_us, highUs: row.high_us, weight: row.weight ?? 1 }
      const list = bounds.get(row.clock_host)
      if (list) list.push(bound)
      else bounds.set(row.clock_host, [bound])
    }
  }
  const clocks = [...bounds].map(([host, list]) => [host, fitClock(list, range.fromUs, range.toUs)] as const)
  return new Map(clocks.filter(([, pieces]) => pieces.length > 0))
}

/** Puts clocks into the temp table clock_quarters: one row a host and quarter, its interval the hull of its pieces. */
export async function loadClocks(db: Database, clocks: Clocks): Promise<void> {
  await db.run(
    'CREATE OR REPLACE TEMP TABLE clock_quarters (clock_host VARCHAR, quarter BIGINT, low_us BIGINT, high_us BIGINT, steady BOOLEAN)',
  )
  const rows = [...clocks].flatMap(([host, pieces]) => quarterRows(host, pieces))
  if (rows.length === 0) return
  await db.run(
    `INSERT INTO clock_quarters SELECT o.host, o.quarter, o.low, o.high, o.steady
     FROM (SELECT unnest(from_json($json, '[{"host":"VARCHAR","quarter":"BIGINT","low":"BIGINT","high":"BIGINT","steady":"BOOLEAN"}]')) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

interface QuarterRow {
  readonly host: string
  readonly quarter: number
  readonly low: number
  readonly high: number
  readonly steady: boolean
}

function quarterRows(host: string, pieces: readonly ClockPiece[]): QuarterRow[] {
  const rows = new Map<number, QuarterRow>()
  for (const piece of pieces) {
    const quarter = Math.floor(piece.fromUs / QUARTER_US)
    const before = rows.get(quarter)
    const isSteady = piece.pairs >= STEADY_PAIRS && piece.agreeing >= STEADY_SHARE * piece.pairs
    rows.set(quarter, {
      host,
      quarter,
      low: Math.floor(Math.min(piece.lowUs, before?.low ?? Number.POSITIVE_INFINITY)),
      high: Math.ceil(Math.max(piece.highUs, before?.high ?? Number.NEGATIVE_INFINITY)),
      steady: isSteady && before?.steady !== false,
    })
  }
  return [...rows.values()]
}
