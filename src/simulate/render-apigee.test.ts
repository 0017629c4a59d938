import { expect, test } from 'vitest'
import { collect, readDelimited, readGateway, readIis, readTruth } from './reading.fixture.ts'

const OPTIONS = { start: '2026-03-02T22:00:00Z', hours: 3, ratePerSecond: 1.5, truncatedIdShare: 0.02 }
const HALF_HOUR = { ...OPTIONS, hours: 0.5 }
const json = collect(OPTIONS)
const halfHourRows = readGateway(collect(HALF_HOUR).files)
const rows = readGateway(json.files)
const byFlow = new Map(rows.map(row => [row.gateway_flow_id, row]))
const truth = readTruth(json.files)

/** Comparing texts is a hundred times faster than comparing objects. */
const texts = (list: readonly object[]) => list.map(row => JSON.stringify(row))

test('in JSON every value is a text and a null leaves its key out', () => {
  const values: unknown[] = rows.flatMap(row => Object.values(row))
  expect(values.filter(value => typeof value !== 'string')).toEqual([])
  const cached = rows.filter(row => row.cache_hit === '1')
  expect(cached.length).toBeGreaterThan(50)
  for (const row of cached) {
    expect(Object.keys(row).filter(name => /^target(?!_error)/.test(name))).toEqual([])
    expect(row.target_error).toBe('0')
  }
})

test('timestamps are printed as BigQuery prints them', () => {
  const stamps = rows.flatMap(row => Object.entries(row).filter(([name]) => name.endsWith('_timestamp')))
  const form = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{0,2}[1-9])? UTC$/
  expect(stamps.filter(([, value]) => !form.test(value))).toEqual([])
  expect(stamps.some(([, value]) => /:\d\d UTC$/.test(value))).toBe(true)
})

test('the stamps stand in the order of the life of a call', () => {
  const order = ['client_received_start', 'client_received_end', 'target_sent_start', 'target_sent_end']
  const later = ['target_received_start', 'target_received_end', 'client_sent_start', 'client_sent_end']
  const toMs = (text: string) => Date.parse(text.replace(' UTC', 'Z').replace(' ', 'T'))
  for (const row of rows) {
    const stamps = [...order, ...later].flatMap(name => row[`${name}_timestamp`] ?? []).map(toMs)
    expect(stamps).toEqual(stamps.toSorted((one, other) => one - other))
    expect([4, 6, 8]).toContain(stamps.length)
  }
})

test.each([
  { gatewayFormat: 'csv', delimiter: ',' },
  { gatewayFormat: 'pipe', delimiter: '|' },
  { gatewayFormat: 'tab', delimiter: '\t' },
] as const)(
  '$gatewayFormat holds the same values as JSON, quoted by RFC 4180',
  ({ gatewayFormat, delimiter }) => {
    const delimited = collect({ ...HALF_HOUR, gatewayFormat })
    expect(texts(readGateway(delimited.files, delimiter))).toEqual(texts(halfHourRows))
    const agents = halfHourRows.filter(row => row.useragent?.includes('"') && row.useragent.includes(','))
    expect(agents.length).toBeGreaterThan(10)
    for (const [path, text] of delimited.files) {
      if (!path.endsWith('.csv')) continue
      const widths = new Set(readDelimited(text, delimiter).map(record => record.length))
      expect(widths.size).toBe(1)
    }
  },
)

test('an export is one environment and one UTC day, in numbered shards', () => {
  const { files } = collect({ ...OPTIONS, shardRows: 500 })
  const names = [...files.keys()].filter(path => path.startsWith('apigee/corp/prod/'))
  expect(names).toContain('apigee/corp/prod/api_2026-03-02_to_2026-03-03-000000000000.json')
  expect(names).toContain('apigee/corp/prod/api_2026-03-02_to_2026-03-03-000000000001.json')
  expect(names).toContain('apigee/corp/prod/api_2026-03-03_to_2026-03-04-000000000000.json')
  for (const path of names) {
    const lines = (files.get(path) ?? '').trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(500)
    const day = /api_(.{10})_to/.exec(path)?.[1] ?? ''
    for (const line of lines) expect(line).toContain(`"client_received_start_timestamp":"${day} `)
  }
  expect(readGateway(files).length).toBe(rows.length)
})

test('an export is roughly, but not strictly, in the order of arrival', () => {
  const stamps = rows
    .filter(row => row.environment === 'prod')
    .map(row =>
      Date.parse((row.client_received_start_timestamp ?? '').replace(' UTC', 'Z').replace(' ', 'T')),
    )
  const steps = stamps.slice(1).map((stamp, index) => stamp - (stamps[index] ?? 0))
  expect(Math.min(...steps)).toBeLessThan(0)
  expect(Math.min(...steps)).toBeGreaterThan(-5000)
})

test('the truth names exactly the rows that were exported', () => {
  const named = truth.filter(request => request.gateway_recorded).map(request => request.gateway_flow_id)
  expect(new Set(named)).toEqual(new Set(byFlow.keys()))
  expect(named.length).toBe(rows.length)
  for (const request of truth) {
    const row = byFlow.get(request.gateway_flow_id ?? '')
    if (row !== undefined) expect(row.dc_subject).toBe(request.subject ?? 'Not set')
  }
})

test('the id forms of the truth hold between the two sides', () => {
  const byPlace = new Map(readIis(json.files).map(row => [`${row.path}:${row.lineNo}`, row]))
  const seen = new Set<string>()
  for (const request of truth) {
    const row = byFlow.get(request.gateway_flow_id ?? '')
    if (row === undefined) continue
    const gatewayId = row.dc_correlation_id ?? ''
    for (const line of request.app.filter(one => one.recorded)) {
      const appRow = byPlace.get(`${line.file}:${line.line_no}`)
      const id = appRow?.get('X-Correlation-ID') ?? ''
      seen.add(line.id)
      if (line.id === 'full') expect(id).toBe(gatewayId)
      if (line.id === 'composite') expect(id).toBe(`${gatewayId}.${row.gateway_flow_id}`)
      if (line.id === 'truncated') expect([id.startsWith(gatewayId), gatewayId.length]).toEqual([true, 400])
      if (line.id === 'none') expect(id).toBe('-')
      expect(appRow?.get('cs-host')).toBe(row.target_host)
      const path = decodeURIComponent((row.target_basepath ?? '') + (row.proxy_pathsuffix ?? ''))
      expect(appRow?.get('cs-uri-stem')).toBe(path.replaceAll(' ', '+'))
    }
  }
  expect(seen).toEqual(new Set(['full', 'composite', 'truncated', 'none']))
})
