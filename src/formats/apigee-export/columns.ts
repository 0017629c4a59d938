import type { ChunkLayout } from '../chunk.ts'

/** The eight stamps of a call, in nominal order. Source: Apigee analytics records. */
export const STAMPS = [
  'client_received_start_timestamp', 'client_received_end_timestamp',
  'target_sent_start_timestamp', 'target_sent_end_timestamp',
  'target_received_start_timestamp', 'target_received_end_timestamp',
  'client_sent_start_timestamp', 'client_sent_end_timestamp',
] as const // biome-ignore format: a table

/** Columns of an export that have a column of their own in the facts, in chunk order. */
export const KNOWN = [
  'organization', 'environment', 'gateway_flow_id', 'gateway_source', 'apiproxy', 'apiproxy_revision', 'api_product',
  'developer', 'developer_app', 'developer_email', 'client_id', 'request_verb', 'request_uri', 'request_path',
  'proxy_basepath', 'proxy_pathsuffix', 'response_status_code', 'target_response_code', 'target', 'target_host',
  'target_ip', 'target_url', 'target_basepath', 'client_ip', 'ax_resolved_client_ip', 'useragent', 'cache_hit',
  'ax_edge_execution_fault_code', 'ax_execution_fault_policy_name', 'is_error', 'policy_error', 'target_error',
  'total_response_time', 'target_response_time', 'request_size', 'response_size',
] as const // biome-ignore format: a table

export type KnownColumn = (typeof KNOWN)[number]

/** Columns whose value must be a number, and how long it may be; anything else is kept among the attributes. */
export const NUMERIC: ReadonlyMap<string, number> = new Map([
  ['response_status_code', 9], ['target_response_code', 9], ['total_response_time', 12], ['target_response_time', 12],
  ['request_size', 18], ['response_size', 18],
]) // biome-ignore format: a table

/** Columns that analytics obfuscation replaces by their SHA-512. Source: Apigee "Obfuscate user data for analytics". */
export const OBFUSCATED: ReadonlySet<string> = new Set([
  'client_id', 'client_ip', 'developer_email', 'proxy_client_ip', 'proxy_pathsuffix', 'request_uri', 'request_path',
  'target_basepath', 'target_url', 'x_forwarded_for_ip', 'ax_resolved_client_ip', 'ax_true_client_ip',
]) // biome-ignore format: a table

/** SHA-512 of the empty string: an obfuscated "no value". */
export const OBFUSCATED_EMPTY =
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e'

/** Columns that the reader computes and writes before the known ones. */
export const GATEWAY_PREFIX = [
  'source_id', 'line_no', 'byte_offset', 'hop_id', 'field_count',
  'client_received_start_us', 'client_received_end_us', 'target_sent_start_us', 'target_sent_end_us',
  'target_received_start_us', 'target_received_end_us', 'client_sent_start_us', 'client_sent_end_us', 'stamp_rule',
  'target_called', 'obfuscated', 'correlation_id', 'correlation_raw', 'correlation_field', 'other_ids', 'traceparent',
  'subject_kind', 'subject_issuer', 'subject_name', 'subject_raw', 'access_token', 'attributes',
] as const // biome-ignore format: a table

/** ASCII unit separator between columns, record separator as quote: log text has neither, so rows need no quoting. */
export const DELIMITER = '\x1f'
export const QUOTE = '\x1e'

/** Whether a value of an export is none. Of a proxy, `(not set)` says that the call reached none. */
export function isNoValue(raw: string, name: string): boolean {
  if (raw.length > 9) return false
  if (raw === '' || raw === '\\N' || raw === 'null') return true
  return (raw === '(not set)' || raw === 'Not set') && name !== 'apiproxy'
}

/**
 * The layout of chunk rows with these known columns.
 *
 * @param known indexes in KNOWN, in the order of the row
 */
export function gatewayLayout(known: readonly number[]): ChunkLayout {
  return {
    kind: 'gateway',
    delimiter: DELIMITER,
    quote: QUOTE,
    nullText: '',
    columns: [...GATEWAY_PREFIX, ...known.map(index => KNOWN[index] ?? '')],
    key: `gateway ${known.join(' ')}`,
  }
}

/** Every known column, for sources whose rows name their columns one by one. */
export const FULL_LAYOUT = gatewayLayout(KNOWN.map((_, index) => index))
