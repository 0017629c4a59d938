import type { Personal } from '../model/redact.ts'

/** Field types that every distribution of Elasticsearch has; `wildcard`, `unsigned_long` and the like are not among them. */
export type FieldType = 'keyword' | 'long' | 'double' | 'boolean' | 'date' | 'date_nanos' | 'ip' | 'flattened'

/** One field of a document, under the flat name that it has in `_source`. */
export interface DocumentField {
  readonly name: string
  readonly type: FieldType
  readonly description: string
  /** What fills it: an expression over the columns of `document_rows.sql`; undefined: it is filled elsewhere, or not yet. */
  readonly sql: string | undefined
  /** Whether a document may have several values. */
  readonly isList?: boolean
  /** Same text for every document. */
  readonly constant?: string | readonly string[]
  /** Searched in lower case, as the filter language does. */
  readonly isFolded?: boolean
  /** Came after documents had been published: where it has no value, `document_hash` is what it was without it. */
  readonly isLater?: boolean
  /** Kept in the document only: neither searched nor counted. */
  readonly isStored?: boolean
  /** What a receiver that may not see people gets a stand-in for. */
  readonly personal?: Personal
  /** Whose name it is: a version of the Elastic Common Schema, or ours. */
  readonly origin: 'ECS' | 'throughline'
}

/** The version of the Elastic Common Schema that names come from; they are the same in 8.17. */
export const ECS_VERSION = '9.2.0'

/**
 * Longest text that is searched, in characters. Lucene refuses terms above 32766 bytes, and a character takes four at
 * most. A longer value stays in the document as it is; the server lists its field in `_ignored`.
 */
export const LONGEST_SEARCHED = 8191

type More = Partial<
  Pick<DocumentField, 'isList' | 'isFolded' | 'isLater' | 'isStored' | 'personal' | 'constant'>
>

const field = (name: string, type: FieldType, sql: string | undefined, description: string, more: More = {}): DocumentField => ({
  name, type, sql, description, ...more, origin: name.startsWith('throughline.') || name === 'findings' ? 'throughline' : 'ECS',
}) // biome-ignore format: one row
const fixed = (name: string, constant: string | readonly string[], description: string): DocumentField => ({
  ...field(name, 'keyword', undefined, description),
  constant,
  isList: Array.isArray(constant),
})

const PERSON: More = { personal: 'subject' }
const ADDRESS: More = { personal: 'address' }

/** The fields of a request's document, in the order in which they stand in it. */
export const DOCUMENT_FIELDS: readonly DocumentField[] = [
  field('@timestamp', 'date_nanos', 'start_ts', 'When the request began, UTC, exact to the microsecond.'),
  fixed('ecs.version', ECS_VERSION, 'Version of the Elastic Common Schema that names come from.'),
  fixed('event.kind', 'event', 'Always `event`.'),
  fixed('event.category', ['web'], 'Always `web`.'),
  fixed('event.type', ['access'], 'Always `access`.'),
  fixed('event.module', 'throughline', 'Always `throughline`.'),
  fixed('event.dataset', 'throughline.request', 'Always `throughline.request`.'),
  field('event.id', 'keyword', 'request_id', 'Id of the request; also the `_id` of the document.'),
  field('event.end', 'date_nanos', 'end_ts', 'When it ended, UTC.'),
  field('event.duration', 'long', 'duration_us * 1000', 'Duration at the first system, ns.'),
  field('event.outcome', 'keyword', 'outcome', '`success` (status below 400), `failure` or `unknown`.'),
  field('event.reason', 'keyword', 'decided_detail', 'Policy, fault code, or status and substatus that decided the status; of HTTP.sys status and reason.'),
  field('throughline.decided_by', 'keyword', 'decided_by', 'Layer that decided the status: gateway-policy, gateway-cache, gateway, target-timeout, target-unreachable, kernel (HTTP.sys) or app.'),
  field('throughline.state', 'keyword', 'state', 'joined, ambiguous, awaiting-gateway, awaiting-app, gateway-only, app-only, kernel-only, partner-pruned or callout.'),
  field('throughline.day', 'date', 'day', 'UTC day it belongs to; also the day of its index.'),
  field('throughline.application', 'keyword', 'application', 'Application that it belongs to.'),
  // Who
  field('user.name', 'keyword', 'subject', 'Who, in lower case: the person if one is known, else the client application.', { isFolded: true, ...PERSON }),
  field('user.domain', 'keyword', 'subject_issuer', 'Domain or issuer of the subject.'),
  field('throughline.subject.kind', 'keyword', 'subject_kind', '`user`, `client` or `host`.'),
  field('throughline.app.subject', 'keyword', 'app_subject', 'Subject that IIS logged, in lower case.', { isFolded: true, ...PERSON }),
  field('throughline.client.id', 'keyword', 'client_id', 'OAuth client.', PERSON),
  field('throughline.developer.app', 'keyword', 'developer_app', 'Client application as registered at the gateway.'),
  field('throughline.developer.email', 'keyword', 'developer_email', 'Developer of the client application; not the caller.', PERSON),
  // From where
  field('client.address', 'keyword', 'client_ip', 'First client as logged, as far as headers tell.', ADDRESS),
  field('client.ip', 'ip', 'valid_ip(client_ip)', 'The same, where it is an address.', ADDRESS),
  field('source.address', 'keyword', 'peer_ip', 'Peer of the first system that logged the request.', ADDRESS),
  field('source.ip', 'ip', 'valid_ip(peer_ip)', 'The same, where it is an address.', ADDRESS),
  field('user_agent.original', 'keyword', 'user_agent', 'User agent as logged; in IIS logs a space is a plus sign.'),
  // What
  field('http.request.method', 'keyword', 'method', 'HTTP method.'),
  field('url.path', 'keyword', 'path', 'Path as the client asked for it.'),
  field('url.query', 'keyword', 'query', 'Query, secrets replaced.'),
  field('url.domain', 'keyword', 'host_header', 'Host header at IIS.'),
  field('http.response.status_code', 'long', 'status', 'Status that the client got.'),
  field('http.request.bytes', 'long', 'bytes_in', 'Bytes received.'),
  field('http.response.bytes', 'long', 'bytes_out', 'Bytes sent.'),
  // Ids
  field('trace.id', 'keyword', 'trace_id', 'W3C trace id.'),
  field('http.request.id', 'keyword', 'correlation_id', 'Correlation id in comparable form.'),
  field('throughline.message_id', 'keyword', 'message_id', 'Gateway message id (gateway_flow_id).'),
  // The gateway
  field('organization.name', 'keyword', 'organization', 'Apigee organization.'),
  field('service.environment', 'keyword', 'environment', 'Apigee environment.'),
  field('throughline.proxy', 'keyword', 'proxy', 'API proxy.'),
  field('throughline.product', 'keyword', 'product', 'API product.'),
  field('throughline.gateway.hop_id', 'keyword', 'gateway_hop_id', 'Id of the gateway hop.'),
  field('throughline.gateway.status', 'long', 'gateway_status', 'Status that the gateway sent.'),
  field('throughline.gateway.duration_us', 'long', 'gateway_us', "The gateway's own share of the duration, µs."),
  field('throughline.gateway.cache_hit', 'boolean', 'cache_hit', 'Answered from the gateway cache.'),
  field('throughline.gateway.fault_policy', 'keyword', 'fault_policy', 'Gateway policy that failed.'),
  field('error.code', 'keyword', 'fault_code', 'Gateway fault code.'),
  field('throughline.target.host', 'keyword', 'target_host', 'Host that the gateway called.'),
  field('throughline.target.status', 'long', 'target_status', 'Status that the gateway got from its target.'),
  field('throughline.target.duration_us', 'long', 'target_us', 'Time the gateway waited for its target, µs.'),
  // The application
  field('host.name', 'keyword', 'host', 'Host that served the request.', { isFolded: true }),
  field('server.address', 'keyword', 'server_ip', 'Address of the server.'),
  field('server.ip', 'ip', 'valid_ip(server_ip)', 'The same, where it is an address.'),
  field('throughline.site', 'keyword', 'site', 'IIS site.', { isFolded: true }),
  field('throughline.app.hops', 'long', 'app_hops', 'Lines of IIS and HTTP.sys of the request.'),
  field('throughline.app.hop_ids', 'keyword', 'app_hop_ids', 'Ids of these lines.', { isList: true }),
  field('throughline.app.status', 'long', 'app_status', 'Status that IIS, or HTTP.sys in its place, logged.'),
  field('throughline.app.substatus', 'long', 'app_substatus', 'IIS substatus.'),
  field('throughline.app.win32_status', 'long', 'app_win32_status', 'Windows error code.'),
  field('throughline.app.duration_us', 'long', 'app_us', 'time-taken at IIS, µs.'),
  field('throughline.kernel.reason', 'keyword', 'kernel_reason', 'Why HTTP.sys refused or dropped it, or an attempt of it (s-reason of HTTPERR).', { isLater: true }),
  field('throughline.kernel.queue', 'keyword', 'kernel_queue', 'Request queue (application pool) that HTTP.sys had it for.', { isLater: true }),
  field('throughline.duration_us', 'long', 'duration_us', 'Duration at the first system, µs.'),
  // How sure
  field('throughline.link.method', 'keyword', 'link_method', 'How the legs were joined: id, id-time, subject or time (neither id nor subject).'),
  field('throughline.link.confidence', 'double', 'confidence', 'Posterior of the weakest link, 0 to 1.'),
  field('throughline.link.final', 'boolean', 'is_final', 'Whether the day is closed; links of open days are provisional.'),
  // Where the document comes from
  field('throughline.store', 'keyword', 'store_id', 'Id of the store.'),
  field('throughline.superseded', 'boolean', 'is_superseded', '`true` in the document of an app hop that is part of another request by now; the alias leaves it out.'),
  field('throughline.superseded_by', 'keyword', 'superseded_by', 'That request.'),
  field('throughline.record_hash', 'keyword', 'record_hash', 'SHA-256 of the record, as the population hash takes it.', { isStored: true }),
  field('throughline.document_hash', 'keyword', 'document_hash', 'First 16 hex digits of SHA-256 over all other fields.', { isStored: true }),
  // Findings
  field('findings', 'flattened', 'findings', 'Findings about the request, one object each: rule, incident, severity.', { isList: true }),
  field('rule.id', 'keyword', 'rules', 'Ids of the rules that found something.', { isList: true }),
  field('throughline.incidents', 'keyword', 'incidents', 'Ids of the incidents that it is part of.', { isList: true }),
] // biome-ignore format: a table

/** Fields whose values `document_hash` covers, in this order. */
export const HASHED_FIELDS: readonly DocumentField[] = DOCUMENT_FIELDS.filter(
  f => f.sql !== undefined && f.name !== 'throughline.document_hash',
)
