import { reconcile } from '../coverage/reconcile/reconcile.ts'
import type { Stats } from '../coverage/reconcile/stats.ts'
import { DAY_US } from '../model/time.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import type { ControlTotals } from './schema.ts'
import { comparedOf } from './verify/control-totals.ts'
import { stampText } from './verify/record-columns.ts'

/** Totals that Apigee counted, as they were handed in. */
export interface HandedIn {
  readonly stats: Stats
  /** Of the file. */
  readonly sha256: string
}

/** Totals against the records of the store, as far as they speak of the period. */
export async function controlTotals(store: Store, { stats, sha256 }: HandedIn, range: Range): Promise<ControlTotals> {
  const { lengthUs, fromUs, toUs, notices, errors } = stats
  const about = { sha256, span: lengthUs === DAY_US ? 'day' : 'hour', first: stampText(fromUs), last: stampText(toUs) } as const
  const compared = comparedOf(about, range)
  const inside = (us: number): boolean => compared !== undefined && us >= compared.fromUs && us < compared.toUs
  const outside = stats.totals.reduce((sum, { atUs, calls }) => (inside(atUs) ? sum : sum + calls), 0)
  const found = compared ? await reconcile(store, stats, compared) : undefined
  return {
    ...about,
    from: compared ? stampText(compared.fromUs) : null,
    to: compared ? stampText(compared.toUs) : null,
    outside,
    notices: [...notices],
    errors: [...errors],
    unknownEnvironments: found ? [...found.unknownEnvironments] : [],
    rows: (found?.rows ?? []).map(({ environment, proxy, atUs, stats: calls, store: records, verdict }) => ({
      environment,
      proxy: proxy ?? null,
      at: stampText(atUs),
      calls,
      records,
      verdict,
    })),
    elsewhere: (found?.elsewhere ?? []).map(({ atUs, records }) => ({ at: stampText(atUs), records })),
  }
} // biome-ignore format: one line each
