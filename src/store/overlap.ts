import type { LedgerState, StatePart } from '../ledger/state.ts'
import { HOP_KINDS, type HopKind } from '../model/hop.ts'
import { factsOfDays } from './facts.ts'
import { quoteTexts } from './query.ts'
import type { Store } from './store.ts'

/** An application that has hops of a day in more than one of several stores. */
export interface SplitApplication {
  readonly application: string
  /** Such days, in order. */
  readonly days: readonly string[]
  /** Names of the stores. */
  readonly stores: readonly string[]
}

/** A hop that two stores hold. */
export interface SharedHop {
  readonly hopId: string
  readonly kind: HopKind
  /** Names of the stores, two of them. */
  readonly stores: readonly string[]
}

/** Applications whose hops of a day lie in several of the stores: links are made within each alone. */
export function splitApplications({ parts = [] }: LedgerState): SplitApplication[] {
  const holders = new Map<string, { application: string; day: string; stores: Set<string> }>()
  for (const part of parts)
    for (const { application, day } of daysOf(part)) {
      const key = `${application} ${day}`
      const holder = holders.get(key) ?? { application, day, stores: new Set() }
      holders.set(key, holder)
      holder.stores.add(part.name)
    }
  const split = [...holders.values()].filter(holder => holder.stores.size > 1)
  const names = [...new Set(split.map(holder => holder.application))].sort()
  return names.map(application => {
    const own = split.filter(holder => holder.application === application)
    return {
      application,
      days: own.map(holder => holder.day).sort(),
      stores: [...new Set(own.flatMap(holder => [...holder.stores]))].sort(),
    }
  })
}

function daysOf({ state }: StatePart): { application: string; day: string }[] {
  return state.segments.flatMap(({ day, applications }) =>
    applications.map(application => ({ application, day })),
  )
}

/**
 * A hop that two of the stores hold, of the days on which applications are split; undefined where there is none. Reads the
 * ids of all hops of these days.
 */
export async function sharedHop(
  { db, state }: Store,
  split: readonly SplitApplication[],
): Promise<SharedHop | undefined> {
  const { parts = [] } = state
  const days = new Set(split.flatMap(it => it.days))
  const applications = split.map(it => it.application)
  for (const kind of HOP_KINDS) {
    const hops = parts.map(
      (part, i) => `SELECT hop_id, ${i} AS store
        FROM ${factsOfDays(part.state, part.root, kind, days)} WHERE list_contains(${quoteTexts(applications)}, application)`,
    )
    const [found] = await db.rows<{ hop_id: string; stores: number[] }>(
      `SELECT hex_id(hop_id) AS hop_id, list(DISTINCT store ORDER BY store) AS stores FROM (${hops.join(' UNION ALL ')})
       GROUP BY hop_id HAVING min(store) < max(store) ORDER BY hop_id LIMIT 1`,
    )
    if (found)
      return { hopId: found.hop_id, kind, stores: found.stores.slice(0, 2).map(i => parts[i]?.name ?? '') }
  }
  return undefined
}
