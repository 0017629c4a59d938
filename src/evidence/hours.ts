import { join } from 'node:path'
import { type HopKind, stampOf } from '../model/hop.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import { createRequestsView } from '../requests/view.ts'
import { quoteText, quoteTexts, sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { Completeness } from './schema.ts'

const HOURS = sqlFile('./hop_hours.sql', import.meta.url)
const REQUEST_HOURS = sqlFile('./request_hours.sql', import.meta.url)

/**
 * What the facts of some days are, hour by hour.
 *
 * @param days `YYYY-MM-DD`, in order, at least one
 */
export async function hopHours(store: Store, days: readonly string[]): Promise<Completeness['hops']> {
  const { db, state, root } = store
  await createRequestsView(store, rangeOf(days))
  const list = days.map(quoteText).join(', ')
  const raw = (kind: HopKind): string => {
    const files = state.segments.filter(s => s.kind === kind && days.includes(s.day)).map(s => join(root, s.path))
    if (files.length === 0) return 'SELECT NULL::UUID AS hop_id, NULL::INTEGER AS source_id, NULL::TIMESTAMP AS ts, FALSE AS is_unasked WHERE FALSE'
    const isUnasked = kind === 'kernel' ? 'method IS NULL AND path IS NULL AND status IS NULL' : 'FALSE'
    return `SELECT hop_id, source_id, ${stampOf(kind)} AS ts, ${isUnasked} AS is_unasked FROM read_parquet(${quoteTexts(files)}, hive_partitioning = false)`
  }
  return db.rows(
    `WITH gateway_raw AS (${raw('gateway')}), app_raw AS (${raw('app')}), kernel_raw AS (${raw('kernel')})
     SELECT * FROM (${HOURS}) WHERE hour[:10] IN (${list}) ORDER BY hour, side DESC, source`,
  )
} // biome-ignore format: one line each

/** Requests of some days, hour by hour, whatever the filter. */
export async function requestHours(store: Store, days: readonly string[]): Promise<Map<string, number>> {
  const { fromUs, toUs } = rangeOf(days)
  // A request that ends on a day may have begun on the day before.
  const wide = { fromUs: fromUs - DAY_US, toUs: toUs + DAY_US }
  await createRequestsView(store, wide)
  const params = { from_us: String(wide.fromUs), to_us: String(wide.toUs), days: days.join(',') }
  const rows = await store.db.rows<{ hour: string; n: number }>(REQUEST_HOURS, params)
  return new Map(rows.map(r => [r.hour, r.n]))
} // biome-ignore format: long statements

function rangeOf(days: readonly string[]): { fromUs: number; toUs: number } {
  return {
    fromUs: dayNumber(days[0] ?? '') * DAY_US,
    toUs: (dayNumber(days.at(-1) ?? '') + 1) * DAY_US,
  }
}
