import type { Config } from '../config/schema.ts'
import { type LinkedDay, linkDays } from '../correlate/link-days.ts'
import { type ApplicationDay, dayKey, parseDayKey } from '../ledger/state.ts'
import type { Store } from '../store/store.ts'
import { recordConfig } from './config-entry.ts'

export interface RelinkOptions {
  readonly config: Config
  readonly onDay?: (day: string, place: number, of: number) => void
  /** Days (`dayKey`) whose file of links is missing or damaged. */
  readonly lost?: ReadonlySet<string>
}

/** Days whose links are not up to date, in order. */
export function dueDays({ state }: Store): ApplicationDay[] {
  return [...state.unlinkedDays].sort().map(parseDayKey)
}

/** Links days anew; those whose links come out as they were stay untouched. */
export async function relink(
  store: Store,
  days: readonly ApplicationDay[],
  options: RelinkOptions,
  configDigest = recordConfig(store, options.config),
): Promise<LinkedDay[]> {
  const { config, onDay, lost } = options
  const linked = await linkDays(store, days, {
    configDigest,
    trustedProxies: config.trustedProxies,
    ...(onDay ? { onDay } : {}),
    ...(lost ? { lost } : {}),
  })
  const due = days.filter(day => store.state.unlinkedDays.has(dayKey(day)))
  for (const application of [...new Set(due.map(d => d.application))].sort())
    store.append({
      kind: 'linked',
      application,
      days: due.filter(d => d.application === application).map(d => d.day),
    })
  return linked
}
