import { expect, test } from 'vitest'
import { collect, groupBy, readGateway, readPlaced, readTruth } from './reading.fixture.ts'

const BASE = { hours: 1, ratePerSecond: 3, lostAppShare: 0, lostGatewayShare: 0 }

test('in an outage a host loses every line, and only then', () => {
  const { files, summary } = collect({ ...BASE, outages: 1, outageMinutes: 10 })
  const lines = readTruth(files).flatMap(request => request.app)
  const lost = lines.filter(line => !line.recorded)
  expect(lost.length).toBe(summary.appLinesLost)
  const [firstUs, lastUs] = [Math.min, Math.max].map(of => of(...lost.map(line => line.end_us)))
  expect(new Set(lost.map(line => line.host)).size).toBe(1)
  expect((lastUs ?? 0) - (firstUs ?? 0)).toBeLessThan(600_000_000)
  expect((lastUs ?? 0) - (firstUs ?? 0)).toBeGreaterThan(500_000_000)
  const during = lines.filter(
    line => line.host === lost[0]?.host && line.end_us >= (firstUs ?? 0) && line.end_us <= (lastUs ?? 0),
  )
  expect(during.every(line => !line.recorded)).toBe(true)
})

test('a missing log file takes its lines with it; the other files stay as they were', () => {
  const options = { ...BASE, logPeriod: 'hourly', hours: 3 } as const
  const [whole, holed] = [collect(options), collect({ ...options, missingLogs: [2, 7] })]
  const iis = (files: ReadonlyMap<string, string>) => [...files].filter(([path]) => path.startsWith('iis/'))
  expect(iis(whole.files).length).toBeGreaterThanOrEqual(12)
  expect(iis(holed.files).length).toBe(iis(whole.files).length - 2)
  for (const [path, text] of iis(holed.files)) expect(text).toBe(whole.files.get(path))
  expect(readPlaced(holed.files).length).toBe(holed.summary.appLines)
  expect(holed.summary.appLines + holed.summary.appLinesLost).toBe(whole.summary.appLines)
})

test('a missing export file takes its rows with it, and the truth knows', () => {
  const { files, summary } = collect({ ...BASE, shardRows: 1000, missingShards: [3] })
  const recorded = readTruth(files).filter(request => request.gateway_recorded)
  const flows = readGateway(files).map(row => row.gateway_flow_id)
  expect(new Set(recorded.map(request => request.gateway_flow_id))).toEqual(new Set(flows))
  expect(flows.length).toBe(summary.gatewayRows)
  expect(summary.gatewayCalls - summary.gatewayRows).toBe(1000)
})

test('a burst brings more calls while it lasts', () => {
  const options = { ...BASE, rhythm: 'flat', crowds: 1, crowdFactor: 10, crowdSeconds: 60 } as const
  const minutes = groupBy(readTruth(collect(options).files), row => Math.floor(row.received_us / 30e6))
  const counts = [...minutes.values()].map(rows => rows.length).sort((one, other) => one - other)
  expect(counts.at(-1)).toBeGreaterThan((counts[60] ?? 0) * 5)
  expect(counts.at(-5)).toBeLessThan((counts[60] ?? 0) * 3)
})

test('a burst of rejections answers its share of calls 401', () => {
  const options = { ...BASE, rejectionBursts: 1, rejectionBurstMinutes: 10, rejectionBurstShare: 0.6 }
  const final = readPlaced(collect(options).files).filter(
    ({ request, line }) => request.cause === 'gateway' && line.attempt === 'final',
  )
  const minutes = [...groupBy(final, ({ line }) => Math.floor(line.start_us / 60e6)).values()]
  const shares = minutes.map(
    lines => lines.filter(({ row }) => row.get('sc-status') === '401').length / lines.length,
  )
  expect(shares.filter(share => share > 0.45).length).toBeGreaterThanOrEqual(8)
  expect(shares.filter(share => share > 0.1).length).toBeLessThanOrEqual(11)
})
