import type { CoverageReason } from '../coverage/reasons.ts'
import { type DayState, dayKey } from '../ledger/state.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { hintsOf, kernelHint } from './causes.ts'
import { createDayTables, type JudgedApplication, ruleParams } from './day-tables.ts'
import type { DayFindings, Incident, NotEvaluated } from './finding.ts'
import type { ReasonCode } from './reasons.ts'
import { RULES, type Rule, type RuleId } from './registry.ts'
import { type FindingSettings, whyNotUnder } from './settings.ts'
import { suppressionOf } from './suppressions.ts'

const INCIDENTS = sqlFile('./incidents.sql', import.meta.url)
const ROWS = sqlFile('./incident_rows.sql', import.meta.url)
const LEFT = sqlFile('./not_evaluated.sql', import.meta.url)

/** The columns that rules give; those that a rule leaves out are NULL. */
const FOUND = `SELECT NULL::VARCHAR AS application, NULL::VARCHAR AS request_id, NULL::TIMESTAMP AS at_ts, NULL::VARCHAR AS about,
  NULL::VARCHAR[] AS hops, NULL::VARCHAR AS note, NULL::BIGINT AS total, NULL::BOOLEAN AS splits, NULL::VARCHAR AS why_not,
  NULL::VARCHAR AS coverage WHERE FALSE`

export interface JudgeOptions {
  /** Also what is seen of open days, marked as provisional. */
  readonly openDays: boolean
  /** Rules to run; undefined: all. */
  readonly rules?: readonly RuleId[] | undefined
  /** Whether requests that rules could not judge are added to the table undecided_requests. */
  readonly keepsUndecided?: boolean
  /** Milliseconds since 1970: suppressions hold until a moment. */
  readonly nowMs: number
}

/** Runs the rules over one day; their requests are added to the table finding_requests. */
export async function judgeDay(
  store: Store,
  day: string,
  settings: FindingSettings,
  options: JudgeOptions,
): Promise<DayFindings> {
  const states = [...store.state.days.values()].filter(it => it.day === day && it.lastHopAt !== undefined)
  const waiting = states.flatMap(it => whyNot(store, it) ?? []).filter(it => !options.openDays || it.reason !== 'day-open')
  const judged = states
    .filter(it => !waiting.some(w => w.application === it.application))
    .map(({ application, state }) => ({ application, provisional: state !== 'closed' }))
  const notEvaluated: NotEvaluated[] = [...waiting]
  if (judged.length === 0) return { day, incidents: [], notEvaluated }
  await createDayTables(store, day, judged, settings)
  const incidents: Incident[] = []
  for (const rule of RULES) {
    if (options.rules && !options.rules.includes(rule.id as RuleId)) continue
    const reason = whyNotUnder(rule, settings, store.state)
    if (reason) notEvaluated.push({ rule: rule.id as RuleId, day, application: undefined, reason, requests: 0 })
    else {
      const found = await runRule(store, rule, { day, judged, settings, options })
      incidents.push(...found.incidents)
      notEvaluated.push(...found.notEvaluated)
    }
  }
  return { day, incidents: incidents.sort(byTime), notEvaluated }
} // biome-ignore format: one step a line

/** Why nothing of an application's day can be judged yet. */
function whyNot(store: Store, { application, day, state }: DayState): (NotEvaluated & { reason: ReasonCode }) | undefined {
  const of = (reason: ReasonCode) => ({ rule: undefined, day, application, reason, requests: 0 })
  if (store.state.unlinkedDays.has(dayKey({ application, day }))) return of('day-not-linked')
  return state === 'closed' ? undefined : of('day-open')
} // biome-ignore format: one line

function byTime(a: Incident, b: Incident): number {
  return a.firstUs - b.firstUs || (a.incident < b.incident ? -1 : 1)
}

interface Run {
  readonly day: string
  readonly judged: readonly JudgedApplication[]
  readonly settings: FindingSettings
  readonly options: JudgeOptions
}

interface IncidentRow {
  readonly incident: string
  readonly series: string
  readonly application: string | null
  readonly about: string
  readonly first_us: string
  readonly last_us: string
  readonly requests: string
  readonly total: string | null
  readonly notes: string | null
}

async function runRule(store: Store, rule: Rule, run: Run): Promise<Omit<DayFindings, 'day'>> {
  const { db } = store
  const { day, settings } = run
  const params = Object.entries(ruleParams(store.state, day, settings)).filter(([name]) => rule.sql.includes(`$${name}`))
  await db.run(
    `CREATE OR REPLACE TEMP TABLE found AS SELECT * REPLACE (about::VARCHAR AS about) FROM (${FOUND} UNION ALL BY NAME (${withErased(rule)}))`,
    Object.fromEntries(params),
  )
  const gap = rule.gap === undefined ? null : String(rule.gap)
  await db.run(`CREATE OR REPLACE TEMP TABLE grouped AS ${INCIDENTS}`, { rule: rule.id, day, gap_us: gap })
  await db.run(
    `INSERT INTO finding_requests SELECT $rule, incident, request_id, list_sort(list_distinct(flatten(list(hops))))
     FROM grouped WHERE request_id IS NOT NULL GROUP BY incident, request_id`,
    { rule: rule.id },
  )
  const rows = await db.rows<IncidentRow>(ROWS)
  const hints = rule.id === 'token-rejected-downstream' && rows.length > 0 ? await hintsOf(store) : undefined
  const incidents = rows.map(row => incidentOf(store, rule, row, run, hints))
  if (run.options.keepsUndecided)
    await db.run('INSERT INTO undecided_requests SELECT DISTINCT $rule, request_id, why_not FROM found WHERE why_not IS NOT NULL AND request_id IS NOT NULL', { rule: rule.id })
  return { incidents, notEvaluated: await notEvaluatedOf(store, rule, day) }
} // biome-ignore format: one step a line

/** The statement of a rule; what it says of an erased person's requests, and could not see of them, is not evaluated. */
function withErased({ sql, erased }: Rule): string {
  if (erased === undefined) return `${sql}\n`
  return `WITH own AS (${sql}\n), gone AS (SELECT * FROM timed_calls WHERE erased)
    SELECT * REPLACE (CASE WHEN request_id IN (SELECT request_id FROM gone) THEN 'subject-erased' ELSE why_not END AS why_not) FROM own
    UNION ALL BY NAME
    SELECT application, request_id, start_ts AS at_ts, 'subject-erased' AS why_not FROM gone
    WHERE (${erased}) AND request_id NOT IN (SELECT request_id FROM own WHERE request_id IS NOT NULL)`
}

async function notEvaluatedOf({ db }: Store, { id, coverage }: Rule, day: string): Promise<NotEvaluated[]> {
  type Row = { application: string | null; why_not: ReasonCode; coverage: CoverageReason | null; hours: string[]; requests: string }
  const rows = await db.rows<Row>(LEFT, { side: coverage === 'gateway' || coverage === 'app' ? coverage : null })
  return rows.map(row => ({
    rule: id as RuleId,
    day,
    application: row.application ?? undefined,
    reason: row.why_not,
    coverage: row.coverage ?? undefined,
    hours: row.hours,
    requests: Number(row.requests),
  }))
} // biome-ignore format: a signature

function incidentOf(
  store: Store,
  rule: Rule,
  row: IncidentRow,
  { day, judged, options }: Run,
  hints: ReadonlyMap<string, string> | undefined,
): Incident {
  const about = JSON.parse(row.about) as Record<string, string | null>
  const parts = rule.about.flatMap(name => (about[name] ? [`${name} ${about[name]}`] : []))
  const suppression = suppressionOf(store.state, row.incident, row.series, options.nowMs)
  const mine = judged.filter(it => row.application === null || it.application === row.application)
  return {
    incident: row.incident,
    series: row.series,
    rule: rule.id as RuleId,
    severity: rule.severity,
    title: [rule.title, parts.join(', ')].filter(part => part !== '').join(': '),
    day,
    application: row.application ?? undefined,
    about,
    firstUs: Number(row.first_us),
    lastUs: Number(row.last_us),
    requests: Number(row.requests),
    total: row.total === null ? undefined : Number(row.total),
    notes: row.notes === null ? [] : (JSON.parse(row.notes) as Incident['notes']),
    hint: hints && about.kind === 'burst' ? (hints.get(row.incident) ?? 'no hint') : kernelHint(about.reason),
    status: suppression ? 'SUPPRESSED' : 'OPEN',
    suppression,
    provisional: mine.some(it => it.provisional),
  }
}
