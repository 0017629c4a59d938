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

/** A line of population.ndjson, without its line feed: columns without a value are left out. */
export function populationLine(record: RequestRecord, hops: readonly HopPlace[]): string {
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

/** Texts of seconds that were asked for: requests come in order of time. */
const seconds = new Map<number, string>()
const MOST_SECONDS = 4096

/** RFC 3339 in UTC, always with six digits of a second. */
export function stampText(us: number): string {
  const second = Math.floor(us / 1_000_000)
  let text = seconds.get(second)
  if (text === undefined) {
    if (seconds.size >= MOST_SECONDS) seconds.clear()
    text = new Date(second * 1000).toISOString().slice(0, 19)
    seconds.set(second, text)
  }
  const fraction = us - second * 1_000_000
  return `${text}.${fraction === 0 ? '000000' : String(fraction).padStart(6, '0')}Z`
}

/** Most texts need no escaping, which one look tells. */
function quoted(text: string): string {
  return /^[ !#-[\]-\ud7ff]*$/.test(text) ? `"${text}"` : JSON.stringify(text)
}
