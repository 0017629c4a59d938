import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { HOT_ID_HOPS } from '../model/ids.ts'
import { ID, legsOf, line, MESSAGE, NOT_CALLED, record, spansOfLogs } from './requests.fixture.ts'

const T = '0af7651916cd43dd8448eb211c80319c'
const P = 'b7ad6b7169203331'
const OTHER = '4bf92f3577b34da6a3ce929d0e0e4736'
const UUID = '6e5b1b6e-0f6e-4e55-9f3e-6b5d2bb0a001'
const traceparent = (trace: string, parent = P): string => `00-${trace}-${parent}-01`
/** Source: traced.sql and macros.sql say how; node says what. */
const ofText = (id: string): string => createHash('sha256').update(`trace ${id}`).digest('hex').slice(0, 32)

describe('what decides the trace', () => {
  test.each<{ name: string; gateway: Record<string, string>; app: Parameters<typeof line>[0]; want: object }>([
    {
      name: "the gateway's traceparent, before that of the app hop",
      gateway: { dc_traceparent: traceparent(T) },
      app: { trace: traceparent(OTHER, '1'.repeat(16)) },
      want: { trace_id: T, trace_from: 'gateway-traceparent', parent_id: P },
    },
    {
      name: 'that of the app hop which an id joins',
      gateway: {},
      app: { trace: traceparent(T) },
      want: { trace_id: T, trace_from: 'app-traceparent', parent_id: P },
    },
    {
      name: 'capitals are the same trace',
      gateway: { dc_traceparent: traceparent(T.toUpperCase()) },
      app: {},
      want: { trace_id: T, parent_id: P },
    },
    {
      name: 'the correlation id, hashed where it is no trace id',
      gateway: {},
      app: {},
      want: { trace_id: ofText(ID), trace_from: 'correlation-id', parent_id: null },
    },
    {
      name: 'a UUID is a trace id without its dashes',
      gateway: { dc_correlation_id: UUID },
      app: { id: UUID },
      want: { trace_id: UUID.replaceAll('-', ''), trace_from: 'correlation-id' },
    },
    ...['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331', traceparent('0'.repeat(32)), traceparent(T, '0'.repeat(16)), `ff-${T}-${P}-01`, 'nonsense'].map(
      broken => ({
        name: `a malformed traceparent counts for nothing: ${broken}`,
        gateway: { dc_traceparent: broken },
        app: { trace: broken },
        want: { trace_id: ofText(ID), trace_from: 'correlation-id', parent_id: null },
      }),
    ),
  ])('$name', async ({ gateway, app, want }) => {
    const [legs] = await legsOf([record(gateway)], [line(app)], MESSAGE)
    expect(legs).toMatchObject({ state: 'joined', ...want })
  }) // biome-ignore format: a table

  test('a request is found by the trace that its correlation id was hashed to', async () => {
    const [legs] = await legsOf([record()], [line()], ofText(ID))
    expect(legs).toMatchObject({ state: 'joined', correlation_id: ID })
  })

  test('without any id, the request itself', async () => {
    const [legs] = await legsOf([record({ dc_correlation_id: '' })], [], MESSAGE)
    expect(legs).toMatchObject({ trace_id: legs?.request_id, trace_from: 'request-id', parent_id: null })
  })

  test('a request past the gateway hangs under the span that its own traceparent names', async () => {
    const [legs] = await legsOf([], [line({ trace: traceparent(T) })])
    expect(legs).toMatchObject({ trace_id: T, trace_from: 'app-traceparent', parent_id: P })
    const [span] = await spansOfLogs([], [line({ trace: traceparent(T) })])
    expect(span).toMatchObject({ layer: 'app', traceId: T, parentId: P, links: [] })
  })

  test('an id that more hops carry than one request can have is no trace', async () => {
    const call = (n: number): string =>
      record({
        gateway_flow_id: `rrt-${n}`,
        dc_correlation_id: UUID,
        ...NOT_CALLED,
        response_status_code: '401',
      })
    const many = Array.from({ length: HOT_ID_HOPS + 1 }, (_, n) => call(n))
    const [shared] = await legsOf(many, [], 'rrt-5')
    expect(shared).toMatchObject({
      trace_id: shared?.request_id,
      trace_from: 'request-id',
      previous_id: null,
    })
    const [kept] = await legsOf(many.slice(1), [], 'rrt-5')
    expect(kept).toMatchObject({ trace_id: UUID.replaceAll('-', ''), trace_from: 'correlation-id' })
  })
})

describe('links', () => {
  const reasons = (spans: Awaited<ReturnType<typeof spansOfLogs>>) =>
    spans.map(s => [s.layer, s.links.map(l => [l.traceId, l.spanId, l.attributes['throughline.link.reason']])])

  test('a traceparent of the app hop that names another trace is a link of its span', async () => {
    const spans = await spansOfLogs([record({ dc_traceparent: traceparent(T) })], [line({ trace: traceparent(OTHER, '1'.repeat(16)) })])
    expect(reasons(spans)).toEqual([['gateway', []], ['target', []], ['app', [[OTHER, '1'.repeat(16), 'traceparent']]]])
  })

  test('so is one that names another parent in the same trace: somebody between made a span of its own', async () => {
    const spans = await spansOfLogs([record({ dc_traceparent: traceparent(T) })], [line({ trace: traceparent(T, '2'.repeat(16)) })])
    expect(reasons(spans)).toEqual([['gateway', []], ['target', []], ['app', [[T, '2'.repeat(16), 'traceparent']]]])
  })

  test('one that the gateway has passed on needs none', async () => {
    const spans = await spansOfLogs([record({ dc_traceparent: traceparent(T) })], [line({ trace: traceparent(T) })])
    expect(reasons(spans)).toEqual([['gateway', []], ['target', []], ['app', []]])
  })

  test('requests of one trace: each names the one before it', async () => {
    const second = record({
      gateway_flow_id: 'rrt-later', client_received_start_timestamp: '2026-07-01 12:00:09.000 UTC', client_sent_end_timestamp: '2026-07-01 12:00:09.020 UTC', ...NOT_CALLED,
    }) // biome-ignore format: one record
    const spans = await spansOfLogs([record(), second], [])
    const [first, , later] = spans
    expect(spans.map(s => s.layer)).toEqual(['gateway', 'target', 'gateway'])
    expect(later).toMatchObject({ traceId: first?.traceId, parentId: undefined })
    expect(later?.links).toEqual([
      { traceId: first?.traceId, spanId: first?.spanId, attributes: { 'throughline.link.reason': 'same-trace' } },
    ])
  })
}) // biome-ignore format: short calls
