import type { LedgerState } from '../ledger/state.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import type { Range } from '../store/facts.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { readyRelation, SHAPE } from './index-requests.ts'
import { daysWithHops, readyDays } from './settled-days.ts'
import { loadAliases, namesMeaning } from './subjects.ts'
import { createDayRows, createRequests, createRequestsView } from './view.ts'

/**
 * Creates the view requests for a search: from ready requests where there are some, else from facts and links.
 *
 * @param range period of the request's start; rows outside it may appear
 * @param subjects names of which one must be the subject; undefined: any
 */
export async function createSearchView(
  store: Store,
  range: Range,
  subjects: readonly string[] | undefined,
): Promise<void> {
  const { db, state, root } = store
  const all = readyDays(state, SHAPE)
  const days = daysOfSearch(state, range)
  const ready = days.flatMap(day => all.get(day) ?? [])
  if (ready.length === 0) return createRequestsView(store, range)
  const hasAliases = await loadAliases(store)
  const names = subjects && (hasAliases ? await namesMeaning(store, subjects) : subjects)
  const rest = days.filter(day => !all.has(day))
  const parts = [`SELECT * FROM ${readyRelation(root, ready, names, hasAliases)}`]
  if (rest.length > 0) {
    await createDayRows(store, new Set(rest), { aliases: hasAliases })
    parts.push(`SELECT * FROM day_rows WHERE day IN (${rest.map(d => `${quoteText(d)}::DATE`).join(', ')})`)
  }
  await db.run(`CREATE OR REPLACE TEMP VIEW request_rows AS ${parts.join(' UNION ALL BY NAME ')}`)
  await createRequests(store)
}

/** Days that requests which began in a range may belong to. */
export function daysOfSearch(state: LedgerState, range: Range): string[] {
  // A request that began the day before ends on the day it belongs to.
  return daysWithHops(state).filter(day => {
    const start = dayNumber(day) * DAY_US
    return start - DAY_US < range.toUs && start + 2 * DAY_US > range.fromUs
  })
}

/**
 * Creates the view requests with the requests of one day, and the views that `createDayRows` makes: facts and links
 * around it.
 */
export async function createRequestsOfDay(store: Store, day: string): Promise<void> {
  const { db, state, root } = store
  const hasAliases = await loadAliases(store)
  await createDayRows(store, new Set([day]), { aliases: hasAliases })
  const ready = readyDays(state, SHAPE).get(day)
  const rows = ready
    ? readyRelation(root, ready, undefined, hasAliases)
    : `(SELECT * FROM day_rows WHERE day = ${quoteText(day)}::DATE)`
  await db.run(`CREATE OR REPLACE TEMP VIEW request_rows AS SELECT * FROM ${rows}`)
  await createRequests(store)
}
