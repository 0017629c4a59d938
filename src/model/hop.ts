import { z } from 'zod'

/** A column: its type in SQL and JSON, and what it means. Absent values are NULL, and null in JSON. */
const column = <T extends z.ZodType>(schema: T, sql: string, description: string) =>
  schema.nullable().meta({ description, sql })
const text = (description: string) => column(z.string(), 'VARCHAR', description)
const whole = (sql: string, description: string) => column(z.int(), sql, description)
const stamp = (description: string) =>
  column(z.iso.datetime(), 'TIMESTAMP', `${description} UTC, microseconds.`)
const flag = (description: string) => column(z.boolean(), 'BOOLEAN', description)
const id128 = (description: string) => column(z.string().regex(/^[0-9a-f]{32}$/), 'UUID', description)

/** Where the line stands. Not part of a hop's identity. */
const PROVENANCE = {
  source_id: whole('INTEGER', 'Number of the source in the store.'),
  line_no: whole('BIGINT', 'Line in the source, from 1.'),
  byte_offset: whole('BIGINT', 'Offset of its first byte in the decompressed source.'),
}

const IDS = {
  correlation_id: text('Comparable form of the first id field that has a value.'),
  correlation_raw: text(
    'The same as logged. In the files: NULL where equal, `uuid` where it only has dashes besides.',
  ),
  correlation_field: text('The field it came from.'),
  other_ids: column(z.array(z.string()), 'VARCHAR[]', 'Further ids as `field=comparable form`.'),
  traceparent: text('W3C traceparent, where valid.'),
}

const SUBJECT = {
  subject_kind: text('user, client or host; erased where the subject was erased.'),
  subject_issuer: text('Domain or token issuer of the subject.'),
  subject_name: text('Subject, case folded for users.'),
  subject_raw: text('Subject as logged.'),
}

const CLIENT = {
  peer_ip: text('Address of the peer that called this system.'),
  client_ip: text('Address of the first client, as far as headers tell.'),
  user_agent: text('User agent as logged; in IIS logs a space is a plus sign.'),
  bytes_in: whole('BIGINT', 'Bytes received.'),
  bytes_out: whole('BIGINT', 'Bytes sent.'),
  attributes: text('JSON object of every value of the line that has no column of its own.'),
}

/** An app hop: one IIS line. `end_ts` is the logged second; the request ended within the second that follows. */
export const APP_HOP = z.object({
  hop_id: id128('128 bits of SHA-256 over the identity key.'),
  ...PROVENANCE,
  start_ts: stamp('end_ts - time-taken.'),
  end_ts: stamp('Logged time: the second in which the request ended.'),
  duration_us: whole('BIGINT', 'time-taken, µs.'),
  resolution_ms: whole('INTEGER', 'Width of the interval in which the end lies, ms.'),
  clock: text('Host whose clock made the stamps.'),
  host: text('Host that served the request.'),
  site: text('IIS site.'),
  server_ip: text('Address of the server.'),
  server_port: whole('INTEGER', 'Port of the server.'),
  host_header: text('Host header.'),
  application: text('Application by the configured rules, `default` where none matches.'),
  method: text('HTTP method.'),
  path: text('cs-uri-stem: decoded by IIS, spaces as plus signs.'),
  path_key: text('Comparable form of the path.'),
  query: text('cs-uri-query without what the front end appended, secrets replaced.'),
  arr_log_id: text('X-ARR-LOG-ID that Azure or ARR appended to the query.'),
  status: whole('INTEGER', 'HTTP status.'),
  substatus: whole('INTEGER', 'IIS substatus.'),
  win32_status: whole('BIGINT', 'Windows error code.'),
  handshake: flag('401 that integrated authentication answers before the request itself.'),
  ...IDS,
  username: text('cs-username as logged.'),
  ...SUBJECT,
  peer_ip: CLIENT.peer_ip,
  client_ip: CLIENT.client_ip,
  user_agent: CLIENT.user_agent,
  referer: text('Referer, secrets replaced.'),
  protocol: text('HTTP version.'),
  bytes_in: CLIENT.bytes_in,
  bytes_out: CLIENT.bytes_out,
  attributes: CLIENT.attributes,
})

/** A gateway hop: one Apigee analytics record. Two versions of a record share `hop_id` and differ in what they say. */
export const GATEWAY_HOP = z.object({
  hop_id: id128('128 bits of SHA-256 over organization, environment, message id and first stamp.'),
  field_count: whole('INTEGER', 'Values the record has; of two versions the fuller one counts.'),
  ...PROVENANCE,
  start_ts: stamp('client_received_start.'),
  end_ts: stamp('client_sent_end, or the nearest stamp there is.'),
  client_received_start_ts: stamp('Began receiving the request.'),
  client_received_end_ts: stamp('Finished receiving the request.'),
  target_sent_start_ts: stamp('Began sending to the target.'),
  target_sent_end_ts: stamp('Finished sending to the target.'),
  target_received_start_ts: stamp('First byte from the target.'),
  target_received_end_ts: stamp('Last byte from the target.'),
  client_sent_start_ts: stamp('Began responding.'),
  client_sent_end_ts: stamp('Finished responding.'),
  stamp_rule: text('How client_received_start was written: text, s, ms or us.'),
  resolution_ms: whole('INTEGER', 'Resolution of the stamps, ms.'),
  clock: text('Whose clock made the stamps.'),
  target_called: flag('Whether the record shows a call to the target.'),
  obfuscated: flag('Whether analytics obfuscation hashed columns of this record.'),
  organization: text('Apigee organization.'),
  environment: text('Apigee environment.'),
  gateway_source: text('message_processor, envoy, istio.'),
  message_id: text('gateway_flow_id.'),
  proxy: text('API proxy.'),
  proxy_revision: text('Revision of the proxy.'),
  product: text('API product.'),
  developer: text('Developer who owns the client app.'),
  developer_app: text('Client app.'),
  developer_email: text('E-mail of the developer: not of the caller.'),
  client_id: text('OAuth client (consumer key).'),
  access_token: text('Keyed hash and last four characters of the access token.'),
  application: text('Application by the configured rules, `default` where none matches.'),
  method: text('HTTP method.'),
  path: text('Path as the gateway received it.'),
  path_key: text('Comparable form of the path the target should have seen.'),
  query: text('Query as the gateway received it, secrets replaced.'),
  proxy_basepath: text('Base path of the proxy.'),
  proxy_pathsuffix: text('Path after the base path.'),
  status: whole('INTEGER', 'Status sent to the client.'),
  target_status: whole('INTEGER', 'Status received from the target.'),
  target: text('Target endpoint.'),
  target_host: text('Host of the target.'),
  target_ip: text('Address of the target.'),
  target_url: text('Configured URL of the target.'),
  target_basepath: text('Base path of the target.'),
  cache_hit: flag('Answered from the response cache.'),
  fault_code: text('Fault code.'),
  fault_policy: text('Policy that failed.'),
  is_error: flag('The proxy reported an error.'),
  policy_error: flag('A policy failed the request.'),
  target_error: flag('The target failed the request.'),
  total_ms: whole('BIGINT', 'Total response time, ms.'),
  target_ms: whole('BIGINT', 'Target response time, ms.'),
  ...IDS,
  ...SUBJECT,
  peer_ip: CLIENT.peer_ip,
  client_ip: CLIENT.client_ip,
  user_agent: CLIENT.user_agent,
  bytes_in: CLIENT.bytes_in,
  bytes_out: CLIENT.bytes_out,
  attributes: CLIENT.attributes,
})

/** A kernel hop: one HTTPERR row, a request that HTTP.sys refused or dropped. How long it took is not known. */
export const KERNEL_HOP = z.object({
  hop_id: id128('128 bits of SHA-256 over the identity key.'),
  ...PROVENANCE,
  end_ts: stamp('Logged time: the second in which HTTP.sys was done with the request.'),
  resolution_ms: whole('INTEGER', 'Width of the interval in which the end lies, ms.'),
  clock: text('Host whose clock made the stamp.'),
  host: text('Host that refused the request.'),
  site: text('IIS site, `w3svc` and its number as IIS names it; NULL where no site was found yet.'),
  site_id: text('s-siteid as logged.'),
  server_ip: text('Address of the server.'),
  server_port: whole('INTEGER', 'Port of the server.'),
  host_header: text('Host header, where it is logged.'),
  queue: text('Request queue, that is the application pool.'),
  application: text('Application by the configured rules, `default` where none matches.'),
  method: text('HTTP method.'),
  path: text('cs-uri up to its question mark.'),
  path_key: text('Comparable form of the path.'),
  query: text('The rest of cs-uri, secrets replaced.'),
  status: whole(
    'INTEGER',
    'HTTP status that HTTP.sys answered with; NULL where it closed the connection without.',
  ),
  reason: text('s-reason: why it refused or dropped the request.'),
  peer_ip: CLIENT.peer_ip,
  peer_port: whole('INTEGER', 'Port of the peer.'),
  user_agent: CLIENT.user_agent,
  protocol: text('HTTP version.'),
  attributes: CLIENT.attributes,
})

/** Systems that log hops: the gateway, IIS, and HTTP.sys below IIS. */
export const HOP_KINDS = ['gateway', 'app', 'kernel'] as const
export type HopKind = (typeof HOP_KINDS)[number]

/** The stamp by which hops of a kind are put into days and in order. */
export function stampOf(kind: HopKind): 'start_ts' | 'end_ts' {
  return kind === 'gateway' ? 'start_ts' : 'end_ts'
}

export interface ColumnInfo {
  readonly name: string
  readonly sql: string
  readonly description: string
}

/** The columns of a zod object made with the helpers above, in order. */
export function columnsOf(schema: z.ZodObject): ColumnInfo[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const meta = (field as z.ZodType).meta() as { sql: string; description: string }
    return { name, sql: meta.sql, description: meta.description }
  })
}

/** Columns of stored facts, by kind. */
export const FACT_COLUMNS: Readonly<Record<HopKind, readonly ColumnInfo[]>> = {
  gateway: columnsOf(GATEWAY_HOP),
  app: columnsOf(APP_HOP),
  kernel: columnsOf(KERNEL_HOP),
}
