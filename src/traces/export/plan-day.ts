import { REQUEST_FIELDS } from '../../requests/fields.ts'
import { bindFilter, parseFilter, toSql } from '../../requests/filter/index.ts'
import { asksFindings, type FindingsOfDays, WITH_FINDINGS } from '../../requests/findings-source.ts'
import { loadAliases } from '../../requests/subjects.ts'
import { createDayRows, createRequests } from '../../requests/view.ts'
import type { Range } from '../../store/facts.ts'
import { quoteIdentifier, quoteText, sqlFile } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { SPAN_REQUEST_COLUMNS, traceRequests } from '../read-legs.ts'

const HOPS = sqlFile('./hops_to_send.sql', import.meta.url)
const CHOSEN = sqlFile('./chosen_requests.sql', import.meta.url)

/** Hops of the day's requests. side: g or a; place: the gateway hop first, then app hops in their order. */
const DAY_HOPS = `SELECT request_id, gateway_hop_id::UUID AS hop_id, 'g' AS side, 0 AS place FROM span_requests WHERE gateway_hop_id IS NOT NULL
  UNION ALL SELECT request_id, unnest(app_hop_ids)::UUID, 'a', generate_subscripts(app_hop_ids, 1) FROM span_requests`

/** Which requests are to be sent. */
export interface Wanted {
  readonly filter: string
  /** Half-open period of the request's start, µs. */
  readonly range: Range
  /** Share of traces that is sent, above 0 to 1; traces with a failed request always are. */
  readonly sample: number
  /** Whether requests of open days are sent as they stand, settled or not. */
  readonly open: boolean
  /** What `now` means in the filter, ms since 1970. */
  readonly nowMs: number
  /** What answers conditions on findings. */
  readonly findings?: FindingsOfDays | undefined
}

export interface DayPlan {
  /** Requests with hops that were not sent yet, and these hops. */
  readonly requests: number
  readonly hops: number
  /** Requests that are wanted and may still change. */
  readonly unsettled: number
  /** Requests that sampling leaves out. */
  readonly sampledOut: number
}

/**
 * Finds what is to be sent of one day: the tables span_requests (all requests of the day), traced (the trace of each),
 * chosen_requests and hops_to_send (n, request_id, hop_id, side, trace_id).
 *
 * @param day UTC day that the requests belong to
 * @param sent a SELECT of hop_id: what the receiver has already
 * @param quiet a condition over chosen_requests.sql as chosen: requests of open days that have not changed for long enough
 */
export async function planDay(
  store: Store,
  day: string,
  wanted: Wanted,
  { sent, quiet }: { readonly sent: string; readonly quiet: string },
): Promise<DayPlan> {
  const { db } = store
  const bound = bindFilter(parseFilter(wanted.filter), REQUEST_FIELDS, new Date(wanted.nowMs))
  const hasFindings = wanted.findings !== undefined && asksFindings(bound)
  if (hasFindings) await wanted.findings?.(store, [day])
  const aliases = await loadAliases(store)
  await createDayRows(store, new Set([day]), { aliases })
  await db.run(
    `CREATE OR REPLACE TEMP VIEW request_rows AS SELECT * FROM day_rows WHERE day = ${quoteText(day)}::DATE`,
  )
  await createRequests(store)
  const { where, params } = toSql(bound, { quoteIdentifier })
  await db.run(
    `CREATE OR REPLACE TEMP TABLE span_requests AS SELECT ${SPAN_REQUEST_COLUMNS}, (${where || 'TRUE'}) AND ${within(wanted.range)} AS wanted FROM ${hasFindings ? WITH_FINDINGS : 'requests'}`,
    params,
  )
  await traceRequests(store, [day])
  await db.run(`CREATE OR REPLACE TEMP TABLE sent_hops AS ${sent}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE day_hops AS ${DAY_HOPS}`)
  await db.run(
    `CREATE OR REPLACE TEMP TABLE chosen_requests AS
    SELECT *, settles AND (closed OR (${quiet})) AS settled FROM (${CHOSEN}) AS chosen`,
    {
      least: leastRandom(wanted.sample),
    },
  )
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ready_requests AS SELECT request_id FROM chosen_requests WHERE sampled AND (settled OR ${wanted.open})`,
  )
  await db.run(`CREATE OR REPLACE TEMP TABLE hops_to_send AS ${HOPS}`)
  const row = await db.row<Record<keyof DayPlan, string>>(
    `SELECT count(DISTINCT request_id)::VARCHAR AS requests, count(*)::VARCHAR AS hops,
       (SELECT count(*) FROM chosen_requests WHERE sampled AND NOT settled)::VARCHAR AS unsettled,
       (SELECT count(*) FROM chosen_requests WHERE NOT sampled)::VARCHAR AS "sampledOut" FROM hops_to_send`,
  )
  const { requests, hops, unsettled, sampledOut } = row
  return {
    requests: Number(requests),
    hops: Number(hops),
    unsettled: wanted.open ? 0 : Number(unsettled),
    sampledOut: Number(sampledOut),
  }
}

function within({ fromUs, toUs }: Range): string {
  const from = Number.isFinite(fromUs) ? `start_ts >= make_timestamp(${fromUs})` : 'TRUE'
  const to = Number.isFinite(toUs) ? `start_ts < make_timestamp(${toUs})` : 'TRUE'
  return `${from} AND ${to}`
}

const RANDOM_BITS = 56n

/**
 * The least value of a trace id's last 56 bits with which a trace is sampled. Source: OpenTelemetry, TraceState: probability
 * sampling, rejection threshold.
 */
export function leastRandom(share: number): bigint {
  return (1n << RANDOM_BITS) - BigInt(Math.round(share * 2 ** Number(RANDOM_BITS)))
}
