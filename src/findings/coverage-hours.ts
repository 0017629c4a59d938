import type { DayState } from '../ledger/state.ts'
import { dayNumber, dayText } from '../model/time.ts'
import type { Store } from '../store/store.ts'

/** One hour of one side of an application, as rules ask for it. */
interface CoverageHour {
  readonly side: 'gateway' | 'app'
  readonly application: string
  readonly host: string | null
  readonly site: string | null
  /** Its first moment, `YYYY-MM-DD HH:00:00` UTC. */
  readonly hour: string
  readonly state: 'complete' | 'partial' | 'missing' | 'unknown'
}

const SIDES = ['gateway', 'app'] as const

/**
 * Creates the table coverage_hours for a day, its last hour before and its first after: the one place at which findings
 * ask what is covered. Read from why days were closed and what was declared.
 */
export async function createCoverageHours(store: Store, day: string): Promise<void> {
  const rows = [...store.state.days.values()]
    .filter(it => Math.abs(dayNumber(it.day) - dayNumber(day)) <= 1)
    .flatMap(it => SIDES.flatMap(side => hoursOf(store, it, side, day)))
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE coverage_hours
       (side VARCHAR, application VARCHAR, host VARCHAR, site VARCHAR, hour TIMESTAMP, state VARCHAR)`,
  )
  await store.db.run(
    `INSERT INTO coverage_hours SELECT o.side, o.application, o.host, o.site, o.hour::TIMESTAMP, o.state
     FROM (SELECT unnest(from_json($json,
       '[{"side":"VARCHAR","application":"VARCHAR","host":"VARCHAR","site":"VARCHAR","hour":"VARCHAR","state":"VARCHAR"}]')) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

function hoursOf(store: Store, day: DayState, side: 'gateway' | 'app', wanted: string): CoverageHour[] {
  const state = isComplete(store, day, side) ? 'complete' : 'unknown'
  const hours = Array.from({ length: 24 }, (_, hour) => rowOf(day, side, day.day, hour, state))
  if (state === 'unknown' || day.day !== wanted) return hours
  // A day is whole only where something later was logged: its last requests end in the first hour of the next.
  return [...hours, rowOf(day, side, dayText(dayNumber(day.day) + 1), 0, state)]
}

function rowOf(
  { application }: DayState,
  side: 'gateway' | 'app',
  day: string,
  hour: number,
  state: CoverageHour['state'],
): CoverageHour {
  const text = `${day} ${String(hour).padStart(2, '0')}:00:00`
  return { side, application, host: null, site: null, hour: text, state }
}

function isComplete(
  { state }: Store,
  { day, state: is, reason }: DayState,
  side: 'gateway' | 'app',
): boolean {
  if (state.declared.some(d => d.side === side && d.from <= day && day < d.to)) return true
  if (is !== 'closed') return false
  if (reason === 'both sides covered') return true
  return reason.startsWith('deadline passed') && !reason.includes(side)
}
