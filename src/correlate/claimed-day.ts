import { hash } from 'node:crypto'
import { moveOver } from '../ledger/durable.ts'
import type { ApplicationDay } from '../ledger/state.ts'
import { type Database, quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'

/** What a set of claims is, in numbers. */
interface Summary {
  /** Equal claims, equal hash, in whatever order they stand. */
  readonly contentHash: string
  readonly rows: number
  /** Rows by verdict; `crossing`: claims that another day may have too, as the app hop is of that day or near it. */
  readonly counts: Readonly<Record<string, number>>
}

const ROW_TEXT = `concat_ws('|', app_hop_id, gateway_hop_id, verdict, method, posterior, runner_up, candidates, id,
  gateway_field, app_field, how, reasons, duration_residual_us, ahead_us, clock_low_us, clock_high_us, nobody, log_duration,
  log_place, log_values, log_alone, place_residual_us, calibrated)`

/**
 * Describes claims. Each row is spread by MD5 and the halves are added up, which detects change without sorting; what
 * protects the file is its SHA-256 in the ledger.
 *
 * @param relation FROM item with the columns of id_claims.sql
 */
async function describeClaims(db: Database, relation: string, day: string): Promise<Summary> {
  const row = await db.row<{ n: string; low: string; high: string; crossing: string }>(
    `SELECT count(*)::VARCHAR AS n, coalesce(sum((m >> 64)::HUGEINT), 0)::VARCHAR AS low,
       coalesce(sum((m & 18446744073709551615)::HUGEINT), 0)::VARCHAR AS high,
       count(*) FILTER (WHERE verdict IN ('linked', 'lost') AND (app_day <> $day::DATE OR near_midnight))::VARCHAR AS crossing
     FROM (SELECT verdict, app_day, near_midnight, md5_number(${ROW_TEXT}) AS m FROM ${relation})`,
    { day },
  )
  const verdicts = await db.rows<{ verdict: string; n: string }>(
    `SELECT verdict, count(*)::VARCHAR AS n FROM ${relation} GROUP BY verdict ORDER BY verdict`,
  )
  const counts: Record<string, number> = Object.fromEntries(verdicts.map(v => [v.verdict, Number(v.n)]))
  if (Number(row.crossing) > 0) counts.crossing = Number(row.crossing)
  return {
    contentHash: hash('sha256', `${row.n} ${row.low} ${row.high}`, 'hex'),
    rows: Number(row.n),
    counts,
  }
}

/** Claims of one day in a file of their own, before they are compared with what the ledger has. */
export interface ClaimedDay extends ApplicationDay {
  readonly file: string
  readonly warnings: readonly string[]
  /** How far ahead of the gateway's the clocks of hosts are at most, µs. */
  readonly clockAheadUs?: number | undefined
  summary: Summary
  /** Version of the method that made them. */
  readonly method: string
}

/** Writes a relation of claims in order and describes it. */
export async function writeClaims(
  store: Store,
  relation: string,
  file: string,
  day: string,
): Promise<Summary> {
  const summary = await describeClaims(store.db, relation, day)
  await store.db.run(
    `COPY (SELECT * FROM ${relation} ORDER BY gateway_hop_id, app_hop_id)
     TO ${quoteText(`${file}.part`)} (FORMAT parquet, COMPRESSION zstd)`,
  )
  moveOver(`${file}.part`, file)
  return summary
}
