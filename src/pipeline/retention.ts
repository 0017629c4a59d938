import type { Config } from '../config/schema.ts'
import { DAY_US, dayText } from '../model/time.ts'
import { type PruneKind, type PrunePlan, planPrune, prune } from '../store/prune.ts'
import type { Store } from '../store/store.ts'
import { heldDays } from './held.ts'
import { holdsInForce } from './holds.ts'

/** What is to be pruned. */
export interface RetentionRule {
  readonly kind: PruneKind
  /** The first day that stays, `YYYY-MM-DD`. */
  readonly before: string
}

/** A hold that keeps days from being pruned. */
export interface Keeper {
  readonly hold: number
  /** Requests on days that would go. */
  readonly requests: number
  /** The first of these days. */
  readonly day: string
}

/** What goes by a rule; no more than holds allow. */
export interface RetentionPlan extends PrunePlan {
  /** The day that the rule names; that of the plan is earlier where a hold keeps days. */
  readonly wanted: string
  readonly keepers: readonly Keeper[]
}

/** The rules that the configuration has. */
export function configuredRules({ retention }: Config, nowMs: number): RetentionRule[] {
  const { days, rejectsDays, generationsDays, readsDays } = retention
  const rules = [
    { kind: 'requests', keep: days },
    { kind: 'rejects', keep: rejectsDays },
    { kind: 'generations', keep: generationsDays },
    { kind: 'reads', keep: readsDays },
  ] as const
  return rules.flatMap(({ kind, keep }) =>
    keep === undefined ? [] : [{ kind, before: retainedFrom(keep, nowMs) }],
  )
}

/** The first day that stays when so many days before today do. */
export function retainedFrom(keepDays: number, nowMs: number): string {
  return dayText(Math.floor((nowMs * 1000) / DAY_US) - keepDays)
}

/**
 * What rules drop. A day with a request that a hold in force keeps stays, with every later one: what is pruned is always
 * the beginning.
 *
 * @throws HOLD_UNREADABLE
 */
export async function planRetention(
  store: Store,
  rules: readonly RetentionRule[],
  nowMs: number,
): Promise<RetentionPlan[]> {
  const last =
    rules
      .map(rule => rule.before)
      .sort()
      .at(-1) ?? ''
  const days: { hold: number; day: string; requests: number }[] = []
  for (const hold of holdsInForce(store, nowMs))
    for (const day of await heldDays(store, hold, last, nowMs)) days.push({ hold: hold.seq, ...day })
  const taken = new Set<string>()
  return rules.map(({ kind, before }) => {
    // Holds keep requests; who asked for them is another matter.
    const kept = kind === 'reads' ? [] : days.filter(d => d.day < before)
    const [first = before] = [...kept.map(d => d.day), before].sort()
    const plan = planPrune(store.state, first, kind)
    // What goes with its day by one rule need not go again by another.
    const files = plan.files.filter(f => !taken.has(f.path))
    for (const { path } of files) taken.add(path)
    return { ...plan, files, wanted: before, keepers: keepersOf(kept) }
  })
}

function keepersOf(days: readonly { hold: number; day: string; requests: number }[]): Keeper[] {
  const keepers = new Map<number, Keeper>()
  for (const { hold, day, requests } of days) {
    const known = keepers.get(hold)
    keepers.set(hold, { hold, day: known?.day ?? day, requests: (known?.requests ?? 0) + requests })
  }
  return [...keepers.values()]
}

/**
 * Prunes what rules drop, one after the other.
 *
 * @param why and who: for the tombstones
 * @returns what was dropped by each
 * @throws HOLD_UNREADABLE, PRUNE_REFUSED
 */
export async function applyRetention(
  store: Store,
  rules: readonly RetentionRule[],
  nowMs: number,
  words: { readonly why: string; readonly who: string },
): Promise<RetentionPlan[]> {
  const done: RetentionPlan[] = []
  for (const plan of await planRetention(store, rules, nowMs))
    done.push({ ...plan, ...(await prune(store, plan.before, words, plan.kind)) })
  return done
}
