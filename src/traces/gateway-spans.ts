import { rfc3339 } from '../model/time.ts'
import { AttributeSet, putMethod, putServer } from './attributes.ts'
import { contextOf, spanIdOf, targetSpanIdOf } from './ids.ts'
import type { GatewayLeg, Legs } from './legs.ts'
import type { Call } from './place.ts'
import type { Attributes, Span, SpanEvent, SpanLink } from './span.ts'

/** What the spans of a request have in common. */
export function commonAttributes(legs: Legs, hopId: string): AttributeSet {
  return new AttributeSet()
    .put('throughline.request.id', legs.request_id)
    .put('throughline.request.state', legs.state)
    .put('throughline.hop.id', hopId)
    .put('throughline.application', legs.application)
    .put('throughline.trace.from', legs.trace_from)
}

/** The gateway's span, and that of its call to the target where it made one. */
export function gatewaySpans(legs: Legs, hop: GatewayLeg, resource: Attributes): [Span, Span | undefined] {
  const startUs = hop.start_us
  const endUs = Math.max(startUs, hop.end_us ?? startUs)
  const server: Span = {
    layer: 'gateway',
    hopId: hop.hop_id,
    traceId: legs.trace_id,
    spanId: spanIdOf(hop.hop_id),
    parentId: legs.parent_id ?? undefined,
    name: `apigee ${hop.proxy ?? '(no proxy)'}`,
    kind: 'server',
    startUs,
    endUs,
    status: hop.status ?? undefined,
    isError: isServerError(hop.status) || (hop.status === null && hop.fault_code !== null),
    attributes: serverAttributes(legs, hop),
    events: [],
    links: rootLinks(legs, hop.traceparent),
    resource,
    placedBy: 'stamps',
    apartUs: 0,
  }
  return [server, hop.target_called ? targetSpan(legs, hop, server) : undefined]
}

/** A server answers 4xx by design: only 5xx is its failure (HTTP conventions, span status). */
export function isServerError(status: number | null): boolean {
  return status !== null && status >= 500
}

function serverAttributes(legs: Legs, hop: GatewayLeg): Attributes {
  const set = commonAttributes(legs, hop.hop_id)
  putMethod(set, hop.method)
  set
    .put('url.path', hop.path)
    .put('url.query', hop.query)
    .put('http.response.status_code', hop.status)
    .put('error.type', isServerError(hop.status) ? String(hop.status) : hop.status === null ? hop.fault_code : null)
    .put('client.address', hop.client_ip ?? hop.peer_ip)
    .put('network.peer.address', hop.peer_ip)
    .put('user_agent.original', hop.user_agent)
    .put('http.request.size', hop.bytes_in)
    .put('http.response.size', hop.bytes_out)
  putSubject(set, legs)
  return set
    .put('throughline.correlation.id', hop.correlation_raw)
    .put('throughline.decided_by', legs.decided_by)
    .put('throughline.decided_detail', legs.decided_detail)
    .put('throughline.apigee.organization', hop.organization)
    .put('throughline.apigee.message_id', hop.message_id)
    .put('throughline.apigee.product', hop.product)
    .put('throughline.apigee.developer_app', hop.developer_app)
    .put('throughline.apigee.client_id', hop.client_id)
    .put('throughline.apigee.cache_hit', hop.cache_hit)
    .put('throughline.apigee.fault_code', hop.fault_code)
    .put('throughline.apigee.fault_policy', hop.fault_policy).all
} // biome-ignore format: a list

/** Who made the request. */
export function putSubject(
  set: AttributeSet,
  who: {
    readonly subject: string | null
    readonly subject_kind: string | null
    readonly subject_issuer: string | null
  },
): void {
  if (who.subject === null) return
  set
    .put('enduser.id', who.subject)
    .put('throughline.subject.kind', who.subject_kind)
    .put('throughline.subject.issuer', who.subject_issuer)
}

/** What a root span has to do with besides its parent: the request before it, and a traceparent that does not lead to it. */
export function rootLinks(legs: Legs, traceparent: string | null): SpanLink[] {
  const links: SpanLink[] = []
  const named = traceparentLink(legs, traceparent, legs.parent_id)
  if (named) links.push(named)
  if (legs.previous_id !== null)
    links.push({
      traceId: legs.trace_id,
      spanId: spanIdOf(legs.previous_id),
      attributes: { 'throughline.link.reason': 'same-trace' },
    })
  return links
}

/** A link to the span that a hop's traceparent names, where the trace and the parent that count are others. */
export function traceparentLink(
  legs: Legs,
  traceparent: string | null,
  parentId: string | null | undefined,
): SpanLink | undefined {
  if (traceparent === null) return undefined
  const { traceId, spanId } = contextOf(traceparent)
  if (traceId === legs.trace_id && spanId === parentId) return undefined
  return { traceId, spanId, attributes: { 'throughline.link.reason': 'traceparent' } }
}

/** The call to the target, between the gateway's own stamps. */
function targetSpan(legs: Legs, hop: GatewayLeg, server: Span): Span {
  const { call, events } = callOf(hop, server)
  const set = commonAttributes(legs, hop.hop_id)
  putMethod(set, hop.method)
  putServer(set, hop.target_host ?? hostOf(hop.target_url), portOf(hop.target_url))
  const gaveUp = hop.target_status === null ? (hop.fault_code ?? noAnswer(legs)) : null
  const isError = (hop.target_status ?? 0) >= 400 || gaveUp !== null
  set
    .put('network.peer.address', hop.target_ip)
    .put('http.response.status_code', hop.target_status)
    .put('error.type', (hop.target_status ?? 0) >= 400 ? String(hop.target_status) : gaveUp)
    .put('throughline.apigee.target', hop.target)
  if (events.length > 0) {
    set
      .put('throughline.logged.start', hop.sent_us === null ? null : rfc3339(hop.sent_us))
      .put('throughline.logged.end', hop.answered_us === null ? null : rfc3339(hop.answered_us))
  }
  return {
    ...server,
    layer: 'target',
    spanId: targetSpanIdOf(hop.hop_id),
    parentId: server.spanId,
    name: hop.target_host ?? hop.target ?? 'target',
    kind: 'client',
    ...call,
    status: hop.target_status ?? undefined,
    isError,
    attributes: set.all,
    events,
    links: [],
  }
}

/** Why no answer came, where the gateway said so by its own status only. */
function noAnswer({ decided_by }: Legs): string | null {
  return decided_by === 'target-timeout' || decided_by === 'target-unreachable' ? decided_by : null
}

/** Begin and end of the call to the target, inside the request. A stamp that the record lacks is stood in for by the nearest. */
function callOf(hop: GatewayLeg, server: Call): { readonly call: Call; readonly events: SpanEvent[] } {
  const startUs = hop.sent_us ?? hop.received_us ?? server.startUs
  const endUs = hop.answered_us ?? hop.responding_us ?? server.endUs
  const within = (us: number): number => Math.min(server.endUs, Math.max(server.startUs, us))
  const start = within(startUs)
  const call = { startUs: start, endUs: Math.max(start, within(endUs)) }
  const missing = [hop.sent_us === null ? 'start' : '', hop.answered_us === null ? 'end' : ''].filter(Boolean)
  const names = [
    missing.length > 0 ? 'throughline.stamps.missing' : '',
    call.startUs !== startUs || call.endUs !== endUs ? 'throughline.stamps.disordered' : '',
  ].filter(Boolean)
  const events = names.map(name => ({
    name,
    atUs: call.startUs,
    attributes: name.endsWith('missing') ? { 'throughline.event.reason': missing.join(' and ') } : {},
  }))
  return { call, events }
}

function urlOf(text: string | null): URL | undefined {
  return text !== null && URL.canParse(text) ? new URL(text) : undefined
}

function hostOf(url: string | null): string | null {
  return urlOf(url)?.hostname ?? null
}

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

function portOf(url: string | null): number | undefined {
  const found = urlOf(url)
  return found && (found.port === '' ? PORTS[found.protocol] : Number(found.port))
}
