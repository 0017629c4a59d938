import { DAY_US, dayNumber } from '../../model/time.ts'
import { factsRelation, type Range } from '../../store/facts.ts'
import { sqlFile } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import type { Gap } from '../row.ts'
import { type Stats, spanOf } from './stats.ts'

const PROXY_SPANS = sqlFile('./proxy_spans.sql', import.meta.url)

/** One proxy and span, as both sides have it. */
export interface Reconciled {
  readonly environment: string
  /** Undefined: all proxies of the environment. */
  readonly proxy: string | undefined
  readonly atUs: number
  readonly stats: number
  readonly store: number
  /** What the store has: as many, fewer or more than the stats; or `uncovered`: it holds nothing of that time. */
  readonly verdict: 'equal' | 'fewer' | 'more' | 'uncovered'
}

export interface Reconciliation {
  readonly rows: readonly Reconciled[]
  /** Length of the spans, µs. */
  readonly lengthUs: number
  /** What was compared: where both the stats and the store have something. */
  readonly compared: Gap
  /** Records in compared spans of environments that the stats do not name. */
  readonly elsewhere: readonly { readonly atUs: number; readonly records: number }[]
  /** Records of the store in spans that the stats do not cover. */
  readonly beyondStats: number
  /** Environments of the stats that the store knows nothing of. */
  readonly unknownEnvironments: readonly string[]
}

interface Spans {
  readonly environment: string | null
  readonly proxy: string
  readonly at_us: number
  readonly calls: number
}

/**
 * Compares totals that Apigee counted with the records of the store.
 *
 * @param range what the stats were asked for with; where it is open, from their first value to their last
 */
export async function reconcile(store: Store, stats: Stats, range: Range): Promise<Reconciliation> {
  const covered: Gap = {
    fromUs: Number.isFinite(range.fromUs) ? spanOf(range.fromUs, stats) : stats.fromUs,
    toUs: Number.isFinite(range.toUs) ? range.toUs : stats.toUs,
  }
  const isNamed = (s: Spans): boolean => s.environment !== null && stats.environments.includes(s.environment)
  const all = await spansOf(store, stats)
  const spans = all.filter(s => isNamed(s))
  const inside = (us: number): boolean => us >= covered.fromUs && us < covered.toUs
  const rows = stats.environments.flatMap(
    environment =>
    ofEnvironment(environment, stats, spans.filter(s => s.environment === environment), inside, prunedUs(store)), // biome-ignore format: one step
  )
  const known = new Set(spans.map(s => s.environment))
  return {
    rows,
    lengthUs: stats.lengthUs,
    compared: covered,
    elsewhere: summed(all.filter(s => !isNamed(s) && inside(s.at_us))),
    beyondStats: spans.filter(s => !inside(s.at_us)).reduce((sum, s) => sum + s.calls, 0),
    unknownEnvironments: stats.environments.filter(name => !known.has(name)),
  }
}

function summed(spans: readonly Spans[]): Reconciliation['elsewhere'] {
  const sums = new Map<number, number>()
  for (const { at_us, calls } of spans) sums.set(at_us, (sums.get(at_us) ?? 0) + calls)
  return [...sums].sort(([a], [b]) => a - b).map(([atUs, records]) => ({ atUs, records }))
}

async function spansOf({ db, state, root }: Store, { lengthUs, offsetUs }: Stats): Promise<Spans[]> {
  await db.run(`CREATE OR REPLACE TEMP VIEW reconcile_gateway AS SELECT * FROM ${factsRelation(state, root, 'gateway')}`) // biome-ignore format: one statement
  return db.rows<Spans>(PROXY_SPANS, { length_us: BigInt(lengthUs), offset_us: BigInt(offsetUs) })
}

/** Up to where days were pruned. */
function prunedUs({ state }: Store): number {
  return state.pruning ? dayNumber(state.pruning.before) * DAY_US : Number.NEGATIVE_INFINITY
}

function ofEnvironment(
  environment: string,
  stats: Stats,
  spans: readonly Spans[],
  inside: (us: number) => boolean,
  prunedToUs: number,
): Reconciled[] {
  const totals = stats.totals.filter(t => t.environment === environment && inside(t.atUs))
  const isWhole = totals.some(t => t.proxy === undefined)
  const counts = new Map<string, { proxy: string | undefined; atUs: number; stats: number; store: number }>()
  const add = (proxy: string | undefined, atUs: number, side: 'stats' | 'store', calls: number): void => {
    const key = JSON.stringify([proxy ?? null, atUs])
    const found = counts.get(key) ?? { proxy, atUs, stats: 0, store: 0 }
    counts.set(key, found)
    found[side] += calls
  }
  for (const { proxy, atUs, calls } of totals) add(proxy, atUs, 'stats', calls)
  for (const { proxy, at_us, calls } of spans)
    if (inside(at_us)) add(isWhole ? undefined : proxy, at_us, 'store', calls)
  const first = spans.reduce((us, s) => Math.min(us, s.at_us), Number.POSITIVE_INFINITY)
  const last = spans.reduce((us, s) => Math.max(us, s.at_us), Number.NEGATIVE_INFINITY)
  const isHeld = (us: number): boolean => us >= first && us <= last && us >= prunedToUs
  return [...counts.values()]
    .sort((a, b) => a.atUs - b.atUs || ((a.proxy ?? '') < (b.proxy ?? '') ? -1 : 1))
    .map(row => ({ environment, ...row, verdict: verdictOf(row, isHeld(row.atUs)) }))
}

function verdictOf(
  { stats, store }: Pick<Reconciled, 'stats' | 'store'>,
  isHeld: boolean,
): Reconciled['verdict'] {
  if (!isHeld) return 'uncovered'
  if (stats === store) return 'equal'
  return store < stats ? 'fewer' : 'more'
}
