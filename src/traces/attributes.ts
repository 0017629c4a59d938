import type { Attributes, AttributeValue } from './span.ts'

/**
 * Collects attributes: what is not known is left out, never written as an empty text or 0.
 *
 * Names without `throughline.` are those of the OpenTelemetry semantic conventions; ours are in `OWN_ATTRIBUTES`.
 */
export class AttributeSet {
  readonly #values: Record<string, AttributeValue> = {}

  put(name: string, value: AttributeValue | null | undefined): this {
    if (value !== null && value !== undefined && value !== '') this.#values[name] = value
    return this
  }

  get all(): Attributes {
    return this.#values
  }
}

/** Methods that the HTTP conventions know; any other is `_OTHER`, with the one that was sent beside it. */
const METHODS = new Set([
  'CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE',
]) // biome-ignore format: a table

/** Source: OpenTelemetry semantic conventions, HTTP spans, http.request.method. */
export function putMethod(set: AttributeSet, method: string | null): void {
  if (method === null || method === '') return
  const isKnown = METHODS.has(method)
  set.put('http.request.method', isKnown ? method : '_OTHER')
  if (!isKnown) set.put('http.request.method_original', method)
}

/** A host with an optional port, as in a Host header. */
export function putServer(set: AttributeSet, host: string | null, port?: number | null): void {
  const [, name = host, own] = /^(\[[^\]]+\]|[^:]*)(?::(\d+))?$/.exec(host ?? '') ?? []
  set.put('server.address', name?.replace(/^\[|\]$/g, ''))
  if (name) set.put('server.port', port ?? (own ? Number(own) : undefined))
}

type Layers = 'all' | 'gateway' | 'target' | 'app' | 'gateway, app' | 'resource' | 'events' | 'links' | 'log'

/** Attributes of our own, by name: where they stand, their type, and what they mean. docs/traces.md is made from it. */
export const OWN_ATTRIBUTES = {
  'throughline.request.id': ['all', 'string', 'Request that the span belongs to; `throughline trace` takes it.'],
  'throughline.request.state': ['all', 'string', 'What was known of the request when the span was made: joined, gateway-only, app-only, kernel-only, ambiguous, callout, ...'],
  'throughline.hop.id': ['all', 'string', 'Hop, that is log row, that the span was made from.'],
  'throughline.application': ['all', 'string', 'Application by the configured rules.'],
  'throughline.trace.from': ['all', 'string', 'What decided the trace id: `gateway-traceparent`, `app-traceparent`, `caller-traceparent` (of the request during which this one was made), `correlation-id`, `request-id`, `earlier-export`.'],
  'throughline.correlation.id': ['gateway, app', 'string', 'Correlation id as this hop logged it.'],
  'throughline.decided_by': ['gateway, app', 'string', 'Layer that decided the status of the request.'],
  'throughline.decided_detail': ['gateway, app', 'string', 'Policy, fault code, or status and substatus that decided it.'],
  'throughline.subject.kind': ['gateway, app', 'string', 'Kind of `enduser.id`: user, client or host.'],
  'throughline.subject.issuer': ['gateway, app', 'string', 'Domain or issuer of `enduser.id`.'],
  'throughline.apigee.organization': ['gateway', 'string', 'Apigee organization.'],
  'throughline.apigee.message_id': ['gateway', 'string', 'gateway_flow_id.'],
  'throughline.apigee.product': ['gateway', 'string', 'API product.'],
  'throughline.apigee.developer_app': ['gateway', 'string', 'Client application as registered.'],
  'throughline.apigee.client_id': ['gateway', 'string', 'OAuth client.'],
  'throughline.apigee.cache_hit': ['gateway', 'boolean', 'Answered from the response cache.'],
  'throughline.apigee.fault_code': ['gateway', 'string', 'Fault code.'],
  'throughline.apigee.fault_policy': ['gateway', 'string', 'Policy that failed.'],
  'throughline.apigee.target': ['target', 'string', 'Target endpoint.'],
  'throughline.iis.substatus': ['app', 'int', 'sc-substatus.'],
  'throughline.iis.win32_status': ['app', 'int', 'sc-win32-status.'],
  'throughline.iis.handshake': ['app', 'boolean', 'Challenge of integrated authentication, before the request itself.'],
  'throughline.iis.time_taken_logged': ['app', 'boolean', 'false: the log has no time-taken (HTTPERR never has), and the span no length.'],
  'throughline.kernel.reason': ['app', 'string', 'Of a span of HTTP.sys: why it refused or dropped the request (s-reason); also its `error.type`.'],
  'throughline.kernel.queue': ['app', 'string', 'Of a span of HTTP.sys: request queue, that is the application pool.'],
  'throughline.link.method': ['app', 'string', 'How the hop was joined to the gateway hop: id, id-time, subject or time.'],
  'throughline.link.how': ['app', 'string', 'equal, segment or cut (of an id); answer, handshake or retry.'],
  'throughline.link.confidence_ppm': ['app', 'int', 'Posterior of the link in millionths: 1000000 is certain. Whole, so that every backend gives it one type.'],
  'throughline.clock.placed_by': ['app', 'string', "How the span came to its place: `clock`: moved by the reading of its host's clock; `resolution`: no reading, moved within the interval that its logged time leaves open; `stamps`: as logged."],
  'throughline.clock.offset_us': ['app', 'int', "How far the host's clock is ahead of the gateway's: the middle of the reading, µs."],
  'throughline.clock.low_us': ['app', 'int', 'The same, at least.'],
  'throughline.clock.high_us': ['app', 'int', 'The same, at most.'],
  'throughline.clock.calibrated': ['app', 'boolean', 'Whether the clock was read from pairs that an id joins.'],
  'throughline.logged.start': ['target', 'string', 'Start as logged, where the span begins elsewhere; RFC 3339.'],
  'throughline.logged.end': ['target', 'string', 'End as logged; RFC 3339. Of an app span always, of a target span where it ends elsewhere.'],
  'throughline.logged.resolution_ms': ['app', 'int', 'The true end lies within so many milliseconds after the logged one.'],
  'throughline.event.reason': ['events', 'string', 'Why a span does not stand where it should.'],
  'throughline.event.apart_us': ['events', 'int', 'How far the span lies outside the call at least, µs; negative: before it.'],
  'throughline.link.reason': ['links', 'string', '`traceparent`: the hop carried a header that names another trace or parent; `same-trace`: the request before this one in its trace.'],
  'throughline.source.line': ['log', 'int', 'Line in the source, from 1.'],
  'throughline.source.offset': ['log', 'int', 'Byte offset of the line in the decompressed source.'],
} as const satisfies Record<string, readonly [Layers, 'string' | 'int' | 'boolean', string]> // biome-ignore format: a table

/** Events that say that a span does not stand where one would expect it. */
export const SPAN_EVENTS = {
  'throughline.clock.misfit': 'The app hop cannot lie inside the call that caused it: the span stands as logged. Reason `longer-than-call` or `outside-interval`.',
  'throughline.stamps.missing': 'The record lacks a stamp of the call to the target; the nearest one stands in for it.',
  'throughline.stamps.disordered': 'The stamps of the call to the target lie outside the request, or end before they begin; the span is cut to fit.',
} as const // biome-ignore format: a table
