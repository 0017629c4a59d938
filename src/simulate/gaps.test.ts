import { expect, test } from 'vitest'
import { collect, readGateway, readIis, readTruth } from './reading.fixture.ts'

const BASE = {
  hours: 6,
  ratePerSecond: 1,
  lostAppShare: 0,
  lostGatewayShare: 0,
  clockOffsetsMs: [] as number[],
}
const HOUR_MS = 3_600_000

interface HourLine {
  readonly side: 'app' | 'gateway'
  readonly host?: string
  readonly environment?: string
  readonly hour_us: number
  readonly written: number
  readonly lost: number
}

function hoursOf(files: ReadonlyMap<string, string>): HourLine[] {
  const text = files.get('hours.ndjson') ?? ''
  return text.trimEnd().split('\n').map(line => JSON.parse(line)) // biome-ignore format: one line
}

const stamps = (files: ReadonlyMap<string, string>, host: string): number[] =>
  readIis(files)
    .filter(row => row.path.includes(`/${host}/`))
    .map(row => Date.parse(`${row.get('date')}T${row.get('time')}Z`))

/** Longest time between two neighbours, ms. */
function longestGap(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return Math.max(...sorted.slice(1).map((at, i) => at - (sorted[i] ?? 0)))
}

test('a while that is cut out of a log takes its lines and header blocks, and nothing else', () => {
  const [whole, cut] = [collect(BASE), collect({ ...BASE, cutLogs: 1, cutLogMinutes: 60 })]
  const holed = [...cut.files].filter(
    ([path, text]) => path.startsWith('iis/') && text !== whole.files.get(path),
  )
  expect(holed).toHaveLength(1)
  const [[path, text] = ['', '']] = holed
  const before = new Set((whole.files.get(path) ?? '').split('\r\n'))
  expect(text.split('\r\n').every(line => before.has(line))).toBe(true)
  const host = path.split('/')[1] ?? ''
  expect(longestGap(stamps(whole.files, host))).toBeLessThan(HOUR_MS / 4)
  expect(longestGap(stamps(cut.files, host))).toBeGreaterThan(HOUR_MS * 0.98)
  const lost = hoursOf(cut.files).filter(hour => hour.lost > 0)
  expect(lost.every(hour => hour.host === host)).toBe(true)
  expect(lost.reduce((sum, hour) => sum + hour.lost, 0)).toBe(cut.summary.appLinesLost)
  expect(readIis(whole.files).length - readIis(cut.files).length).toBe(cut.summary.appLinesLost)
})

test('a log that ends early has no line from there to the end of its day', () => {
  const { files } = collect({ ...BASE, start: '2026-03-02T20:00:00Z', hours: 8, cutLogTails: 2 })
  const lost = hoursOf(files).filter(hour => hour.lost > 0)
  expect(lost.length).toBeGreaterThan(0)
  for (const { host = '', hour_us: us } of lost) {
    const midnight = (Math.floor(us / (24 * HOUR_MS * 1000)) + 1) * 24 * HOUR_MS
    const later = stamps(files, host).filter(at => at > us / 1000 + HOUR_MS && at < midnight)
    expect(later).toEqual([])
  }
})

test('a while that is cut out of the exports is known to the truth', () => {
  const { files, summary } = collect({ ...BASE, cutExports: 1 })
  const flows = new Set(readGateway(files).map(row => row.gateway_flow_id))
  const recorded = readTruth(files).filter(request => request.gateway_recorded)
  expect(new Set(recorded.map(request => request.gateway_flow_id))).toEqual(flows)
  const lost = hoursOf(files).filter(hour => hour.lost > 0)
  expect(new Set(lost.map(hour => hour.environment)).size).toBe(1)
  expect(lost.reduce((sum, hour) => sum + hour.lost, 0)).toBe(summary.gatewayCalls - summary.gatewayRows)
})

test('a silent host writes no log, and its hours are lost', () => {
  const { files } = collect({ ...BASE, silentHosts: [2] })
  const hosts = new Set(hoursOf(files).filter(hour => hour.side === 'app' && hour.written === 0).map(hour => hour.host)) // biome-ignore format: one line
  expect(hosts).toEqual(new Set(['WEB-APP-01']))
  expect([...files.keys()].some(path => path.includes('WEB-APP-01'))).toBe(false)
})

test('without gaps there are no counts by hour, and gaps leave the rest of the traffic as it was', () => {
  const whole = collect(BASE)
  expect(whole.files.has('hours.ndjson')).toBe(false)
  const { files } = collect({ ...BASE, cutExports: 1, cutLogs: 1 })
  const ids = (all: ReadonlyMap<string, string>) => readTruth(all).map(row => row.gateway_flow_id).sort() // biome-ignore format: one line
  expect(ids(files)).toEqual(ids(whole.files))
})
