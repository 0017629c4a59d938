import { DAY_US, dayNumber } from '../model/time.ts'
import { daysWithHops } from '../requests/settled-days.ts'
import { ALWAYS, type Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import type { DayFindings, Incident, NotEvaluated } from './finding.ts'
import { type JudgeOptions, judgeDay } from './judge-day.ts'
import type { FindingSettings } from './settings.ts'

export interface FindingOptions extends JudgeOptions {
  /** Whether the requests of all days stay in the table finding_requests; else those of the last day. */
  readonly keepsRequests?: boolean
}

export interface Findings {
  readonly incidents: readonly Incident[]
  readonly notEvaluated: readonly NotEvaluated[]
}

/**
 * What the rules find in a period, day by day: whole days are judged, and incidents outside the period left out. The
 * requests behind each stand in the temp table finding_requests (rule, incident, request_id, hop_ids).
 */
export async function* findingsByDay(
  store: Store,
  range: Range,
  settings: FindingSettings,
  options: FindingOptions,
): AsyncGenerator<DayFindings> {
  await clearRequests(store)
  for (const day of daysOf(store, range)) {
    if (!options.keepsRequests) await clearRequests(store)
    const { incidents, notEvaluated } = await judgeDay(store, day, settings, options)
    const inside = incidents.filter(it => it.firstUs < range.toUs && it.lastUs >= range.fromUs)
    yield { day, incidents: inside, notEvaluated }
  }
}

/** All of them at once; the requests behind all stand in finding_requests. */
export async function findingsOf(
  store: Store,
  range: Range = ALWAYS,
  settings: FindingSettings,
  options: JudgeOptions,
): Promise<Findings> {
  const incidents: Incident[] = []
  const notEvaluated: NotEvaluated[] = []
  for await (const day of findingsByDay(store, range, settings, { ...options, keepsRequests: true })) {
    incidents.push(...day.incidents)
    notEvaluated.push(...day.notEvaluated)
  }
  return { incidents, notEvaluated }
}

function daysOf({ state }: Store, range: Range): string[] {
  return daysWithHops(state).filter(day => {
    const start = dayNumber(day) * DAY_US
    return start < range.toUs && start + DAY_US > range.fromUs
  })
}

/** Creates the tables finding_requests and undecided_requests anew, without rows. */
export async function clearRequests({ db }: Store): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE finding_requests (rule VARCHAR, incident VARCHAR, request_id VARCHAR, hop_ids VARCHAR[]);
     CREATE OR REPLACE TEMP TABLE undecided_requests (rule VARCHAR, request_id VARCHAR, why_not VARCHAR)`,
  )
}
