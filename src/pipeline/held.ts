import { ThroughlineError } from '../errors.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { type Prepared, prepareSearch } from '../requests/search.ts'
import { linksOfDays } from '../requests/view.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { type Hold, rangeOfHold } from './holds.ts'

/** A day with requests that a hold keeps. */
export interface HeldDay {
  /** The first day of their hops, `YYYY-MM-DD`. */
  readonly day: string
  readonly requests: number
}

/** Days before one with hops of requests that a hold finds, in order. */
export async function heldDays(store: Store, hold: Hold, before: string, nowMs: number): Promise<HeldDay[]> {
  // A request may begin on the day after its app hop's, by the clock of that host.
  const last = dayText(dayNumber(before) + 2)
  const toUs = dayNumber(last) * DAY_US
  const prepared = await requestsOfHold(store, hold, nowMs, { fromUs: Number.NEGATIVE_INFINITY, toUs })
  if (!prepared) return []
  const { db, state, root } = store
  await db.run(
    `CREATE OR REPLACE TEMP TABLE held_requests AS SELECT request_id, day, gateway_hop_id FROM ${prepared.from}`,
    prepared.params,
  )
  const rows = await db.rows<{ day: string; n: string }>(
    `WITH hops AS (
       SELECT h.request_id, least(min(h.day), min(l.app_day)) AS day FROM held_requests AS h
       LEFT JOIN (SELECT * FROM ${linksOfDays(state, root, day => day < last)} WHERE verdict = 'linked') AS l
         ON l.gateway_hop_id = h.gateway_hop_id::UUID
       GROUP BY h.request_id
     )
     SELECT day::VARCHAR AS day, count(*)::VARCHAR AS n FROM hops WHERE day < $before::DATE GROUP BY day ORDER BY day`,
    { before },
  )
  return rows.map(({ day, n }) => ({ day, requests: Number(n) }))
}

/**
 * The requests that a hold finds, as FROM and WHERE over the views that this creates.
 *
 * @param within only of these, by their start, µs
 * @returns undefined where there can be none
 * @throws HOLD_UNREADABLE
 */
export async function requestsOfHold(
  store: Store,
  hold: Hold,
  nowMs: number,
  within?: Range,
): Promise<Prepared | undefined> {
  if (!hold.text) throw unreadable(hold, 'it was written by a newer version')
  const own = rangeOfHold(hold.text)
  const range = within
    ? { fromUs: Math.max(own.fromUs, within.fromUs), toUs: Math.min(own.toUs, within.toUs) }
    : own
  if (range.fromUs >= range.toUs) return undefined
  try {
    return await prepareSearch(store, { filter: hold.text.filter, range, nowMs })
  } catch (error) {
    if (error instanceof ThroughlineError && error.code.startsWith('FILTER_'))
      throw unreadable(hold, error.message)
    throw error
  }
}

function unreadable({ seq }: Hold, why: string): ThroughlineError {
  return new ThroughlineError(
    'HOLD_UNREADABLE',
    `hold ${seq}: what it keeps cannot be told: ${why}; nothing is pruned or erased. Use the version of Throughline that made it, or release it: throughline hold release ${seq}`,
    { hold: seq },
  )
}
