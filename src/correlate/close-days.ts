import { hasLateHops } from '../ledger/pruning.ts'
import { type ApplicationDay, type DayState, dayKey } from '../ledger/state.ts'
import { DAY_US, dayNumber, HOUR_US, MINUTE_US } from '../model/time.ts'
import { factsRelation } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { inSpan } from '../telemetry/record.ts'

/** How much later than a day's end a side must have logged something for the day to be whole. */
const COVERAGE_SLACK_US = 15 * MINUTE_US
/** How long a day waits for a side that never comes. */
const DEADLINE_US = 36 * HOUR_US

/** Whether each side of a day is whole, and what it is judged by. */
export interface Coverage {
  readonly gateway: boolean
  readonly app: boolean
  /** Hosts that logged that day and nothing later. */
  readonly hostsMissing: readonly string[]
}

interface LastSeen {
  readonly gatewayUs: number
  readonly hosts: ReadonlyMap<string, number>
  /** Hosts by application and day. */
  readonly hostsOf: ReadonlyMap<string, readonly string[]>
}

/** Closes every open day that is whole on both sides or past its deadline, with one ledger entry each. */
export async function closeDays(store: Store): Promise<ApplicationDay[]> {
  const open = openDays(store)
  if (open.length === 0) return []
  return inSpan('close', {}, async span => {
    const closed = await closeWhole(store, open)
    span.set({ 'throughline.days': closed.length })
    return closed
  })
}

async function closeWhole(store: Store, open: readonly DayState[]): Promise<ApplicationDay[]> {
  const seen = await lastSeen(store, open)
  const closed: ApplicationDay[] = []
  for (const it of open) {
    // Whether its late hops have partners will never be known: a person may close it all the same.
    if (hasLateHops(store.state, it)) continue
    const reason = closingReason(it, coverageOf(store, it, seen), store.now() * 1000)
    if (!reason) continue
    const { application, day } = it
    store.append({ kind: 'day', application, day, state: 'closed', reason })
    closed.push({ application, day })
  }
  return closed
}

/** Closes days by a person's decision; a day without hops cannot be closed. */
export function closeByHand(store: Store, days: readonly string[]): ApplicationDay[] {
  const open = openDays(store).filter(d => days.includes(d.day))
  for (const { day, application } of open) {
    store.append({ kind: 'day', application, day, state: 'closed', reason: 'closed by hand' })
  }
  return open.map(({ application, day }) => ({ application, day }))
}

/** Coverage of each open day, by `dayKey`: why it is open. */
export async function openDayCoverage(store: Store): Promise<Map<string, Coverage>> {
  const open = openDays(store)
  if (open.length === 0) return new Map()
  const seen = await lastSeen(store, open)
  return new Map(open.map(day => [dayKey(day), coverageOf(store, day, seen)]))
}

function openDays(store: Store): DayState[] {
  return [...store.state.days.values()]
    .filter(d => d.state === 'open')
    .sort((a, b) => (a.day < b.day || (a.day === b.day && a.application < b.application) ? -1 : 1))
}

function closingReason(day: DayState, coverage: Coverage, nowUs: number): string | undefined {
  if (coverage.gateway && coverage.app) return 'both sides covered'
  const lastHopUs = day.lastHopAt ? Date.parse(day.lastHopAt) * 1000 : 0
  const deadline = Math.max((dayNumber(day.day) + 1) * DAY_US, lastHopUs) + DEADLINE_US
  if (nowUs < deadline) return undefined
  const missing = [coverage.gateway ? '' : 'gateway', coverage.app ? '' : 'app'].filter(side => side !== '')
  return `deadline passed, ${missing.join(' and ')} side not covered`
}

function coverageOf(store: Store, state: DayState, seen: LastSeen): Coverage {
  const { day } = state
  const whole = (dayNumber(day) + 1) * DAY_US + COVERAGE_SLACK_US
  // A host whose clock is ahead stamps what is still to come.
  const wholeApp = whole + Math.max(0, state.link?.clockAheadUs ?? 0)
  const declared = (side: 'gateway' | 'app'): boolean =>
    store.state.declared.some(d => d.side === side && d.from <= day && day < d.to)
  const hosts = seen.hostsOf.get(dayKey(state)) ?? []
  const hostsMissing = hosts.filter(host => (seen.hosts.get(host) ?? 0) < wholeApp)
  const anyLater = [...seen.hosts.values()].some(us => us >= wholeApp)
  return {
    gateway: declared('gateway') || seen.gatewayUs >= whole,
    app: declared('app') || (hosts.length > 0 ? hostsMissing.length === 0 : anyLater),
    hostsMissing,
  }
}

async function lastSeen({ db, state, root }: Store, open: readonly DayState[]): Promise<LastSeen> {
  const range = { fromUs: dayNumber(open[0]?.day ?? '') * DAY_US, toUs: Number.POSITIVE_INFINITY }
  const gateway = await db.row<{ us: string | null }>(
    `SELECT epoch_us(max(start_ts))::VARCHAR AS us FROM ${factsRelation(state, root, 'gateway', range)}`,
  )
  const rows = await db.rows<{ host: string; application: string; day: string; us: string }>(
    `SELECT coalesce(host, '') AS host, application, end_ts::DATE AS day, epoch_us(max(end_ts))::VARCHAR AS us
     FROM ${factsRelation(state, root, 'app', range)} GROUP BY ALL ORDER BY ALL`,
  )
  const hosts = new Map<string, number>()
  const hostsOf = new Map<string, string[]>()
  for (const { host, application, day, us } of rows) {
    const key = dayKey({ application, day })
    hosts.set(host, Math.max(hosts.get(host) ?? 0, Number(us)))
    hostsOf.set(key, [...(hostsOf.get(key) ?? []), host])
  }
  // What other stores of the same deployment hold the lines of.
  for (const { side, host, us } of state.seen.values())
    if (side === 'app') hosts.set(host, Math.max(hosts.get(host) ?? 0, us))
  return { gatewayUs: Math.max(Number(gateway.us ?? 0), state.seen.get('gateway ')?.us ?? 0), hosts, hostsOf }
}
