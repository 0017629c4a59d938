import { join } from 'node:path'
import { dayOf, type LedgerState, ONE_APPLICATION } from '../ledger/state.ts'
import { dayNumber, dayText } from '../model/time.ts'
import { layout } from '../store/layout.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { type ClaimedDay, writeClaims } from './claimed-day.ts'

/**
 * Gives app hops that two days claim to the better claim: higher posterior, then the smaller gateway hop id. The
 * loser's row stays with verdict `lost`; it gets nobody, nothing cascades.
 *
 * A day sees the facts of its neighbours, so two claims on one app hop that do not know of each other lie two days
 * apart, and the app hop between them. Only claims that cross midnight can be contested.
 *
 * @returns the days to publish: those that were claimed, and neighbours whose contests came out otherwise
 */
export async function settleContests(store: Store, claimed: readonly ClaimedDay[]): Promise<ClaimedDay[]> {
  const byDay = new Map(claimed.map(c => [c.day, c]))
  const near = new Set(claimed.flatMap(c => [-2, 0, 2].map(shift => shiftDay(c.day, shift))))
  const settled: ClaimedDay[] = []
  for (const day of [...near].sort()) {
    const own = byDay.get(day) ?? published(store, day)
    if (!own) continue
    const rivals = [-2, 2].flatMap(shift => {
      const rival = byDay.get(shiftDay(day, shift)) ?? published(store, shiftDay(day, shift))
      return rival?.summary.counts.crossing ? [rival] : []
    })
    if (own.summary.counts.crossing && (rivals.length > 0 || !byDay.has(day)))
      settled.push(await settle(store, own, rivals))
    else if (byDay.has(day)) settled.push(own)
  }
  return settled
}

async function settle(store: Store, own: ClaimedDay, rivals: readonly ClaimedDay[]): Promise<ClaimedDay> {
  const claims = rivals.map(
    rival => `SELECT app_hop_id, gateway_hop_id, posterior FROM read_parquet(${quoteText(rival.file)})
      WHERE verdict IN ('linked', 'lost') AND app_day <> ${quoteText(rival.day)}::DATE`,
  )
  const others = claims.length
    ? claims.join(' UNION ALL ')
    : 'SELECT NULL::UUID AS app_hop_id, NULL::UUID AS gateway_hop_id, 0.0 AS posterior WHERE FALSE'
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
  const file = join(layout.temporary(store.root), `settled-${own.day}.parquet`)
  const summary = await writeClaims(store, 'settled', file, own.day)
  return { ...own, file, summary }
}

/** The links in force of a day that is not linked now, as claims. */
function published(store: Store, day: string): ClaimedDay | undefined {
  const link = linkOf(store.state, day)
  if (!link?.file) return undefined
  const { contentHash, counts, warnings } = link
  return {
    day,
    file: store.file(link.file.path),
    warnings,
    summary: { contentHash, rows: link.file.rows, counts },
  }
}

function linkOf(state: LedgerState, day: string) {
  return state.days.has(`${ONE_APPLICATION} ${day}`) ? dayOf(state, ONE_APPLICATION, day).link : undefined
}

function shiftDay(day: string, shift: number): string {
  return dayText(dayNumber(day) + shift)
}
