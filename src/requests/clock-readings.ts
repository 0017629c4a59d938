import { DAY_US } from '../model/time.ts'
import { ALWAYS, factsRelation, type Range } from '../store/facts.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { linksRelation } from './view.ts'

const READINGS = sqlFile('./clock_readings.sql', import.meta.url)
const BOUNDS = sqlFile('./clock_bounds.sql', import.meta.url)

/** What links say about a host's clock in a quarter of an hour or a part of one. */
export interface ClockReading {
  /** Host, or the server's address where the log names none; empty: neither. */
  readonly host: string
  /** UTC day by the host's own clock. */
  readonly day: string
  /** First and last line that it stands on, µs on the host's clock; the reading holds in between. */
  readonly fromUs: number
  readonly toUs: number
  /** The host's clock is ahead of the gateway's by between these, µs. */
  readonly lowUs: number
  readonly highUs: number
  /** Links under it, and those of them that an id made. */
  readonly links: number
  readonly idLinks: number
  /** Read from pairs that an id joins; else from pairs of hops that look alike. */
  readonly calibrated: boolean
}

/** What one id link says about the clock of a host for which no link has a reading. */
export interface ClockBound {
  readonly host: string
  readonly atUs: number
  readonly lowUs: number
  readonly highUs: number
}

/** Clock readings by host and time; a range narrows the app hops they come from. */
export async function clockReadings(store: Store, range: Range = ALWAYS): Promise<ClockReading[]> {
  const rows = await store.db.rows<Record<string, string> & { calibrated: boolean }>(
    await over(store, range, READINGS),
  )
  return rows.map(row => ({
    host: row.host ?? '',
    day: row.day ?? '',
    fromUs: Number(row.from_us),
    toUs: Number(row.to_us),
    lowUs: Number(row.low_us),
    highUs: Number(row.high_us),
    links: Number(row.links),
    idLinks: Number(row.id_links),
    calibrated: row.calibrated,
  }))
}

/** Bounds from id links that carry no reading, by host and time. */
export async function clockBounds(store: Store, range: Range = ALWAYS): Promise<ClockBound[]> {
  const rows = await store.db.rows<Record<string, string>>(await over(store, range, BOUNDS))
  return rows.map(row => ({
    host: row.host ?? '',
    atUs: Number(row.at_us),
    lowUs: Number(row.low_us),
    highUs: Number(row.high_us),
  }))
}

/** Creates the views a statement reads and returns it. */
async function over({ db, state, root }: Store, range: Range, sql: string): Promise<string> {
  const wide = { fromUs: range.fromUs - DAY_US, toUs: range.toUs + DAY_US }
  const app = factsRelation(state, root, 'app', range)
  const limits = [
    Number.isFinite(range.fromUs) ? `end_ts >= make_timestamp(${range.fromUs})` : 'TRUE',
    Number.isFinite(range.toUs) ? `end_ts < make_timestamp(${range.toUs})` : 'TRUE',
  ]
  await db.run(`CREATE OR REPLACE TEMP VIEW clock_hops AS
    SELECT hop_id, coalesce(host, server_ip, '') AS host, end_ts, resolution_ms FROM ${app} WHERE ${limits.join(' AND ')}`)
  await db.run(`CREATE OR REPLACE TEMP VIEW clock_links AS SELECT * FROM ${linksRelation(state, root, wide)}`)
  return sql
}
