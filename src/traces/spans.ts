/** Part of a request's life as one system saw it. Stamps are µs since 1970 on that system's own clock. */
export interface Span {
  readonly name: string
  readonly layer: 'gateway' | 'target' | 'app'
  readonly startUs: number
  readonly endUs: number
  /** The span's place may be off by so much: IIS logs whole seconds. 0 where stamps are milliseconds. */
  readonly uncertainUs: number
  readonly status: number | undefined
  /** Its place was chosen inside its uncertainty, so that it lies inside the call that caused it. */
  readonly placed: boolean
  /** How far its own clock puts it from the call that caused it, µs, at least; negative is earlier. 0 where it fits. */
  readonly apartUs: number
  readonly hopId: string
}

type Row = Readonly<Record<string, unknown>>

/** The spans of one request: the gateway's, its call to the target, and each app hop under it. */
export function spansOf(gateway: Row | undefined, apps: readonly Row[]): Span[] {
  const outer = gateway ? gatewaySpans(gateway) : []
  const target = outer.find(span => span.layer === 'target')
  return [...outer, ...apps.map(app => appSpan(app, target))]
}

function gatewaySpans(hop: Row): Span[] {
  const common = { uncertainUs: 0, placed: false, apartUs: 0, hopId: String(hop.hop_id) }
  const start = micros(hop.start_ts) ?? 0
  const spans: Span[] = [
    {
      ...common,
      name: `apigee ${text(hop.proxy) || '(no proxy)'}`,
      layer: 'gateway',
      startUs: start,
      endUs: micros(hop.end_ts) ?? start,
      status: number(hop.status),
    },
  ]
  const sent = micros(hop.target_sent_start_ts)
  const received = micros(hop.target_received_end_ts) ?? micros(hop.client_sent_start_ts)
  if (hop.target_called === true && sent !== undefined) {
    const name = text(hop.target_host) || text(hop.target) || 'target'
    spans.push({
      ...common,
      name,
      layer: 'target',
      startUs: sent,
      endUs: Math.max(sent, received ?? sent),
      status: number(hop.target_status),
    })
  }
  return spans
}

/**
 * An IIS line says in which second the request ended. Within that second it is drawn where it lies inside the call to
 * the target, if it can; else as logged.
 */
function appSpan(hop: Row, target: Span | undefined): Span {
  const logged = micros(hop.end_ts) ?? 0
  const length = Number(hop.duration_us ?? 0)
  const uncertainUs = Number(hop.resolution_ms ?? 1000) * 1000
  const earliest = logged - length
  const base = {
    name: ['iis', text(hop.site), text(hop.host)].filter(Boolean).join(' '),
    layer: 'app' as const,
    uncertainUs,
    status: number(hop.status),
    hopId: String(hop.hop_id),
  }
  if (!target) return { ...base, startUs: earliest, endUs: logged, placed: false, apartUs: 0 }
  const middle = target.startUs + (target.endUs - target.startUs - length) / 2
  const apartUs = middle < earliest ? earliest - middle : Math.min(0, earliest + uncertainUs - middle)
  if (apartUs === 0) return { ...base, startUs: middle, endUs: middle + length, placed: true, apartUs }
  return { ...base, startUs: earliest, endUs: logged, placed: false, apartUs }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** `2026-07-01 08:00:00.123456` (UTC) as µs since 1970. */
export function micros(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  const [whole = '', fraction = ''] = value.split('.')
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}
