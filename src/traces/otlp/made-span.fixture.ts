import type { OtlpSpan } from './encode-spans.ts'

const RESOURCES = ['one', 'two'].map(name => ({ attributes: { 'service.name': name } }))
const SCOPE = { name: 'throughline', version: '0.1.0' }

/** A made-up span; equal numbers give equal spans. Its name is `span N`. */
export function madeSpan(n: number): OtlpSpan {
  const id = (n + 1).toString(16)
  const context = { traceId: id.padStart(32, '0'), spanId: id.padStart(16, '0'), traceFlags: 1 }
  const made = {
    name: `span ${n}`,
    kind: 1,
    spanContext: () => context,
    startTime: [1_772_409_600 + n, 250_000_000],
    endTime: [1_772_409_601 + n, 0],
    duration: [0, 750_000_000],
    ended: true,
    status: { code: 0 },
    attributes: { 'url.path': `/orders/${n}`, 'http.response.status_code': 200 },
    events: [],
    links: [],
    resource: RESOURCES[n % RESOURCES.length],
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
  return made as unknown as OtlpSpan
}
