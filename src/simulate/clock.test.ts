import { expect, test } from 'vitest'
import {
  type Collected,
  collect,
  groupBy,
  type PlacedLine,
  readGateway,
  readPlaced,
} from './reading.fixture.ts'

const BASE = { hours: 1, ratePerSecond: 2, clockOffsetsMs: [0], layoutChange: false }
const placed = ({ files }: Collected) => readPlaced(files)
const byTime = (one: PlacedLine, other: PlacedLine) => one.line.end_us - other.line.end_us

/** A row without its stamp; quiet hosts repeat their header by their own clock. */
const apart = (lines: PlacedLine[]) => lines.toSorted(byTime).map(({ row }) => row.values.slice(2).join(' '))
const base = collect(BASE)

/** The stamp as it must be: the true end on the clock of the host, cut to the second. */
function stampOf({ line }: PlacedLine): string {
  const ownMs = Math.floor((line.end_us + line.clock_offset_us) / 1_000_000) * 1000
  return new Date(ownMs).toISOString().slice(0, 19).replace('T', ' ')
}

test.each([
  { name: 'an offset', options: { clockOffsetsMs: [-7_200_000, 3700, 500] } },
  { name: 'a drift', options: { clockDriftsPpm: [50, -200, 5000] } },
  { name: 'a step ahead', options: { clockStepsMs: [1300, 4000] } },
  { name: 'a step back', options: { clockStepsMs: [-90_000], clockStepAt: 0.2 } },
  { name: 'jumps', options: { clockJumpsMs: [800, -3000], clockJumpSeconds: 100 } },
])('$name of the clocks changes the stamps and nothing else', ({ options }) => {
  const wrong = collect({ ...BASE, coarseTimers: 'none', ...options })
  const right = collect({ ...BASE, coarseTimers: 'none' })
  expect(readGateway(wrong.files)).toEqual(readGateway(right.files))
  expect(apart(placed(wrong))).toEqual(apart(placed(right)))
  const stamps = (lines: PlacedLine[]) => lines.map(({ row }) => `${row.get('date')} ${row.get('time')}`)
  expect(stamps(placed(wrong))).not.toEqual(stamps(placed(right)))
  for (const one of placed(wrong)) expect(`${one.row.get('date')} ${one.row.get('time')}`).toBe(stampOf(one))
})

test('the truth says how far a clock is ahead at the end of each line', () => {
  const startUs = Date.parse('2026-03-02T08:00:00Z') * 1000
  const { files } = collect({ ...BASE, clockOffsetsMs: [250], clockDriftsPpm: [1000], clockStepsMs: [-400] })
  const first = readPlaced(files).filter(({ line }) => line.host === 'WEB-PAY-01')
  expect(first.length).toBeGreaterThan(500)
  for (const { line } of first) {
    const sinceUs = line.end_us - startUs
    const wantedUs = 250_000 + sinceUs / 1000 - (sinceUs >= 1_800_000_000 ? 400_000 : 0)
    expect(Math.abs(line.clock_offset_us - wantedUs)).toBeLessThanOrEqual(2)
  }
})

test('the gateway has a clock too, and the hosts keep theirs', () => {
  const ahead = collect({ ...BASE, gatewayClockOffsetMs: 90_000, gatewayClockDriftPpm: 100 })
  const iis = ({ files }: Collected) => [...files].filter(([path]) => path.startsWith('iis/'))
  expect(iis(ahead)).toEqual(iis(base))
  const toMs = (text = '') => Date.parse(text.replace(' UTC', 'Z').replace(' ', 'T'))
  const before = new Map(readGateway(base.files).map(row => [row.gateway_flow_id, row]))
  for (const row of readGateway(ahead.files)) {
    const old = before.get(row.gateway_flow_id)
    for (const name of ['client_received_start_timestamp', 'client_sent_end_timestamp']) {
      const byMs = toMs(row[name]) - toMs(old?.[name])
      expect(byMs).toBeGreaterThanOrEqual(90_000)
      expect(byMs).toBeLessThanOrEqual(90_000 + 361) // 100 ppm of an hour are 360 ms
    }
  }
})

test('without disorder the lines of a host stand in the order of their ends', () => {
  const ends = groupBy(placed(base), ({ line }) => line.host)
  for (const lines of ends.values()) expect(lines).toEqual(lines.toSorted(byTime))
})

test('with disorder they stand at most that much out of order, and stamps stay those of the ends', () => {
  const lines = placed(collect({ ...BASE, ratePerSecond: 20, hours: 0.1, disorderMs: 50 }))
  let worstUs = 0
  for (const ofHost of groupBy(lines, ({ line }) => line.host).values()) {
    let latestUs = 0
    for (const { line } of ofHost) {
      worstUs = Math.max(worstUs, latestUs - line.end_us)
      latestUs = Math.max(latestUs, line.end_us)
    }
  }
  expect(worstUs).toBeGreaterThan(20_000)
  expect(worstUs).toBeLessThanOrEqual(50_000)
  for (const one of lines) expect(`${one.row.get('date')} ${one.row.get('time')}`).toBe(stampOf(one))
})

test.each([
  { coarseTimers: 'all', hosts: 4 },
  { coarseTimers: 'last', hosts: 1 },
  { coarseTimers: 'none', hosts: 0 },
] as const)('coarse timers $coarseTimers: time-taken goes in steps on $hosts hosts', options => {
  const lines = placed(collect({ ...BASE, coarseTimers: options.coarseTimers }))
  const steps = new Set(Array.from({ length: 64_000 }, (_, tick) => Math.floor(tick * 15.625)))
  const stepped = [...groupBy(lines, ({ line }) => line.host).values()].filter(ofHost =>
    ofHost.every(({ row }) => steps.has(Number(row.get('time-taken')))),
  )
  expect(stepped.length).toBe(options.hosts)
})
