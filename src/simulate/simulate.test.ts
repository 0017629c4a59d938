import { expect, test } from 'vitest'
import { collect, readGateway, readIis, readTruth } from './reading.fixture.ts'

const HOUR = { hours: 1, ratePerSecond: 3 }
const busy = collect({ hours: 2, ratePerSecond: 8 })
const busyGateway = readGateway(busy.files)
const busyTruth = readTruth(busy.files)
const calls = busyTruth.filter(row => row.cause === 'gateway')
const share = (part: { length: number }, whole: { length: number }) => part.length / whole.length

test('the same options give the same bytes', () => {
  expect(collect(HOUR)).toEqual(collect(HOUR))
})

test('another seed gives other traffic', () => {
  expect(collect({ ...HOUR, seed: 2 }).files).not.toEqual(collect(HOUR).files)
})

test('losing lines changes neither the gateway rows nor the requests behind them', () => {
  const [whole, lossy] = [collect(HOUR), collect({ ...HOUR, lostAppShare: 0.3 })]
  expect(readGateway(lossy.files)).toEqual(readGateway(whole.files))
  expect(lossy.summary.appLines).toBeLessThan(whole.summary.appLines * 0.75)
})

test('the mean rate is the one asked for, whatever the hour of the day', () => {
  for (const start of ['2026-03-02T08:00:00Z', '2026-03-02T02:00:00Z']) {
    const { summary } = collect({ start, hours: 2, ratePerSecond: 4 })
    const arrivals = summary.gatewayCalls + summary.directRequests
    expect(arrivals / (2 * 3600)).toBeGreaterThan(3.7)
    expect(arrivals / (2 * 3600)).toBeLessThan(4.3)
  }
})

test.each([
  { name: 'cache hits', knob: 0.05, rows: calls.filter(row => row.outcome === 'cache') },
  {
    name: 'policy errors',
    knob: 0.02,
    rows: calls.filter(row => ['token', 'quota', 'spike'].includes(row.outcome)),
  },
  { name: 'unmatched calls', knob: 0.004, rows: calls.filter(row => row.outcome === 'unmatched') },
  { name: 'lost gateway rows', knob: 0.002, rows: calls.filter(row => !row.gateway_recorded) },
  { name: 'retried calls', knob: 0.01 * 0.92, rows: calls.filter(row => row.app.length === 2) },
])('the share of $name is near its knob', ({ knob, rows }) => {
  expect(share(rows, calls)).toBeGreaterThan(knob * 0.75)
  expect(share(rows, calls)).toBeLessThan(knob * 1.25)
})

test('a share of hosts and of lines carries the id', () => {
  const { files } = collect({
    ...HOUR,
    idShare: 0.6,
    missingIdShare: 0,
    bypassShare: 0,
    healthProbeSeconds: 0,
  })
  const rows = readIis(files)
  const named = rows.filter(row => row.fields.includes('X-Correlation-ID'))
  expect(new Set(named.map(row => row.path)).size).toBe(3) // two hosts fully, one for 0.4 of its lines
  const carrying = named.filter(row => row.get('X-Correlation-ID') !== '-')
  expect(share(carrying, rows)).toBeGreaterThan(0.5)
  expect(share(carrying, rows)).toBeLessThan(0.7)
})

test('without custom fields the log has no _x in its name', () => {
  const { files } = collect({ ...HOUR, idShare: 0 })
  const names = [...files.keys()].filter(path => path.startsWith('iis/'))
  expect(names.filter(path => path.includes('WEB-APP')).every(path => /u_ex\d{6}\.log$/.test(path))).toBe(
    true,
  )
  expect(names.filter(path => path.includes('WEB-PAY')).every(path => /u_ex\d{6}_x\.log$/.test(path))).toBe(
    true,
  )
})

test('replayed ids are those of other gateway calls', () => {
  const { files } = collect({ ...HOUR, bypassShare: 0.2, replayedIdShare: 1, missingIdShare: 0 })
  const seen = new Set(readGateway(files).map(row => row.dc_correlation_id))
  const replays = readTruth(files).flatMap(row =>
    row.app.filter(line => line.id === 'replayed' && line.recorded),
  )
  const byPlace = new Map(readIis(files).map(row => [`${row.path}:${row.lineNo}`, row]))
  const ids = replays.map(line =>
    byPlace.get(`${line.file}:${line.line_no}`)?.get('X-Correlation-ID').slice(0, 400),
  )
  expect(ids.length).toBeGreaterThan(100)
  expect(
    share(
      ids.filter(id => seen.has(id)),
      ids,
    ),
  ).toBeGreaterThan(0.98) // a few of the rows were lost
})

test('secrets stand in the raw files, so that scrubbing can be proved', () => {
  const iis = readIis(busy.files)
  const tokens = new Set(busyGateway.map(row => row.access_token))
  const inQueries = iis.map(row => /access_token=([^&]+)/.exec(row.get('cs-uri-query'))?.[1])
  expect(inQueries.filter(token => token !== undefined && tokens.has(token)).length).toBeGreaterThan(50)
  expect(iis.filter(row => /password=/.test(row.get('cs-uri-query'))).length).toBeGreaterThan(50)
  expect(iis.filter(row => /corpauth=\w{40}/.test(row.get('cs(Cookie)'))).length).toBeGreaterThan(50)
  expect(busyGateway.filter(row => /access_token=/.test(row.request_uri ?? '')).length).toBeGreaterThan(50)
})

test('a bad option is refused', () => {
  expect(() => collect({ idShare: 1.5 })).toThrow(/idShare/)
  expect(() => collect({ start: '2026-03-02' })).toThrow(/start/)
})
