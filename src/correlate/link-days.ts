import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerState } from '../ledger/state.ts'
import { dayOf, ONE_APPLICATION } from '../ledger/state.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { publishFile } from '../store/commit.ts'
import { factsRelation } from '../store/facts.ts'
import { layout } from '../store/layout.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { computeClaims } from './claims.ts'

/** Version of the linking method; part of every link entry. */
export const METHOD = 'id/1'

export interface LinkOptions {
  readonly configDigest: string
  readonly trustedProxies: readonly string[]
  readonly onDay?: (day: string, place: number, of: number) => void
}

export interface LinkedDay {
  readonly day: string
  readonly changed: boolean
  readonly warnings: readonly string[]
}

/**
 * Links the days that new facts of `touched` can change: claims of a day read the facts of its neighbours, and an app
 * hop between two days goes to the better claim. A day whose links come out equal gets no new generation.
 */
export async function linkDays(
  store: Store,
  touched: readonly string[],
  options: LinkOptions,
): Promise<LinkedDay[]> {
  const days = affectedDays(store.state, touched)
  const results: LinkedDay[] = []
  for (const [place, day] of days.entries()) {
    options.onDay?.(day, place + 1, days.length)
    results.push(await linkDay(store, day, options))
  }
  return results
}

/** Days with gateway hops within one day of a touched one. */
function affectedDays(state: LedgerState, touched: readonly string[]): string[] {
  const near = new Set(touched.flatMap(day => [-1, 0, 1].map(shift => dayText(dayNumber(day) + shift))))
  const withHops = new Set(state.segments.map(s => s.day))
  return [...near].filter(day => withHops.has(day)).sort()
}

async function linkDay(store: Store, day: string, options: LinkOptions): Promise<LinkedDay> {
  const { db, state, root } = store
  const start = dayNumber(day) * DAY_US
  const range = { fromUs: start - DAY_US, toUs: start + 2 * DAY_US }
  const warnings = await computeClaims(db, {
    gateway: factsRelation(state, root, 'gateway', range),
    app: factsRelation(state, root, 'app', range),
    ...range,
    day,
    trustedProxies: options.trustedProxies,
  })
  const { contentHash, counts } = await describeClaims(store)
  const current = dayOf(state, ONE_APPLICATION, day).link
  if (current?.contentHash === contentHash && current.method === METHOD)
    return { day, changed: false, warnings }
  const generation = (current?.generation ?? 0) + 1
  const file = await writeLinks(store, day, generation)
  store.append({
    kind: 'link', application: ONE_APPLICATION, day, generation, ...(file ? { file } : {}), contentHash, counts,
    warnings, method: METHOD, config: options.configDigest,
  }) // biome-ignore format: one entry
  return { day, changed: true, warnings }
}

/**
 * A hash of the claims that does not depend on their order, and their number by verdict. Each row is spread by MD5
 * and the halves are added up: it detects change, while the file's SHA-256 in the ledger protects it.
 */
async function describeClaims({
  db,
}: Store): Promise<{ contentHash: string; counts: Record<string, number> }> {
  const row = await db.row<{ n: string; low: string; high: string }>(
    `SELECT count(*)::VARCHAR AS n, coalesce(sum(md5_number_lower(t)::HUGEINT), 0)::VARCHAR AS low,
       coalesce(sum(md5_number_upper(t)::HUGEINT), 0)::VARCHAR AS high
     FROM (SELECT concat_ws('|', app_hop_id, gateway_hop_id, verdict, method, posterior, runner_up, candidates, id,
       gateway_field, app_field, how, reasons) AS t FROM claims)`,
  )
  const counts = await db.rows<{ verdict: string; n: string }>(
    'SELECT verdict, count(*)::VARCHAR AS n FROM claims GROUP BY verdict ORDER BY verdict',
  )
  return {
    contentHash: hash('sha256', `${row.n} ${row.low} ${row.high}`, 'hex'),
    counts: Object.fromEntries(counts.map(c => [c.verdict, Number(c.n)])),
  }
}

async function writeLinks(store: Store, day: string, generation: number) {
  const temporary = join(layout.temporary(store.root), `links-${day}.parquet`)
  const rows = await store.db.run(
    `COPY (SELECT * FROM claims ORDER BY gateway_hop_id, app_hop_id) TO ${quoteText(temporary)} (FORMAT parquet, COMPRESSION zstd)`,
  )
  if (rows === 0 || !existsSync(temporary)) return undefined
  return publishFile(store, temporary, layout.links(ONE_APPLICATION, day, generation), rows)
}
