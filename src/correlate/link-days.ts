import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { dayOf, type LedgerState, ONE_APPLICATION } from '../ledger/state.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { publishFile } from '../store/commit.ts'
import { factsRelation } from '../store/facts.ts'
import { layout } from '../store/layout.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { type ClaimedDay, writeClaims } from './claimed-day.ts'
import { dropWindows, judgeByIds, warningsOf } from './claims.ts'
import { matchDay } from './match-day.ts'
import { settleContests } from './settle.ts'

/** Version of the linking method; part of every link entry. */
export const METHOD = 'throughline/2'

const ID_CLAIMS = sqlFile('./id_claims.sql', import.meta.url)

export interface LinkOptions {
  readonly configDigest: string
  readonly trustedProxies: readonly string[]
  readonly onDay?: (day: string, place: number, of: number) => void
}

export interface LinkedDay {
  readonly day: string
  readonly changed: boolean
  readonly warnings: readonly string[]
}

/**
 * Links the days that new facts of `touched` can change: claims of a day read the facts of its neighbours, and an app
 * hop that two days claim goes to the better claim. A day whose links come out equal gets no new generation.
 */
export async function linkDays(
  store: Store,
  touched: readonly string[],
  options: LinkOptions,
): Promise<LinkedDay[]> {
  const days = affectedDays(store.state, touched)
  const claimed: ClaimedDay[] = []
  for (const [place, day] of days.entries()) {
    options.onDay?.(day, place + 1, days.length)
    claimed.push(await claimDay(store, day, options))
  }
  const settled = await settleContests(store, claimed)
  const results: LinkedDay[] = []
  for (const day of settled) results.push(await publishDay(store, day, options))
  return results
}

/** Days with hops within one day of a touched one. */
function affectedDays(state: LedgerState, touched: readonly string[]): string[] {
  const near = new Set(touched.flatMap(day => [-1, 0, 1].map(shift => dayText(dayNumber(day) + shift))))
  const withHops = new Set(state.segments.map(s => s.day))
  return [...near].filter(day => withHops.has(day)).sort()
}

async function claimDay(store: Store, day: string, options: LinkOptions): Promise<ClaimedDay> {
  const { db, state, root } = store
  const start = dayNumber(day) * DAY_US
  const range = { fromUs: start - DAY_US, toUs: start + 2 * DAY_US }
  const input = {
    gateway: factsRelation(state, root, 'gateway', range),
    app: factsRelation(state, root, 'app', range),
    ...range,
    day,
    trustedProxies: options.trustedProxies,
  }
  const clocks = await judgeByIds(db, input)
  await db.run(`CREATE OR REPLACE TEMP TABLE claims AS ${ID_CLAIMS}`)
  const matched = await matchDay(db, input, clocks)
  const warnings = [...(await warningsOf(db)), ...matched.warnings]
  await dropWindows(db)
  const file = join(layout.temporary(root), `claims-${day}.parquet`)
  const summary = await writeClaims(store, 'claims', file, day)
  await db.run('DROP TABLE claims')
  return { day, file, warnings, summary }
}

/** Makes a day's links visible if they differ from those in force; a closed day that changes is open again. */
async function publishDay(store: Store, claimed: ClaimedDay, options: LinkOptions): Promise<LinkedDay> {
  const { day, file, summary, warnings } = claimed
  const { contentHash, rows, counts } = summary
  const state = dayOf(store.state, ONE_APPLICATION, day)
  const current = state.link
  if (current?.contentHash === contentHash && current.method === METHOD) {
    rmSync(file, { force: true })
    return { day, changed: false, warnings }
  }
  const generation = (current?.generation ?? 0) + 1
  // First, so that no moment exists in which a closed day shows other links than it was closed with.
  if (state.state === 'closed') {
    store.append({
      kind: 'day',
      application: ONE_APPLICATION,
      day,
      state: 'open',
      reason: `links changed (generation ${generation})`,
    })
  }
  const record =
    rows > 0
      ? await publishFile(store, file, layout.links(ONE_APPLICATION, day, generation), rows)
      : undefined
  store.append({
    kind: 'link', application: ONE_APPLICATION, day, generation, ...(record ? { file: record } : {}), contentHash,
    counts: { ...counts }, warnings: [...warnings], method: METHOD, config: options.configDigest,
  }) // biome-ignore format: one entry
  return { day, changed: true, warnings }
}
