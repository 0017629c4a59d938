import { describe, expect, test } from 'vitest'
import { line, MESSAGE, NOT_CALLED, record, spansOfLogs } from './requests.fixture.ts'

/** 2026-07-01T12:00:00Z */
const NOON_US = Date.UTC(2026, 6, 1, 12) * 1000

test('a joined request is a server span, a client span below it, and the app span below that', async () => {
  const spans = await spansOfLogs([record()], [line()])
  const [gateway, target, app] = spans
  expect(spans.map(s => [s.layer, s.kind, s.name])).toEqual([
    ['gateway', 'server', 'apigee p'],
    ['target', 'client', 'app.example'],
    ['app', 'server', 'iis w3svc2 web01'],
  ])
  expect(gateway).toMatchObject({
    parentId: undefined,
    startUs: NOON_US,
    endUs: NOON_US + 20_000,
    status: 200,
  })
  expect(target).toMatchObject({
    parentId: gateway?.spanId,
    startUs: NOON_US + 5_000,
    endUs: NOON_US + 15_000,
  })
  expect(app).toMatchObject({ parentId: target?.spanId, startUs: NOON_US + 5_000, endUs: NOON_US + 15_000 })
  expect(new Set(spans.map(s => s.traceId)).size).toBe(1)
  expect(new Set(spans.map(s => s.spanId)).size).toBe(3)
})

test('ids come from the hops: they are the same whenever spans are made', async () => {
  const [gateway, target, app] = await spansOfLogs([record()], [line()])
  expect(`${gateway?.spanId}${target?.spanId}`).toBe(gateway?.hopId)
  expect(app?.spanId).toBe(app?.hopId.slice(0, 16))
  const again = await spansOfLogs([record()], [line()])
  expect(again).toEqual([gateway, target, app])
})

describe('attributes', () => {
  test('of the gateway span', async () => {
    const [gateway] = await spansOfLogs([record()], [line()])
    expect(gateway?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'url.path': '/v1/a',
      'url.query': 'x=1',
      'http.response.status_code': 200,
      'client.address': '198.51.100.7',
      'enduser.id': 'client7',
      'throughline.subject.kind': 'client',
      'throughline.apigee.message_id': MESSAGE,
      'throughline.correlation.id': 'id-one-0123456789',
      'throughline.trace.from': 'correlation-id',
      'throughline.request.state': 'joined',
    })
    expect(gateway?.resource).toEqual({
      'service.name': 'p', 'service.namespace': 'o', 'service.version': '7', 'deployment.environment.name': 'e', 'cloud.provider': 'gcp',
    }) // biome-ignore format: a table
  })

  test('of the target span: whom it called, by the configured address', async () => {
    const [, target] = await spansOfLogs([record()], [line()])
    expect(target?.attributes).toMatchObject({
      'server.address': 'app.example',
      'server.port': 8443,
      'http.response.status_code': 200,
    })
  })

  test('of the app span: as logged, how it was joined, and what its clock is', async () => {
    const [, , app] = await spansOfLogs([record()], [line({ user: 'CORP\\ann' })])
    expect(app?.attributes).toMatchObject({
      'url.path': '/a',
      'network.peer.address': '10.9.9.9',
      'network.local.address': '10.0.0.1',
      'network.local.port': 8443,
      'network.protocol.version': '1.1',
      'enduser.id': 'ann',
      'throughline.subject.issuer': 'corp',
      'throughline.iis.substatus': 0,
      'throughline.link.method': 'id',
      'throughline.link.how': 'equal',
      'throughline.link.confidence_ppm': 1_000_000,
      'throughline.logged.end': '2026-07-01T12:00:00Z',
      'throughline.logged.resolution_ms': 1000,
    })
    expect(app?.resource).toEqual({ 'service.name': 'w3svc2', 'host.name': 'web01' })
  })

  test('what is not known is left out', async () => {
    const spans = await spansOfLogs([record({ client_ip: '', request_verb: '' })], [line()])
    for (const { attributes } of spans)
      for (const value of Object.values(attributes))
        expect(value === '' || value === null || value === '-').toBe(false)
    expect(spans[0]?.attributes).not.toHaveProperty('client.address')
    expect(spans[0]?.attributes).not.toHaveProperty('http.request.method')
  })

  test('a method that HTTP does not know is _OTHER, and the one that was sent', async () => {
    const [gateway] = await spansOfLogs([record({ request_verb: 'PROPFIND' })], [])
    expect(gateway?.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PROPFIND',
    })
  })
})

describe('errors', () => {
  test.each([
    { name: 'a server that answers 4xx has done its work; to who called it, it is an error', status: '404', want: [false, true, false], type: [undefined, '404', undefined] },
    { name: '5xx is an error on each side', status: '503', want: [true, true, true], type: ['503', '503', '503'] },
    { name: '399 is none', status: '399', want: [false, false, false], type: [undefined, undefined, undefined] },
  ])('$name', async ({ status, want, type }) => {
    const spans = await spansOfLogs(
      [record({ response_status_code: status, target_response_code: status })],
      [line({ status: `${status} 0 0` })],
    )
    expect(spans.map(s => s.isError)).toEqual(want)
    expect(spans.map(s => s.attributes['error.type'])).toEqual(type)
  }) // biome-ignore format: a table

  test('a target that did not answer', async () => {
    const [gateway, target] = await spansOfLogs([record({ response_status_code: '504', target_response_code: '', target_received_end_timestamp: '', fault_code: '' })], [])
    expect(gateway).toMatchObject({ isError: true })
    expect(target).toMatchObject({ isError: true, status: undefined, attributes: { 'error.type': 'target-timeout' } })
  }) // biome-ignore format: one call
})

describe('calls to the target', () => {
  test('one that was not made has no span', async () => {
    const spans = await spansOfLogs([record({ ...NOT_CALLED, cache_hit: '1' })], [], MESSAGE)
    expect(spans.map(s => s.layer)).toEqual(['gateway'])
  })

  test('a stamp that is missing is stood in for by the nearest, and the span says so', async () => {
    const [gateway, target] = await spansOfLogs([record({ target_received_end_timestamp: '' })], [line()])
    expect(target).toMatchObject({ startUs: NOON_US + 5_000, endUs: gateway?.endUs })
    expect(target?.events).toEqual([
      {
        name: 'throughline.stamps.missing',
        atUs: NOON_US + 5_000,
        attributes: { 'throughline.event.reason': 'end' },
      },
    ])
  })

  test('stamps outside the request are cut to it, and kept as logged beside', async () => {
    const [, target] = await spansOfLogs([record({ target_received_end_timestamp: '2026-07-01 12:00:00.030 UTC' })], [line()])
    expect(target).toMatchObject({
      endUs: NOON_US + 20_000,
      attributes: { 'throughline.logged.end': '2026-07-01T12:00:00.030Z' },
      events: [{ name: 'throughline.stamps.disordered' }],
    })
  }) // biome-ignore format: short calls
})

test('an app hop that does not fit into the call stands as logged, with an event that says why', async () => {
  const [, , app] = await spansOfLogs([record()], [line({ took: '11' })])
  expect(app).toMatchObject({ startUs: NOON_US - 11_000, endUs: NOON_US, placedBy: 'stamps' })
  expect(app?.events).toMatchObject([
    { name: 'throughline.clock.misfit', attributes: { 'throughline.event.reason': 'longer-than-call' } },
  ])
})
