import type { LedgerState } from '../ledger/state.ts'
import { DAY_US, dayText, HOUR_US } from '../model/time.ts'
import { ALWAYS, type Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { appCoverage, type Scene } from './app-coverage.ts'
import { gatewayLines, targetsOf, usualServices } from './calls.ts'
import { gatewayCoverage } from './gateway-coverage.ts'
import { type Gathered, gather } from './gather.ts'
import type { CoverageRow, Gap, Side, SourceGroup } from './row.ts'

/** So far around the period that is asked about sources are looked for, and what their silences begin and end with, days. */
export const AROUND_DAYS = 7
const AROUND_US = AROUND_DAYS * DAY_US

/**
 * What the store has of each source group and hour, and why that is believed. Hours without a row are hours in which a
 * group is not expected: long before its first hop or behind its last. Each side of each application has a row in every
 * hour.
 *
 * @param range clipped to the hours of the facts where it is open
 */
export async function coverageOf(store: Store, range: Range = ALWAYS): Promise<CoverageRow[]> {
  const asked = hoursOf(store.state, range)
  if (!asked) return []
  const around = { fromUs: asked.fromUs - AROUND_US, toUs: asked.toUs + AROUND_US }
  const horizon = clip(around, factBounds(store.state) ?? asked, asked)
  const gathered = await gather(store, horizon)
  const scene = sceneOf(gathered, horizon, asked)
  const app = appCoverage(scene)
  const gateway = gatewayCoverage(scene, app, store.state.sources)
  const rows = [...gateway, ...app].map(row => withLedger(store.state, row))
  return [...rows, ...nothingKnown(store.state, rows, scene.hours)].sort(byGroupAndHour)
}

function sceneOf(gathered: Gathered, horizon: Gap, asked: Gap): Scene {
  const services = usualServices(gathered.serves)
  const count = Math.round((asked.toUs - asked.fromUs) / HOUR_US)
  return {
    gathered,
    services,
    targets: targetsOf(gathered, services, horizon),
    lines: gatewayLines(gathered, services, horizon),
    horizon,
    hours: Array.from({ length: count }, (_, i) => asked.fromUs + i * HOUR_US),
  }
}

/** The first and last stamp of any hop of the two sides; rows of HTTP.sys come when something is wrong, and vouch for no hour. */
function factBounds(state: LedgerState): Gap | undefined {
  const segments = state.segments.filter(s => s.kind !== 'kernel')
  if (segments.length === 0) return undefined
  let [fromUs, toUs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const segment of segments) {
    fromUs = Math.min(fromUs, segment.firstUs)
    toUs = Math.max(toUs, segment.lastUs + 1)
  }
  return wholeHours({ fromUs, toUs })
}

/** The hours of a period; where it is open, those of the facts. */
function hoursOf(state: LedgerState, range: Range): Gap | undefined {
  const bounds = factBounds(state)
  const fromUs = Number.isFinite(range.fromUs) ? range.fromUs : bounds?.fromUs
  const toUs = Number.isFinite(range.toUs) ? range.toUs : bounds?.toUs
  if (fromUs === undefined || toUs === undefined || fromUs >= toUs) return undefined
  return wholeHours({ fromUs, toUs })
}

function wholeHours({ fromUs, toUs }: Gap): Gap {
  return { fromUs: Math.floor(fromUs / HOUR_US) * HOUR_US, toUs: Math.ceil(toUs / HOUR_US) * HOUR_US }
}

/** A span within others: as far as there are facts, and what is asked about in any case. */
function clip(span: Gap, facts: Gap, asked: Gap): Gap {
  return {
    fromUs: Math.min(asked.fromUs, Math.max(span.fromUs, facts.fromUs)),
    toUs: Math.max(asked.toUs, Math.min(span.toUs, facts.toUs)),
  }
}

/** What the ledger adds: days that were pruned, and sides that a person declared to be whole. */
function withLedger(state: LedgerState, row: CoverageRow): CoverageRow {
  const day = dayText(Math.floor(row.hourUs / DAY_US))
  const states = statesOf(state, row.group.applications)
  if (states.some(({ pruning }) => pruning && day < pruning.before))
    return { ...row, state: 'missing', reason: 'pruned', gap: undefined }
  const isDeclared = states.every(({ declared }) =>
    declared.some(d => d.side === row.group.side && d.from <= day && day < d.to),
  )
  return isDeclared && row.state === 'unknown' ? { ...row, state: 'complete', reason: 'declared' } : row
}

/** What ledgers say of some applications: of several stores, those that have hops of them. */
function statesOf(state: LedgerState, applications: readonly string[]): LedgerState[] {
  if (!state.parts) return [state]
  const all = state.parts.map(part => part.state)
  const own = all.filter(it => applications.some(application => applicationsOf(it).has(application)))
  return own.length > 0 ? own : all
}

/** By state: there are many rows. */
const knownApplications = new WeakMap<LedgerState, ReadonlySet<string>>()

function applicationsOf(state: LedgerState): ReadonlySet<string> {
  const known = knownApplications.get(state) ?? new Set(state.segments.flatMap(s => s.applications))
  knownApplications.set(state, known)
  return known
}

/** Rows of the sides of applications that have none in an hour. */
function nothingKnown(
  state: LedgerState,
  rows: readonly CoverageRow[],
  hours: readonly number[],
): CoverageRow[] {
  const applications = new Set(state.segments.flatMap(s => (s.kind === 'kernel' ? [] : s.applications)))
  const seen = new Set(
    rows.flatMap(({ group, hourUs }) => group.applications.map(a => `${group.side} ${hourUs} ${a}`)),
  )
  const evidence = { hops: 0, expected: 0, unmatched: 0, rejected: 0 }
  return (['gateway', 'app'] as const satisfies readonly Side[]).flatMap(side =>
    [...applications].flatMap(application => {
      const group: SourceGroup = { side, applications: [application] }
      return hours.flatMap((hourUs): CoverageRow[] => {
        if (seen.has(`${side} ${hourUs} ${application}`)) return []
        return [withLedger(state, { group, hourUs, state: 'unknown', reason: 'nothing-known', evidence })]
      })
    }),
  )
}

/** Texts of groups: rows share theirs, and there are many rows. */
const groupKeys = new WeakMap<SourceGroup, string>()

/** A text by which groups are equal and sorted: the gateway first, what is not known last. */
export function groupKey(group: SourceGroup): string {
  let key = groupKeys.get(group)
  if (key === undefined) {
    key = keyOf(group)
    groupKeys.set(group, key)
  }
  return key
}

function keyOf(group: SourceGroup): string {
  const { side, applications, host, site, log, target, organization, environment } = group
  const text = (value: string | undefined): string => value ?? '\uffff'
  const names =
    side === 'gateway'
      ? [text(organization), text(environment), applications]
      : [applications, text(host), text(site), text(log), text(target)]
  return JSON.stringify([side === 'gateway' ? 0 : 1, ...names])
}

function byGroupAndHour(a: CoverageRow, b: CoverageRow): number {
  const [one, other] = [groupKey(a.group), groupKey(b.group)]
  return one === other ? a.hourUs - b.hourUs : one < other ? -1 : 1
}

/** Whether a side of an application is complete in every hour of a period. */
export async function isCovered(
  store: Store,
  side: Side,
  application: string,
  fromUs: number,
  toUs: number,
): Promise<boolean> {
  return isCoveredBy(await coverageOf(store, { fromUs, toUs }), side, application)
}

/** The same of rows that are there already: of one period, as `coverageOf` gives them. */
export function isCoveredBy(rows: readonly CoverageRow[], side: Side, application: string): boolean {
  const own = rows.filter(({ group }) => group.side === side && group.applications.includes(application))
  return own.length > 0 && own.every(row => row.state === 'complete')
}
