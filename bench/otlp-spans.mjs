// Ready-made spans of the size that an export sends: twenty attributes, six resources.
const RESOURCES = 6
const scope = { name: 'throughline', version: '0.1.0' }

/** Equal numbers give equal spans. */
export function madeSpans(count) {
  const resources = Array.from({ length: RESOURCES }, (_, i) => ({
    attributes: { 'service.name': `proxy-${i}`, 'cloud.provider': 'gcp', 'deployment.environment.name': 'prod' },
  }))
  return Array.from({ length: count }, (_, n) => madeSpan(n, resources[n % RESOURCES]))
} // biome-ignore format: a resource a line

function madeSpan(n, resource) {
  const seconds = 1_772_409_600 + Math.floor(n / 100)
  const context = { traceId: hex(n, 32), spanId: hex(n, 16), traceFlags: 1 }
  return {
    name: 'GET /payroll/v2/employees',
    kind: 1,
    spanContext: () => context,
    parentSpanContext: { ...context, spanId: hex(n + 7, 16) },
    startTime: [seconds, (n % 1000) * 1_000_000],
    endTime: [seconds + 1, (n % 1000) * 1_000_000 + 250],
    duration: [1, 250],
    ended: true,
    status: { code: n % 50 === 0 ? 2 : 0 },
    attributes: {
      'http.request.method': 'GET',
      'url.scheme': 'https',
      'url.path': `/payroll/v2/employees/${n % 5000}/payslips`,
      'server.address': 'api.example.com',
      'server.port': 443,
      'http.response.status_code': n % 50 === 0 ? 503 : 200,
      'client.address': `10.20.${n % 200}.${n % 250}`,
      'user_agent.original': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0',
      'network.protocol.version': '1.1',
      'enduser.id': `CORP\\user${n % 800}`,
      'http.request.body.size': 512 + (n % 100),
      'http.response.body.size': 4096 + (n % 9999),
      'throughline.request.id': hex(n + 11, 32),
      'throughline.correlation.id': `${hex(n, 8)}-1234-4abc-9def-${hex(n + 5, 12)}`,
      'throughline.hop.id': hex(n + 13, 32),
      'throughline.link.method': 'id',
      'throughline.link.posterior': 0.9973,
      'throughline.clock.offset_us': 12_500 + (n % 100),
      'throughline.stamp.raw': `2026-03-02T00:00:${String(n % 60).padStart(2, '0')}.000Z`,
      'throughline.application': 'payroll',
    },
    events: [],
    links: [],
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** Digits that do not compress, as those of real ids do not. */
function hex(n, length) {
  let text = ''
  for (let word = Math.imul(n + 1, 0x9e3779b1); text.length < length; ) {
    word = Math.imul(word ^ (word >>> 15), 0x85ebca6b) + 0x6d2b79f5
    text += (word >>> 0).toString(16).padStart(8, '0')
  }
  return text.slice(0, length)
}
