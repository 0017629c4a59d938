import { expect, test } from 'vitest'
import type { SimulationOptions } from './index.ts'
import { collect, groupBy, readGateway, readIis, readPlaced, readTruth } from './reading.fixture.ts'

const HALF = { hours: 0.5, ratePerSecond: 3 }

/** Everything at once that alters a line or where it stands. */
const ROUGH: SimulationOptions = {
  ...HALF,
  start: '2026-03-02T23:45:00Z',
  hostsPerSite: 3,
  logPeriod: 'hourly',
  handshakeShare: 0.3,
  retriesShare: 0.1,
  paretoShare: 0.2,
  lateNetworkShare: 0.02,
  connectShare: 0.2,
  disorderMs: 50,
  clockOffsetsMs: [120, -3_600_000, 1800],
  clockDriftsPpm: [50, 50, -80],
  clockStepsMs: [1300, 0, -1300],
  clockJumpsMs: [0, 0, 0, 1000],
  gatewayClockOffsetMs: -700,
  lostAppShare: 0.1,
  lostGatewayShare: 0.1,
  outages: 1,
  rejectionBursts: 1,
  crowds: 1,
  missingLogs: [3],
  shardRows: 1000,
  missingShards: [2],
  headerSpreadBytes: 40,
}

test('however rough it gets, the truth points at the line it says', () => {
  const { files, summary } = collect(ROUGH)
  const rows = new Map(readGateway(files).map(row => [row.gateway_flow_id, row]))
  const placed = readPlaced(files)
  expect(placed.length).toBe(summary.appLines)
  expect(new Set(placed.map(({ line }) => line.attempt))).toEqual(new Set(['final', 'retry', 'handshake']))
  for (const { row, line, request } of placed) {
    const stampMs = Date.parse(`${row.get('date')}T${row.get('time')}Z`)
    expect(stampMs).toBe(Math.floor((line.end_us + line.clock_offset_us) / 1e6) * 1000)
    expect(row.path).toContain(`/${line.host}/`)
    const gateway = rows.get(request.gateway_flow_id ?? '')
    expect(gateway !== undefined).toBe(request.gateway_recorded)
    if (gateway === undefined) continue
    expect(row.get('cs-method')).toBe(gateway.request_verb)
    const path = decodeURIComponent((gateway.target_basepath ?? '') + (gateway.proxy_pathsuffix ?? ''))
    expect(row.get('cs-uri-stem')).toBe(path.replaceAll(' ', '+'))
  }
})

test('rough options too give the same bytes each time', () => {
  expect(collect(ROUGH)).toEqual(collect(ROUGH))
})

test('several days have a rhythm, unless the rate is flat', () => {
  const byHour = (rhythm: 'office' | 'flat') => {
    const { files } = collect({ hours: 48, ratePerSecond: 0.1, rhythm, healthProbeSeconds: 0 })
    const ofHour = groupBy(readTruth(files), row => Math.floor(row.received_us / 3.6e9) % 24)
    return (hour: number) => ofHour.get(hour)?.length ?? 0
  }
  const [office, flat] = [byHour('office'), byHour('flat')]
  expect(office(10)).toBeGreaterThan(office(2) * 8)
  expect(flat(10)).toBeLessThan(flat(2) * 1.5)
})

test('an hourly log is named by the hour on the clock of the host', () => {
  const { files } = collect({ ...HALF, hours: 2, logPeriod: 'hourly', disorderMs: 0 })
  const rows = readIis(files)
  for (const row of rows) {
    const hour = `${row.get('date').slice(2).replaceAll('-', '')}${row.get('time').slice(0, 2)}`
    expect(row.path).toMatch(new RegExp(`/u_ex${hour}_x\\.log$`))
  }
  expect(new Set(rows.map(row => row.path)).size).toBeGreaterThanOrEqual(8)
})

test('one application is one proxy on one site', () => {
  const { files } = collect({ ...HALF, applications: 1, hostsPerSite: 3 })
  const proxies = new Set(readGateway(files).map(row => row.apiproxy))
  expect(proxies).toEqual(new Set(['payroll-v1', '(not set)']))
  expect(new Set(readTruth(files).flatMap(row => row.app.map(line => line.host)))).toEqual(
    new Set(['WEB-PAY-01', 'WEB-PAY-02', 'WEB-PAY-03']),
  )
})

test.each([
  { inFlight: 17, ratePerSecond: 50 },
  { inFlight: 130, ratePerSecond: 100 },
])('rate and work make $inFlight requests in flight', ({ inFlight, ratePerSecond }) => {
  const options = { hours: 0.1, ratePerSecond, rhythm: 'flat', cacheHitShare: 0, timeoutShare: 0 } as const
  const workScale = inFlight / ratePerSecond / 0.131
  const { files } = collect({ ...options, workScale, applications: 1, bypassShare: 0, retriesShare: 0 })
  const lines = readTruth(files)
    .filter(row => row.cause === 'gateway')
    .flatMap(row => row.app)
  const busyUs = lines.reduce((sum, line) => sum + line.end_us - line.start_us, 0)
  const measured = busyUs / (0.1 * 3.6e9)
  expect(measured).toBeGreaterThan(inFlight * 0.8)
  expect(measured).toBeLessThan(inFlight * 1.2)
})

test('a Pareto tail makes long calls common, and ends', () => {
  const longest = (paretoShare: number) => {
    const { files } = collect({ ...HALF, paretoShare, paretoExponent: 1, timeoutShare: 0 })
    const lines = readTruth(files).flatMap(row => row.app)
    const seconds = lines.map(line => (line.end_us - line.start_us) / 1e6)
    return { long: seconds.filter(taken => taken > 3).length, most: Math.max(...seconds) }
  }
  expect(longest(1).long).toBeGreaterThan(longest(0).long * 3)
  expect(longest(1).most).toBeLessThan(111)
})

test('lost packets are late by the time of the sender, at least', () => {
  const waits = (lateNetworkShare: number) => {
    const { files } = collect({ ...HALF, lateNetworkShare, connectShare: 0.5, connectMs: 2, retriesShare: 0 })
    const rows = new Map(readGateway(files).map(row => [row.gateway_flow_id, row]))
    return readPlaced(files).flatMap(({ request, line }) => {
      const sent = rows.get(request.gateway_flow_id ?? '')?.target_sent_start_timestamp
      if (sent === undefined) return []
      return [line.start_us / 1000 - Date.parse(sent.replace(' UTC', 'Z').replace(' ', 'T'))]
    })
  }
  expect(Math.max(...waits(0))).toBeLessThan(60)
  const late = waits(0.05).filter(wait => wait >= 200)
  expect(late.length).toBeGreaterThan(100)
})

test.each([
  { paths: 'telling', queries: 'telling', most: 1.1, least: 0 },
  { paths: 'plain', queries: 'none', most: Number.POSITIVE_INFINITY, least: 100 },
] as const)('paths that are $paths', ({ paths, queries, most, least }) => {
  const { files } = collect({ ...HALF, paths, queries, applications: 1, retriesShare: 0, cacheHitShare: 0 })
  const called = readPlaced(files).filter(({ request }) => request.cause === 'gateway')
  const asked = new Set(called.map(({ row }) => `${row.get('cs-uri-stem')}?${row.get('cs-uri-query')}`))
  expect(called.length / asked.size).toBeLessThan(most)
  expect(called.length / asked.size).toBeGreaterThan(least)
})

test.each([
  { identity: 'header', user: 'X-Forwarded-User', form: /^[\w.@-]+$/ },
  { identity: 'windows', user: 'cs-username', form: /^CORP\\[\w.-]+$/ },
] as const)(
  'identity $identity names the caller on every app line that lets him in',
  ({ identity, ...rest }) => {
    const lines = readPlaced(collect({ ...HALF, identity }).files).filter(
      ({ request, row }) => request.cause === 'gateway' && row.get('sc-status') !== '401',
    )
    for (const { row, request } of lines) {
      expect(row.get(rest.user)).toMatch(rest.form)
      expect(row.get(rest.user)).toContain((request.subject ?? '').replace(/@.*/, ''))
    }
  },
)

test('without identities neither side names anybody', () => {
  const { files } = collect({ ...HALF, identity: 'none', gatewaySubjects: false, bypassShare: 0.1 })
  expect(new Set(readGateway(files).map(row => row.dc_subject))).toEqual(new Set(['Not set']))
  for (const row of readIis(files)) {
    expect(row.get('cs-username')).toBe('-')
    expect(row.fields).not.toContain('X-Forwarded-User')
  }
})

test('one service account is everybody', () => {
  const { files } = collect({ ...HALF, serviceAccount: true, identity: 'windows' })
  const subjects = new Set(readGateway(files).map(row => row.dc_subject))
  expect(subjects).toEqual(new Set(['svc-integration', 'Not set']))
  const users = new Set(readIis(files).map(row => row.get('cs-username')))
  expect(users).toEqual(new Set(['-', 'CORP\\svc-integration']))
})

test('what the logs leave out is in no line', () => {
  const options = { logSizes: 'none', logForwardedFor: 'none', userAgents: 'one', bypassShare: 0 } as const
  const { files } = collect({ ...HALF, ...options, healthProbeSeconds: 0 })
  const rows = readIis(files)
  for (const name of ['sc-bytes', 'cs-bytes', 'X-Forwarded-For'])
    expect(rows.some(row => row.fields.includes(name))).toBe(false)
  expect(new Set(rows.map(row => row.get('cs(User-Agent)'))).size).toBe(1)
})
