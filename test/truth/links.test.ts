import { expect, test } from 'vitest'
import type { SimulationOptions } from '../../src/simulate/index.ts'
import { compare } from '../support/truth.ts'

const HALF_HOUR: SimulationOptions = { hours: 0.5, ratePerSecond: 2 }

test.each<{ name: string; options: SimulationOptions }>([
  { name: 'traffic as it comes', options: { ...HALF_HOUR, seed: 11 } },
  { name: 'a comma-delimited export, compressed', options: { ...HALF_HOUR, seed: 12, gatewayFormat: 'csv', gzip: true } },
  { name: 'a pipe-delimited export in many shards', options: { ...HALF_HOUR, seed: 13, gatewayFormat: 'pipe', shardRows: 500 } },
  { name: 'a tab-delimited export', options: { ...HALF_HOUR, seed: 14, gatewayFormat: 'tab' } },
  { name: 'ids that the data collector cuts', options: { ...HALF_HOUR, seed: 15, truncatedIdShare: 0.3 } },
  { name: 'composite ids beside plain ones on one host', options: { ...HALF_HOUR, seed: 16, compositeShare: 0.5 } },
  { name: 'many retries on other hosts', options: { ...HALF_HOUR, seed: 17, retriesShare: 0.3 } },
  { name: 'hosts that log no id', options: { ...HALF_HOUR, seed: 18, idShare: 0.4 } },
  { name: 'half of both logs lost', options: { ...HALF_HOUR, seed: 19, lostGatewayShare: 0.5, lostAppShare: 0.5 } },
  { name: 'target calls that time out and requests over midnight', options: { seed: 20, start: '2026-03-02T23:45:00Z', hours: 0.5, ratePerSecond: 2, timeoutShare: 0.1 } },
  { name: 'clocks that are hours wrong', options: { ...HALF_HOUR, seed: 21, start: '2026-03-02T12:00:00Z', clockOffsetsMs: [7_200_000, -3_600_000, 43_200_000, -39_600_000] } },
])('joining by id finds every pair with an id and no other, and time is seldom wrong: $name', async ({ options }) => {
  const { pairs, wrongById, missed, byTime, wrongByTime } = await compare(options)
  expect(pairs).toBeGreaterThan(500)
  expect({ wrongById, missed }).toEqual({ wrongById: [], missed: [] })
  // With half of both logs lost, calls and lines of one person's burst are easily left over together.
  const most = options.lostAppShare ? byTime / 2 : byTime * 0.01
  expect(wrongByTime.length).toBeLessThanOrEqual(most)
}) // biome-ignore format: a table

test('inside an id that clients use again, times decide', async () => {
  const { pairs, wrongById, missed, byTime, wrongByTime } = await compare({
    ...HALF_HOUR,
    seed: 31,
    reusedIdShare: 0.3,
  })
  expect(wrongById).toEqual([])
  expect(byTime).toBeGreaterThan(400)
  expect(wrongByTime.length).toBeLessThanOrEqual(byTime * 0.002)
  expect(missed.length).toBeLessThanOrEqual(pairs * 0.003)
})

test('lines from elsewhere, with replayed, forged or no ids, join nothing where the gateway is known', async () => {
  const options = { ...HALF_HOUR, seed: 32, bypassShare: 0.2, replayedIdShare: 0.5, forgedIdShare: 0.2 }
  const { wrongById, missed, wrongByTime } = await compare(options, ['10.30.0.8/29'])
  expect({ wrongById, missed, wrongByTime }).toEqual({ wrongById: [], missed: [], wrongByTime: [] })
})
