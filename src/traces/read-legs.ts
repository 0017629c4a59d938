import { HOT_ID_HOPS } from '../model/ids.ts'
import { dayNumber, dayText } from '../model/time.ts'
import type { Found } from '../requests/lookup.ts'
import { factsOfDays } from '../store/facts.ts'
import { quoteTexts, sqlFile } from '../store/query.ts'
import { wholeFiles } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Legs } from './legs.ts'
import { recordedRelation } from './recorded.ts'

const TRACED = sqlFile('./traced.sql', import.meta.url)
const LEGS = sqlFile('./legs.sql', import.meta.url)

/** Columns of requests that spans are made from. */
export const SPAN_REQUEST_COLUMNS = `request_id, start_ts, state, application, day, status, decided_by, decided_detail, subject, subject_kind, subject_issuer,
  correlation_id, gateway_hop_id, app_hop_ids`

/**
 * Creates the table traced for the requests of the table span_requests: the trace of each. The views of facts and links
 * that these were made from are there.
 *
 * @param days the days in which their hops lie
 * @param ids which correlation ids to count hops of; undefined: all of the days around
 */
export async function traceRequests(
  store: Store,
  days: readonly string[],
  ids?: readonly string[],
): Promise<void> {
  const { db, roots } = store
  const near = around(days)
  await db.run(
    `CREATE OR REPLACE TEMP TABLE recorded_traces AS SELECT hop_id, min(trace_id) AS trace_id FROM ${recordedRelation(roots, near)}
     WHERE hop_id IN (SELECT request_id::UUID FROM span_requests UNION ALL SELECT unnest(app_hop_ids)::UUID FROM span_requests) GROUP BY hop_id`,
  )
  await countShared(store, near, ids)
  await db.run(`CREATE OR REPLACE TEMP TABLE traced AS ${TRACED}`)
}

/** Where hops are looked for, µs. */
export interface Periods {
  /** Stamps of the gateway hops, both ends included. */
  readonly firstUs: number
  readonly lastUs: number
  /** Half-open, of the ends of app hops. */
  readonly fromUs: number
  readonly toUs: number
}

/** Far enough for every stamp there is. */
const EVER: Periods = { firstUs: -8e15, lastUs: 8e15, fromUs: -8e15, toUs: 8e15 }

/**
 * Requests of the table leg_requests, with their hops, in the order in which they began; each is a text for `parseLegs`.
 */
export async function readLegs({ db }: Store, periods: Periods = EVER): Promise<string[]> {
  const rows = await db.rows<{ legs: string }>(LEGS, {
    first_us: BigInt(periods.firstUs),
    last_us: BigInt(periods.lastUs),
    from_us: BigInt(periods.fromUs),
    to_us: BigInt(periods.toUs),
  })
  return rows.map(row => row.legs)
}

/** A request from the text of it. */
export function parseLegs<Row extends Legs>(text: string): Row {
  const row = JSON.parse(text) as Row
  if (row.apps.length < 2) return row
  return { ...row, apps: [...row.apps].sort((a, b) => a.place - b.place) }
}

/**
 * Requests that were looked up, with their hops and traces, by request id. The views that the look-up has made are
 * there still.
 */
export async function legsOfFound(
  store: Store,
  { gatewayHops, appHops }: Found,
): Promise<ReadonlyMap<string, Legs>> {
  const stamps = [...gatewayHops.map(h => h.start_ts), ...appHops.map(h => h.end_ts)]
  const days = [...new Set(stamps.map(stamp => String(stamp).slice(0, 10)))]
  const ids = new Set([...gatewayHops, ...appHops].flatMap(h => h.correlation_id ?? []).map(String))
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE span_requests AS SELECT ${SPAN_REQUEST_COLUMNS} FROM requests`,
  )
  await traceRequests(store, days, await crowdedIds(store, around(days), [...ids]))
  await store.db.run('CREATE OR REPLACE TEMP TABLE leg_requests AS SELECT * FROM traced')
  const legs = new Map<string, Legs>()
  for (const text of await readLegs(store)) {
    const one = parseLegs<Legs>(text)
    legs.set(one.request_id, one)
  }
  return legs
}

/** Ids that many entries of the id index of some days may stand for: counting these entries is cheap, counting hops is not. */
async function crowdedIds(
  { db, state, root }: Store,
  days: ReadonlySet<string>,
  ids: readonly string[],
): Promise<string[]> {
  const indexes = state.indexes.filter(index => index.kind === 'id' && days.has(index.day))
  if (indexes.length === 0 || ids.length === 0) return []
  const keys = await db.rows<{ id: string; key: string }>(
    `SELECT id, id_key32(id)::VARCHAR AS key FROM (SELECT unnest(${quoteTexts(ids)}) AS id)`,
  )
  // Only constants let the engine skip row groups of the sorted files.
  const rows = await db.rows<{ key: string }>(
    `SELECT key::VARCHAR AS key FROM read_parquet(${quoteTexts(wholeFiles(root, indexes))}, hive_partitioning = false)
     WHERE key IN (${keys.map(k => `${k.key}::UINTEGER`).join(', ')}) GROUP BY key HAVING count(*) > ${HOT_ID_HOPS}`,
  )
  const crowded = new Set(rows.map(row => row.key))
  return keys.filter(({ key }) => crowded.has(key)).map(({ id }) => id)
}

/** Creates the table shared_ids: correlation ids that so many hops carry that they stand for no request. */
async function countShared(store: Store, days: ReadonlySet<string>, ids?: readonly string[]): Promise<void> {
  const { db, state, root } = store
  await db.run('CREATE OR REPLACE TEMP TABLE shared_ids (id VARCHAR)')
  if (ids?.length === 0) return
  const only = ids ? `AND correlation_id IN (SELECT unnest(${quoteTexts(ids)}))` : ''
  for (const kind of ['gateway', 'app'] as const)
    await db.run(
      `INSERT INTO shared_ids SELECT correlation_id FROM ${factsOfDays(state, root, kind, days)}
       WHERE correlation_id IS NOT NULL ${only} GROUP BY correlation_id HAVING count(*) > ${HOT_ID_HOPS}`,
    )
}

/** Days with their neighbours, in which the other hops of their requests lie. */
function around(days: readonly string[]): Set<string> {
  return new Set(days.flatMap(day => [-1, 0, 1].map(shift => dayText(dayNumber(day) + shift))))
}
