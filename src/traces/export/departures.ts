import type { Redactor } from '../../model/redact.ts'
import { sqlFile } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import type { Legs } from '../legs.ts'
import { type Periods, parseLegs, readLegs } from '../read-legs.ts'
import { redactLegs } from '../redact-legs.ts'
import { Resources } from '../resources.ts'
import type { Span } from '../span.ts'
import { spansOf } from '../spans.ts'

const SLICE = sqlFile('./slice_requests.sql', import.meta.url)

/** Requests whose hops are looked up at once: what the engine holds in memory. */
const SLICE_REQUESTS = 8_192

/** Requests whose spans are made at once. */
const PART_REQUESTS = 256

/** A request of which something is to be sent. */
export interface Departure {
  readonly legs: Legs
  /** Spans of the hops that are to be sent. */
  readonly spans: readonly Span[]
  /** Place of the last of these hops in the list. */
  readonly upTo: number
}

interface Row extends Legs {
  readonly hops: readonly string[]
  readonly up_to: number
}

/**
 * What the table hops_to_send names, request by request in its order; all tables of `planDay` are there.
 *
 * @param redact undefined: the receiver may see people
 */
export async function* departures(store: Store, redact: Redactor | undefined): AsyncGenerator<Departure[]> {
  const { db } = store
  await db.run(`CREATE OR REPLACE TEMP TABLE sliced AS ${SLICE}`, { size: SLICE_REQUESTS })
  const { slices } = await db.row<{ slices: number }>(
    'SELECT coalesce(max(slice) + 1, 0)::INTEGER AS slices FROM sliced',
  )
  const resources = new Resources()
  let next = slices > 0 ? legsOfSlice(store, 0) : undefined
  try {
    for (let slice = 1; next; slice++) {
      const texts: readonly string[] = await next
      // The engine puts the next slice together while this one is sent.
      next = slice < slices ? legsOfSlice(store, slice) : undefined
      next?.catch(() => undefined)
      for (let from = 0; from < texts.length; from += PART_REQUESTS)
        yield texts.slice(from, from + PART_REQUESTS).map(text => {
          const row = parseLegs<Row>(text)
          return departure(redact ? { ...row, ...redactLegs(row, redact) } : row, resources)
        })
    }
  } finally {
    // Who stops in the middle closes the store next: the engine must be done with it.
    await next?.catch(() => undefined)
  }
}

async function legsOfSlice(store: Store, slice: number): Promise<string[]> {
  await store.db.run(
    'CREATE OR REPLACE TEMP TABLE leg_requests AS SELECT t.*, s.hops, s.up_to FROM sliced AS s JOIN traced AS t ON t.request_id = s.request_id WHERE s.slice = $slice',
    { slice },
  )
  return readLegs(store, await periodsOf(store))
}

function departure(row: Row, resources: Resources): Departure {
  const wanted = new Set(row.hops)
  const spans = spansOf(row, resources).filter(span => wanted.has(span.hopId))
  const found = new Set(spans.map(span => span.hopId))
  if (found.size !== wanted.size)
    throw new Error(`request ${row.request_id}: ${wanted.size} hops to send, ${found.size} found`)
  return { legs: row, spans, upTo: row.up_to }
}

/** The periods in which the hops of the table leg_requests lie: nothing else is looked at. */
async function periodsOf({ db }: Store): Promise<Periods> {
  const row = await db.row<Record<keyof Periods, string | null>>(
    `SELECT (SELECT min(start_us)::BIGINT::VARCHAR FROM leg_requests) AS "firstUs", (SELECT max(start_us)::BIGINT::VARCHAR FROM leg_requests) AS "lastUs",
       epoch_us(min(end_ts))::VARCHAR AS "fromUs", epoch_us(max(end_ts))::VARCHAR AS "toUs" FROM server_facts
     WHERE hop_id IN (SELECT unnest(app_hop_ids)::UUID FROM span_requests WHERE request_id IN (SELECT request_id FROM leg_requests))`,
  )
  return {
    firstUs: Number(row.firstUs),
    lastUs: Number(row.lastUs),
    fromUs: Number(row.fromUs ?? 0),
    toUs: Number(row.toUs ?? 0) + 1,
  }
}
