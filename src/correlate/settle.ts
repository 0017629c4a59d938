import { join } from 'node:path'
import { type ApplicationDay, dayKey } from '../ledger/state.ts'
import { dayNumber, dayText } from '../model/time.ts'
import { layout } from '../store/layout.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { type ClaimedDay, writeClaims } from './claimed-day.ts'

/** Days whose claims may be on the same app hops: each day sees the facts of its neighbours. */
const RIVAL_DAYS = [-2, -1, 1, 2] as const

/**
 * Gives app hops that several days claim to the better claim: higher posterior, then the smaller gateway hop id. The
 * loser's row stays with verdict `lost`; it gets nobody, nothing cascades. Only claims on app hops of another day, or
 * on hops near midnight, can be contested.
 *
 * @returns the days to publish: those that were claimed, and neighbours whose contests came out otherwise
 */
export async function settleContests(store: Store, claimed: readonly ClaimedDay[]): Promise<ClaimedDay[]> {
  const byDay = new Map(claimed.map(c => [dayKey(c), c]))
  const near = new Map(
    claimed.flatMap(c => [0, ...RIVAL_DAYS].map(shift => shifted(c, shift))).map(d => [dayKey(d), d]),
  )
  const settled: ClaimedDay[] = []
  for (const [key, day] of [...near].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const own = byDay.get(key) ?? published(store, day)
    if (!own) continue
    const rivals = RIVAL_DAYS.flatMap(shift => {
      const rival = shifted(day, shift)
      return byDay.get(dayKey(rival)) ?? published(store, rival) ?? pruned(store, rival) ?? []
    }).filter(rival => own.summary.counts.crossing || rival.summary.counts.crossing)
    if (rivals.length > 0) settled.push(await settle(store, own, rivals))
    else if (byDay.has(key)) settled.push(own)
  }
  return settled
}

async function settle(store: Store, own: ClaimedDay, rivals: readonly ClaimedDay[]): Promise<ClaimedDay> {
  const others = rivals
    .map(
      rival => `SELECT app_hop_id, gateway_hop_id, posterior FROM read_parquet(${quoteText(rival.file)})
      WHERE verdict IN ('linked', 'lost')`,
    )
    .join(' UNION ALL ')
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE settled AS
     WITH rivals AS (${others})
     SELECT c.* REPLACE (CASE WHEN c.verdict IN ('linked', 'lost') THEN
       CASE WHEN EXISTS (SELECT 1 FROM rivals AS r WHERE r.app_hop_id = c.app_hop_id
           AND (r.posterior > c.posterior OR (r.posterior = c.posterior AND r.gateway_hop_id < c.gateway_hop_id)))
         THEN 'lost' ELSE 'linked' END
       ELSE c.verdict END AS verdict)
     FROM read_parquet(${quoteText(own.file)}) AS c`,
  )
  // Rivals still read the unsettled file, so the settled rows go to another one.
  const file = join(
    layout.temporary(store.root),
    `settled-${encodeURIComponent(own.application)}-${own.day}.parquet`,
  )
  const summary = await writeClaims(store, 'settled', file, own.day)
  return { ...own, file, summary }
}

/** The links in force of a day that is not linked now, as claims. */
function published(store: Store, day: ApplicationDay): ClaimedDay | undefined {
  const link = store.state.days.get(dayKey(day))?.link
  if (!link?.file) return undefined
  const { contentHash, counts, warnings, clockAheadUs, method } = link
  return {
    ...day,
    file: store.file(link.file.path),
    warnings,
    clockAheadUs,
    method,
    summary: { contentHash, rows: link.file.rows, counts },
  }
}

/** What a pruned day claimed of days that stay: its hops are gone, its claims still count. */
function pruned(store: Store, day: ApplicationDay): ClaimedDay | undefined {
  const border = store.state.pruning?.borders.get(dayKey(day))
  if (!border) return undefined
  const summary = { contentHash: '', rows: border.rows, counts: { crossing: border.rows } }
  return { ...day, file: store.file(border.path), warnings: [], summary, method: '' }
}

function shifted({ application, day }: ApplicationDay, days: number): ApplicationDay {
  return { application, day: dayText(dayNumber(day) + days) }
}
