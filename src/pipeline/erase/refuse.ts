import type { Config } from '../../config/schema.ts'
import { type ApplicationDay, dayKey } from '../../ledger/state.ts'
import { DAY_US, dayNumber } from '../../model/time.ts'
import type { Range } from '../../store/facts.ts'
import type { Store } from '../../store/store.ts'
import { requestsOfHold } from '../held.ts'
import { holdsInForce } from '../holds.ts'
import { names } from './files.ts'
import type { Mentions } from './lines.ts'
import { isOf, type Person } from './person.ts'

interface Erased {
  readonly person: Person
  readonly days: readonly string[]
  readonly frozen: readonly ApplicationDay[]
  /** Whether a text quotes the person. */
  readonly quotes: Mentions
}

/**
 * Why a person may not be erased, with what to do about each.
 *
 * @throws HOLD_UNREADABLE
 */
export async function refusalsOf(store: Store, config: Config, erased: Erased): Promise<string[]> {
  return [
    ...openDays(store, erased.frozen),
    ...(await holds(store, erased)),
    ...(config.subjects.aliases.some(entry => isOf(entry, erased.person))
      ? ['the configuration still names it under subjects.aliases, and the next ingest would bring it back: remove it there, then erase at once, while the store still has the aliases']
      : []),
  ] // biome-ignore format: one text
}

/** Links of these days are never made again, so they must be made. */
function openDays({ state }: Store, frozen: readonly ApplicationDay[]): string[] {
  const open = frozen.filter(d => state.days.get(dayKey(d))?.state === 'open').map(d => d.day)
  const unlinked = frozen.filter(d => state.unlinkedDays.has(dayKey(d)))
  return [
    ...(unlinked.length > 0
      ? [`day ${unlinked[0]?.day} of application ${unlinked[0]?.application} is not linked yet; run: throughline link`]
      : []),
    ...(open.length > 0
      ? [`days with its requests, or next to them, are open: close them with: throughline link ${[...new Set(open)].sort().join(' ')} --close`]
      : []),
  ]
} // biome-ignore format: texts

async function holds(store: Store, { days, quotes }: Erased): Promise<string[]> {
  const refusals: string[] = []
  for (const hold of holdsInForce(store, store.now())) {
    const release = `throughline hold release ${hold.seq}`
    const prepared = await requestsOfHold(store, hold, store.now(), around(days))
    const requests = prepared
      ? await store.db.row<{ n: string }>(
          `SELECT count(*)::VARCHAR AS n FROM (SELECT request_id FROM ${prepared.from}) SEMI JOIN erased_requests USING (request_id)`,
          prepared.params,
        )
      : { n: '0' }
    if (requests.n !== '0')
      refusals.push(`hold ${hold.seq} keeps ${requests.n} of its requests; wait for its end, or: ${release}`)
    else if (hold.file && names(store, hold.file, quotes))
      refusals.push(`the text of hold ${hold.seq} names it; wait for its end, or: ${release}`)
  }
  return refusals
}

/** Where requests with hops of these days begin, µs. */
function around(days: readonly string[]): Range {
  const us = days.map(day => dayNumber(day) * DAY_US)
  return { fromUs: Math.min(...us) - 2 * DAY_US, toUs: Math.max(...us) + 3 * DAY_US }
}
