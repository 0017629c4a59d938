import type { FactValue } from './facts.ts'
import type { RequestRecord } from './record.ts'

/** How a value of a column is written in JSON. */
export type Shape = 'text' | 'whole' | 'stamp' | 'flag' | 'fraction' | 'texts'

/**
 * Columns of a record in the order of the view of requests, and how they are written. `day` is a text. What rules say of a
 * request is no part of it: that does not follow from its hops.
 */
export const RECORD_COLUMNS: readonly (readonly [name: string, shape: Shape])[] = [
  ['request_id', 'text'], ['state', 'text'], ['day', 'text'], ['start_ts', 'stamp'], ['end_ts', 'stamp'], ['application', 'text'],
  ['method', 'text'], ['path', 'text'], ['query', 'text'], ['status', 'whole'], ['gateway_status', 'whole'], ['target_status', 'whole'],
  ['app_status', 'whole'], ['app_substatus', 'whole'], ['app_win32_status', 'whole'], ['outcome', 'text'], ['decided_by', 'text'],
  ['decided_detail', 'text'], ['subject_kind', 'text'], ['subject_issuer', 'text'], ['subject', 'text'], ['app_subject', 'text'],
  ['client_id', 'text'], ['developer_app', 'text'], ['developer_email', 'text'], ['product', 'text'], ['proxy', 'text'],
  ['organization', 'text'], ['environment', 'text'], ['message_id', 'text'], ['target_host', 'text'], ['host', 'text'], ['site', 'text'],
  ['server_ip', 'text'], ['host_header', 'text'], ['correlation_id', 'text'], ['trace_id', 'text'], ['client_ip', 'text'],
  ['peer_ip', 'text'], ['user_agent', 'text'], ['cache_hit', 'flag'], ['fault_code', 'text'], ['fault_policy', 'text'],
  ['duration_us', 'whole'], ['target_us', 'whole'], ['app_us', 'whole'], ['gateway_us', 'whole'], ['bytes_in', 'whole'],
  ['bytes_out', 'whole'], ['app_hops', 'whole'], ['gateway_hop_id', 'text'], ['app_hop_ids', 'texts'], ['link_method', 'text'],
  ['confidence', 'fraction'], ['kernel_reason', 'text'], ['kernel_queue', 'text'],
] // biome-ignore format: a table

/** Where a hop of the bundle lies: number of its segment in proofs/segments.ndjson, and its leaf there. */
export type HopPlace = readonly [segment: number, index: number]

/**
 * A line of population.ndjson, without its line feed: columns without a value are left out. The engine writes most objects
 * in a third of the time that it takes to write their columns one by one.
 */
export function populationLine(record: RequestRecord, hops: readonly HopPlace[]): string {
  const { confidence } = record
  if (typeof record.bytes_in === 'bigint' || typeof record.bytes_out === 'bigint' || !(confidence === undefined || Number.isFinite(confidence)))
    return lineByColumn(record, hops)
  try {
    return JSON.stringify(inOrder(record, hops))
  } catch {
    // Whole numbers beyond 2^53 in other columns.
    return lineByColumn(record, hops)
  }
} // biome-ignore format: one condition

/** A record whose members have the order of the columns. */
function inOrder(r: RequestRecord, hops: readonly HopPlace[]) {
  const end_ts = r.end_ts === undefined ? undefined : stampText(Number(r.end_ts))
  return {
    request_id: r.request_id, state: r.state, day: r.day, start_ts: r.start_ts === undefined ? undefined : stampText(Number(r.start_ts)),
    end_ts, application: r.application, method: r.method, path: r.path, query: r.query, status: r.status,
    gateway_status: r.gateway_status, target_status: r.target_status, app_status: r.app_status, app_substatus: r.app_substatus,
    app_win32_status: r.app_win32_status, outcome: r.outcome, decided_by: r.decided_by, decided_detail: r.decided_detail,
    subject_kind: r.subject_kind, subject_issuer: r.subject_issuer, subject: r.subject, app_subject: r.app_subject,
    client_id: r.client_id, developer_app: r.developer_app, developer_email: r.developer_email, product: r.product, proxy: r.proxy,
    organization: r.organization, environment: r.environment, message_id: r.message_id, target_host: r.target_host, host: r.host,
    site: r.site, server_ip: r.server_ip, host_header: r.host_header, correlation_id: r.correlation_id, trace_id: r.trace_id,
    client_ip: r.client_ip, peer_ip: r.peer_ip, user_agent: r.user_agent, cache_hit: r.cache_hit, fault_code: r.fault_code,
    fault_policy: r.fault_policy, duration_us: r.duration_us, target_us: r.target_us, app_us: r.app_us, gateway_us: r.gateway_us,
    bytes_in: r.bytes_in, bytes_out: r.bytes_out, app_hops: r.app_hops, gateway_hop_id: r.gateway_hop_id, app_hop_ids: r.app_hop_ids,
    link_method: r.link_method, confidence: r.confidence, kernel_reason: r.kernel_reason, kernel_queue: r.kernel_queue, hops,
  }
} // biome-ignore format: a table

/** The same, column by column: slower, and for every value. */
export function lineByColumn(record: RequestRecord, hops: readonly HopPlace[]): string {
  let line = '{'
  for (const [name, shape] of RECORD_COLUMNS) {
    const value = record[name]
    if (value !== undefined) line += `"${name}":${written(shape, value)},`
  }
  return `${line}"hops":[${hops.map(([segment, index]) => `[${segment},${index}]`).join(',')}]}`
}

function written(shape: Shape, value: FactValue): string {
  switch (shape) {
    case 'stamp':
      return `"${stampText(Number(value))}"`
    case 'text':
      return quoted(String(value))
    case 'texts':
      return JSON.stringify(value)
    default:
      return String(value)
  }
}

/** Texts of seconds that were asked for, each in the place that its last digits name: requests come in order of time. */
const MOST_SECONDS = 256
const seconds = new Float64Array(MOST_SECONDS).fill(Number.NaN)
const secondTexts: string[] = new Array(MOST_SECONDS).fill('')

/** The stamp that was asked for last: a line and its row of the CSV name the same. */
let lastStamp = { us: 0, text: '1970-01-01T00:00:00.000000Z' }

/** RFC 3339 in UTC, always with six digits of a second. */
export function stampText(us: number): string {
  if (us !== lastStamp.us) lastStamp = { us, text: stampOf(us) }
  return lastStamp.text
}

function stampOf(us: number): string {
  const second = Math.floor(us / 1_000_000)
  const place = ((second % MOST_SECONDS) + MOST_SECONDS) % MOST_SECONDS
  if (seconds[place] !== second) {
    secondTexts[place] = new Date(second * 1000).toISOString().slice(0, 19)
    seconds[place] = second
  }
  const text = secondTexts[place] ?? ''
  const fraction = us - second * 1_000_000
  return `${text}.${String(1_000_000 + fraction).slice(1)}Z`
}

/** The second that was read last. */
let lastSecond = { text: '1970-01-01T00:00:00', us: 0 }

/** µs since 1970 of what `stampText` has written. */
export function microsOfStamp(text: string): number {
  const second = text.slice(0, 19)
  if (second !== lastSecond.text) lastSecond = { text: second, us: Date.parse(`${second}Z`) * 1000 }
  return lastSecond.us + Number(text.slice(20, 26))
}

/** Most texts need no escaping, which one look tells. */
function quoted(text: string): string {
  return /^[ !#-[\]-\ud7ff]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}
