import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { resources, tracing } from '@opentelemetry/sdk-node'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import type { ReceivedSpan } from './received.ts'

/** 2026-07-10T12:00:00.123456789Z */
const START: [number, number] = [1_783_684_800, 123_456_789]
const START_NS = 1_783_684_800_123_456_789n

export interface Sample {
  readonly spans: tracing.ReadableSpan[]
  /** The same spans as a Collector is to give them back. */
  readonly expected: readonly ReceivedSpan[]
}

/** A SERVER span and a CLIENT span below it, made by OpenTelemetry's own SDK, with every kind of value. */
export function sample(): Sample {
  const kept = new tracing.InMemorySpanExporter()
  const provider = new tracing.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ [ATTR_SERVICE_NAME]: 'payroll', 'host.cores': 2 }),
    spanProcessors: [new tracing.SimpleSpanProcessor(kept)],
  })
  const tracer = provider.getTracer('sample', '1.2.3')
  const attributes = { text: 'ü "<', whole: 42, part: 0.25, yes: true, list: ['a', 'b'], none: '' }
  const server = tracer.startSpan(
    'server',
    { kind: SpanKind.SERVER, startTime: START, attributes },
    ROOT_CONTEXT,
  )
  const client = tracer.startSpan(
    'client',
    {
      kind: SpanKind.CLIENT,
      startTime: START,
      links: [{ context: server.spanContext(), attributes: { n: 1 } }],
    },
    trace.setSpan(ROOT_CONTEXT, server),
  )
  client.addEvent('refused', { code: 401 }, [START[0], START[1] + 1])
  client.setStatus({ code: SpanStatusCode.ERROR, message: '401' })
  client.end([START[0] + 1, START[1]])
  server.end([START[0] + 2, 0])
  const common = {
    resource: { 'service.name': 'payroll', 'host.cores': 2 },
    scope: { name: 'sample', version: '1.2.3' },
    traceState: '',
    startNs: START_NS,
  }
  const expected: ReceivedSpan[] = [
    {
      ...common,
      ...idsOf(client),
      parentSpanId: server.spanContext().spanId,
      // Sampled (1), and not remote, which is known (0x100): trace.proto, SpanFlags.
      flags: 0x101,
      name: 'client',
      kind: 3,
      endNs: START_NS + 1_000_000_000n,
      attributes: {},
      events: [{ name: 'refused', timeNs: START_NS + 1n, attributes: { code: 401 } }],
      links: [{ ...idsOf(server), attributes: { n: 1 } }],
      status: { code: 2, message: '401' },
    },
    {
      ...common,
      ...idsOf(server),
      parentSpanId: '',
      flags: 0x101,
      name: 'server',
      kind: 2,
      endNs: 1_783_684_802_000_000_000n,
      attributes,
      events: [],
      links: [],
      status: { code: 0, message: '' },
    },
  ]
  return { spans: kept.getFinishedSpans(), expected }
}

function idsOf(span: Span): { traceId: string; spanId: string } {
  const { traceId, spanId } = span.spanContext()
  return { traceId, spanId }
}
