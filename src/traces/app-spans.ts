import { rfc3339 } from '../model/time.ts'
import { type AttributeSet, putMethod, putServer } from './attributes.ts'
import { commonAttributes, isServerError, putSubject, rootLinks, traceparentLink } from './gateway-spans.ts'
import { spanIdOf } from './ids.ts'
import type { AppLeg, Legs } from './legs.ts'
import { type Logged, type Placed, placeInCall } from './place.ts'
import type { Attributes, Span, SpanEvent, SpanLink } from './span.ts'

/** Where IIS logs no resolution: whole seconds. */
const RESOLUTION_MS = 1000

/**
 * The spans of a request's app hops, and of its kernel hops, inside the call that caused them where that can be.
 *
 * @param caller the call to the target, or what is nearest to it; undefined where no gateway hop is known
 */
export function appSpans(
  legs: Legs,
  caller: Span | undefined,
  resourceOf: (hop: AppLeg) => Attributes,
): Span[] {
  const placed = placeInCall(caller, legs.apps.map(loggedOf))
  return legs.apps.map((hop, i) => {
    const place = placed[i] ?? placeInCall(undefined, [loggedOf(hop)])[0]
    if (!place) throw new Error('no place for an app hop')
    return appSpan(legs, hop, { place, caller, resource: resourceOf(hop) })
  })
}

function loggedOf(hop: AppLeg): Logged {
  const { clock_low_us: lowUs, clock_high_us: highUs } = hop
  return {
    endUs: hop.end_us,
    tookUs: hop.duration_us ?? 0,
    resolutionUs: (hop.resolution_ms ?? RESOLUTION_MS) * 1000,
    ahead: lowUs === null || highUs === null ? undefined : { lowUs, highUs },
    // What HTTP.sys logs is the moment of its answer, or at which the connection broke: the gateway saw it at once.
    endsCall: hop.kernel && hop.link_how !== 'retry',
  }
}

interface Surroundings {
  readonly place: Placed
  readonly caller: Span | undefined
  readonly resource: Attributes
}

function appSpan(legs: Legs, hop: AppLeg, { place, caller, resource }: Surroundings): Span {
  return {
    layer: hop.kernel ? 'kernel' : 'app',
    hopId: hop.hop_id,
    traceId: legs.trace_id,
    spanId: spanIdOf(hop.hop_id),
    parentId: caller ? caller.spanId : (legs.parent_id ?? undefined),
    name: [hop.kernel ? 'http.sys' : 'iis', hop.site, hop.host].filter(Boolean).join(' '),
    kind: 'server',
    startUs: place.startUs,
    endUs: place.endUs,
    status: hop.status ?? undefined,
    // A connection that was closed without an answer is a failure too.
    isError: isServerError(hop.status) || (hop.kernel && hop.status === null),
    attributes: appAttributes(legs, hop, place),
    events: misfitEvents(place),
    links: linksOf(legs, hop, caller),
    resource,
    placedBy: place.by,
    apartUs: place.apartUs,
  }
}

function linksOf(legs: Legs, hop: AppLeg, caller: Span | undefined): SpanLink[] {
  if (!caller) return rootLinks(legs, hop.traceparent)
  // A gateway that passes the header on leaves its own caller in it; that is where the gateway's span hangs already.
  const link = traceparentLink(legs, hop.traceparent, legs.parent_id)
  return link ? [link] : []
}

function appAttributes(legs: Legs, hop: AppLeg, place: Placed): Attributes {
  const set = commonAttributes(legs, hop.hop_id)
  putMethod(set, hop.method)
  putServer(set, hop.host_header ?? hop.server_ip, hop.host_header?.includes(':') ? null : hop.server_port)
  set
    .put('url.path', hop.path)
    .put('url.query', hop.query)
    .put('http.response.status_code', hop.status)
    .put('error.type', errorType(hop))
    .put('client.address', hop.client_ip ?? hop.peer_ip)
    .put('network.peer.address', hop.peer_ip)
    .put('network.peer.port', hop.peer_port)
    .put('network.local.address', hop.server_ip)
    .put('network.local.port', hop.server_port)
    .put('network.protocol.version', /^HTTP\/(\d(?:\.\d)?)$/i.exec(hop.protocol ?? '')?.[1])
    .put('user_agent.original', hop.user_agent)
    .put('http.request.size', hop.bytes_in)
    .put('http.response.size', hop.bytes_out)
  const { subject_name: subject, subject_kind, subject_issuer } = hop
  putSubject(set, { subject, subject_kind, subject_issuer })
  set
    .put('throughline.correlation.id', hop.correlation_raw)
    .put('throughline.iis.substatus', hop.substatus)
    .put('throughline.iis.win32_status', hop.win32_status)
    .put('throughline.iis.handshake', hop.handshake)
    .put('throughline.iis.time_taken_logged', hop.duration_us === null ? false : null)
    .put('throughline.kernel.reason', hop.kernel ? reasonOf(hop) : null)
    .put('throughline.kernel.queue', hop.queue)
  if (legs.gateway === null)
    set.put('throughline.decided_by', legs.decided_by).put('throughline.decided_detail', legs.decided_detail)
  putLink(set, hop)
  putClock(set, hop, place)
  return set.all
}

/** HTTP.sys logs failures only, and says which. Source: OpenTelemetry, error.type: of low cardinality. */
function errorType(hop: AppLeg): string | null {
  if (hop.kernel) return reasonOf(hop)
  return isServerError(hop.status) ? String(hop.status) : null
}

function reasonOf({ reason }: AppLeg): string {
  return reason ?? '-'
}

function putLink(set: AttributeSet, hop: AppLeg): void {
  if (hop.link_method === null) return
  set
    .put('throughline.link.method', hop.link_method)
    .put('throughline.link.how', hop.link_how)
    .put('throughline.link.confidence_ppm', hop.posterior === null ? null : Math.floor(hop.posterior * 1e6))
}

function putClock(set: AttributeSet, hop: AppLeg, place: Placed): void {
  const { clock_low_us: low, clock_high_us: high } = hop
  set
    .put('throughline.clock.placed_by', place.by)
    .put('throughline.logged.end', rfc3339(hop.end_us))
    .put('throughline.logged.resolution_ms', hop.resolution_ms ?? RESOLUTION_MS)
  if (low === null || high === null) return
  set
    .put('throughline.clock.offset_us', Math.round((low + high) / 2))
    .put('throughline.clock.low_us', low)
    .put('throughline.clock.high_us', high)
    .put('throughline.clock.calibrated', hop.calibrated)
}

const MISFITS = { longer: 'longer-than-call', apart: 'outside-interval' } as const

function misfitEvents({ misfit, startUs, apartUs }: Placed): SpanEvent[] {
  if (misfit === undefined) return []
  const attributes = { 'throughline.event.reason': MISFITS[misfit], 'throughline.event.apart_us': apartUs }
  return [{ name: 'throughline.clock.misfit', atUs: startUs, attributes }]
}
