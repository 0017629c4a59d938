import type { FilterField } from './filter/index.ts'

/** Columns that are lists. */
const LISTS = new Set(['finding', 'incident'])

type Spec = readonly [
  name: string,
  type: FilterField['type'],
  column: string,
  description: string,
  aliases?: string,
]

/** Lower-cased when stored, so compared in lower case. */
const FOLDED = new Set(['subject', 'app_subject', 'host', 'site'])
/** Fields that a value without a field name searches. */
const FREE_TEXT = new Set([
  'subject',
  'path',
  'correlation_id',
  'message_id',
  'trace_id',
  'request_id',
  'client_id',
  'developer_app',
])

const SPECS: readonly Spec[] = [
  ['@timestamp', 'timestamp', 'start_ts', 'When the request began, UTC.', 'start'],
  ['end', 'timestamp', 'end_ts', 'When it ended, UTC.'],
  ['day', 'date', 'day', 'UTC day it belongs to.'],
  ['request_id', 'keyword', 'request_id', 'Id of the end-to-end request.', 'id'],
  ['state', 'keyword', 'state', 'joined, ambiguous (its partner is in doubt), awaiting-gateway, awaiting-app, gateway-only, app-only, kernel-only (HTTP.sys refused or dropped it, and no gateway hop claims it), partner-pruned (its other hop was dropped with its day) or callout (made on the way to another target).'],
  ['application', 'keyword', 'application', 'Application that it belongs to.'],
  ['outcome', 'keyword', 'outcome', 'success (status below 400), failure or unknown.', 'event.outcome'],
  ['decided_by', 'keyword', 'decided_by', 'Layer that decided the status: gateway-policy, gateway-cache, gateway, target-timeout, target-unreachable, kernel (HTTP.sys, before IIS saw the request) or app.'],
  ['decided_detail', 'keyword', 'decided_detail', 'Policy, fault code, or status and substatus that decided it; of HTTP.sys status and reason.'],
  ['method', 'keyword', 'method', 'HTTP method.', 'http.request.method'],
  ['path', 'path', 'path', 'Path as the client asked for it.', 'url.path'],
  ['query', 'keyword', 'query', 'Query, secrets replaced.', 'url.query'],
  ['status', 'integer', 'status', 'Status that the client got.', 'http.response.status_code'],
  ['gateway_status', 'integer', 'gateway_status', 'Status that the gateway sent.'],
  ['target_status', 'integer', 'target_status', 'Status that the gateway got from its target.'],
  ['app_status', 'integer', 'app_status', 'Status that IIS, or HTTP.sys in its place, logged.'],
  ['app_substatus', 'integer', 'app_substatus', 'IIS substatus.'],
  ['subject', 'keyword', 'subject', 'Who, in lower case: the person if one is known, else the client application.', 'user.name'],
  ['subject_kind', 'keyword', 'subject_kind', 'user, client, host, or erased.'],
  ['subject_issuer', 'keyword', 'subject_issuer', 'Domain or issuer of the subject.', 'user.domain'],
  ['app_subject', 'keyword', 'app_subject', 'Subject that IIS logged.'],
  ['client_id', 'keyword', 'client_id', 'OAuth client.'],
  ['developer_app', 'keyword', 'developer_app', 'Client application as registered at the gateway.'],
  ['developer_email', 'keyword', 'developer_email', 'Developer of the client application; not the caller.'],
  ['product', 'keyword', 'product', 'API product.'],
  ['proxy', 'keyword', 'proxy', 'API proxy.'],
  ['organization', 'keyword', 'organization', 'Apigee organization.'],
  ['environment', 'keyword', 'environment', 'Apigee environment.'],
  ['target_host', 'keyword', 'target_host', 'Host that the gateway called.'],
  ['host', 'keyword', 'host', 'Host that served the request.', 'host.name'],
  ['site', 'keyword', 'site', 'IIS site.'],
  ['server_ip', 'keyword', 'server_ip', 'Address of the server.'],
  ['host_header', 'keyword', 'host_header', 'Host header at IIS.', 'url.domain'],
  ['correlation_id', 'keyword', 'correlation_id', 'Correlation id in comparable form.'],
  ['trace_id', 'keyword', 'trace_id', 'W3C trace id.', 'trace.id'],
  ['message_id', 'keyword', 'message_id', 'Gateway message id (gateway_flow_id).'],
  ['client_ip', 'keyword', 'client_ip', 'First client, as far as headers tell.', 'client.address'],
  ['peer_ip', 'keyword', 'peer_ip', 'Peer of the first system that logged the request.'],
  ['user_agent', 'keyword', 'user_agent', 'User agent.', 'user_agent.original'],
  ['duration_us', 'integer', 'duration_us', 'Duration at the first system, µs.'],
  ['target_us', 'integer', 'target_us', 'Time the gateway waited for its target, µs.'],
  ['app_us', 'integer', 'app_us', 'time-taken at IIS, µs.'],
  ['gateway_us', 'integer', 'gateway_us', "The gateway's own share of the duration, µs."],
  ['bytes_in', 'integer', 'bytes_in', 'Bytes received.'],
  ['bytes_out', 'integer', 'bytes_out', 'Bytes sent.'],
  ['cache_hit', 'boolean', 'cache_hit', 'Answered from the gateway cache.'],
  ['fault_code', 'keyword', 'fault_code', 'Gateway fault code.'],
  ['fault_policy', 'keyword', 'fault_policy', 'Gateway policy that failed.'],
  ['app_hops', 'integer', 'app_hops', 'Lines of IIS and HTTP.sys of the request.'],
  ['kernel_reason', 'keyword', 'kernel_reason', 'Why HTTP.sys refused or dropped it, or an attempt of it: s-reason, such as AppOffline or Connection_Dropped.'],
  ['kernel_queue', 'keyword', 'kernel_queue', 'Request queue (application pool) that HTTP.sys had it for.'],
  ['link_method', 'keyword', 'link_method', 'How the legs were joined: id, id-time, subject or time (neither id nor subject).'],
  ['finding', 'keyword', 'rules', 'Rules that found something about it; see docs/findings.md.', 'rule.id'],
  ['incident', 'keyword', 'incidents', 'Incidents that it is part of.'],
  ['confidence', 'decimal', 'confidence', 'Posterior of the weakest link, 0 to 1.'],
] // biome-ignore format: a table

/** The fields of a request that filters may name; the same names work in every place a filter is accepted. */
export const REQUEST_FIELDS: readonly FilterField[] = SPECS.map(
  ([name, type, column, description, aliases]) => ({
    name,
    type,
    column,
    description,
    aliases: aliases ? [aliases] : [],
    ...(FOLDED.has(name) ? { caseInsensitive: true } : {}),
    ...(FREE_TEXT.has(name) ? { freeText: true } : {}),
    ...(LISTS.has(name) ? { list: true } : {}),
  }),
)
