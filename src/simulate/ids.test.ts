import { expect, test } from 'vitest'
import type { SimulationOptions } from './index.ts'
import { collect, groupBy, type PlacedLine, readGateway, readPlaced } from './reading.fixture.ts'

const BASE = { hours: 0.5, ratePerSecond: 3, missingIdShare: 0, truncatedIdShare: 0, compositeShare: 0 }

/** The lines of gateway calls, each with the id of both sides. */
function lookAt(options: SimulationOptions) {
  const { files } = collect({ ...BASE, ...options })
  const rows = new Map(readGateway(files).map(row => [row.gateway_flow_id, row]))
  const lines = readPlaced(files)
    .filter(({ request }) => request.cause === 'gateway' && request.gateway_recorded)
    .map(one => ({
      ...one,
      id: one.row.get('X-Correlation-ID'),
      gatewayId: rows.get(one.request.gateway_flow_id ?? '')?.dc_correlation_id ?? '',
    }))
  return { lines, rows: [...rows.values()] }
}
const share = (list: readonly PlacedLine[], form: string) =>
  list.filter(({ line }) => line.id === form).length / list.length

test('a share of lines loses the id, at random', () => {
  const { lines } = lookAt({ lostIdLineShare: 0.3 })
  expect(share(lines, 'none')).toBeCloseTo(0.3, 1)
  for (const { line, id, gatewayId } of lines) expect(id).toBe(line.id === 'none' ? '-' : gatewayId)
})

test('sites without ids do not log the field', () => {
  const { lines } = lookAt({ idlessSites: [3] })
  for (const { line, row } of lines) {
    expect(row.fields.includes('X-Correlation-ID')).toBe(line.host.startsWith('WEB-PAY'))
    expect(line.id === 'none').toBe(line.host.startsWith('WEB-APP'))
  }
})

test('routes without ids never have one, the others always', () => {
  const { lines } = lookAt({ idlessRouteShare: 0.5 })
  const routeOf = ({ row }: PlacedLine) =>
    `${row.get('cs-method')} ${row.get('cs-uri-stem').replace(/\d{4}(?=\/|\.JPG|$)/g, '{}')}`
  const routes = [...groupBy(lines, routeOf).values()]
  for (const route of routes) expect([0, 1]).toContain(share(route, 'none'))
  const idless = routes.filter(route => share(route, 'none') === 1).length
  expect(idless / routes.length).toBeGreaterThan(0.4)
  expect(idless / routes.length).toBeLessThan(0.6)
})

test('upper case at the app side is said in the truth', () => {
  const { lines } = lookAt({ otherCaseIdShare: 0.4 })
  expect(share(lines, 'recased')).toBeCloseTo(0.4, 1)
  for (const { line, id, gatewayId } of lines)
    expect(id).toBe(line.id === 'recased' ? gatewayId.toUpperCase() : gatewayId)
})

test('one constant id is on its share of calls, and on both sides', () => {
  const { lines } = lookAt({ constantIdShare: 0.2 })
  const constant = lines.filter(({ line }) => line.id === 'constant')
  expect(constant.length / lines.length).toBeCloseTo(0.2, 1)
  const ids = constant.flatMap(({ id, gatewayId }) => [id, gatewayId])
  expect(new Set(ids)).toEqual(new Set(['11111111-2222-4333-8444-555555555555']))
})

test('a traced visit has one traceparent for all its calls', () => {
  const { lines } = lookAt({ tracedShare: 1, callsPerVisit: 8, leastCallsPerVisit: 5 })
  const calls = [...groupBy(lines, ({ id }) => id).entries()]
  for (const [id] of calls) expect(id).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/)
  expect(lines.length / calls.length).toBeGreaterThan(5)
})

test('where the gateway captures no ids, only a composite one leads to its row', () => {
  const { lines, rows } = lookAt({ gatewayIds: false, compositeElsewhereShare: 0.5 })
  expect(new Set(rows.map(row => row.dc_correlation_id))).toEqual(new Set(['Not set']))
  expect(new Set(lines.map(({ line }) => line.id))).toEqual(new Set(['composite', 'uncaptured']))
  for (const { line, id, request } of lines) {
    expect(id.endsWith(`.${request.gateway_flow_id}`)).toBe(line.id === 'composite')
    expect(request.usable_id).toBe(request.app.some(one => one.recorded && one.id === 'composite'))
  }
})
