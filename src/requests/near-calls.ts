import { DAY_US, SECOND_US } from '../model/time.ts'
import { factsRelation, type Range } from '../store/facts.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { clockReadings } from './clock-readings.ts'
import { linksRelation } from './view.ts'

const NEAR_CALLS = sqlFile('./near_calls.sql', import.meta.url)

/** How far outside its second a line's end is looked for. */
const SLACK_US = 0.3 * SECOND_US

/** Gateway hops that an app hop could belong to, counted; each count is part of the one before. */
export interface NearCalls {
  /** Answered at the time. */
  readonly calls: number
  /** Of its method and path. */
  readonly alike: number
  /** With its status. */
  readonly answered: number
  /** With another app hop as their answer. */
  readonly taken: number
  /** The clock that the time was told by, µs ahead of the gateway's. */
  readonly lowUs: number
  readonly highUs: number
}

/** Names by which clocks may be kept for a hop: a row of HTTPERR seldom names its host, the IIS logs of its address may. */
async function clockHosts(
  { db, state, root }: Store,
  hop: Readonly<Record<string, unknown>>,
  range: Range,
): Promise<string[]> {
  const own = String(hop.host ?? hop.server_ip ?? '')
  if (hop.kernel !== true || hop.server_ip === null) return [own]
  const rows = await db.rows<{ host: string }>(
    `SELECT DISTINCT host FROM ${factsRelation(state, root, 'app', range)} WHERE server_ip = $ip AND host IS NOT NULL`,
    { ip: String(hop.server_ip) },
  )
  return [own, String(hop.server_ip), ...(rows.length === 1 ? rows.map(row => row.host) : [])]
}

/**
 * Counts the calls that an app hop may have been caused by.
 *
 * @param hop a row of app facts
 * @param endUs its logged stamp
 * @returns undefined where no link of its day tells its host's clock
 */
export async function nearCalls(
  store: Store,
  hop: Readonly<Record<string, unknown>>,
  endUs: number,
): Promise<NearCalls | undefined> {
  const { db, state, root } = store
  const day = Math.floor(endUs / DAY_US) * DAY_US
  const hosts = await clockHosts(store, hop, { fromUs: day, toUs: day + DAY_US })
  const readings = (await clockReadings(store, { fromUs: day, toUs: day + DAY_US })).filter(r =>
    hosts.includes(r.host),
  )
  const distance = (r: { fromUs: number; toUs: number }): number =>
    Math.max(0, r.fromUs - endUs, endUs - r.toUs)
  const [clock] = readings.sort(
    (a, b) => distance(a) - distance(b) || a.highUs - a.lowUs - (b.highUs - b.lowUs),
  )
  if (!clock) return undefined
  const fromUs = endUs - clock.highUs - SLACK_US
  const toUs = endUs + Number(hop.resolution_ms ?? 1000) * 1000 - clock.lowUs + SLACK_US
  const range = { fromUs: fromUs - DAY_US, toUs: toUs + DAY_US }
  await db.run(
    `CREATE OR REPLACE TEMP VIEW around_gateway AS SELECT * FROM ${factsRelation(state, root, 'gateway', range)}`,
  )
  await db.run(
    `CREATE OR REPLACE TEMP VIEW around_links AS SELECT * FROM ${linksRelation(state, root, range)}`,
  )
  const counts = await db.row<Omit<NearCalls, 'lowUs' | 'highUs'>>(NEAR_CALLS, {
    from_us: BigInt(Math.floor(fromUs)),
    to_us: BigInt(Math.ceil(toUs)),
    status: hop.status === null ? null : Number(hop.status),
    dropped: hop.kernel === true && hop.status === null,
    application: String(hop.application ?? ''),
    method: String(hop.method ?? ''),
    path_key: String(hop.path_key ?? ''),
  })
  return { ...counts, lowUs: clock.lowUs, highUs: clock.highUs }
}
