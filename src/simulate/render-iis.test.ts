import { expect, test } from 'vitest'
import { collect, readIis, readTruth } from './reading.fixture.ts'

const OFFSETS_MS: Readonly<Record<string, number>> = {
  'WEB-PAY-01': 120,
  'WEB-APP-01': -450,
  'WEB-PAY-02': 1800,
  'WEB-APP-02': 0,
}
const simulated = collect({ start: '2026-03-02T21:00:00Z', hours: 5, ratePerSecond: 2 })
const rows = readIis(simulated.files)
const truth = readTruth(simulated.files)
const byPlace = new Map(rows.map(row => [`${row.path}:${row.lineNo}`, row]))
const lines = truth.flatMap(request => request.app.map(line => ({ request, line })))
const recorded = lines.filter(({ line }) => line.recorded)

test('every line ends in CR LF and every row has the columns of the header in force', () => {
  for (const [path, text] of simulated.files) {
    if (!path.startsWith('iis/')) continue
    expect(text.endsWith('\r\n')).toBe(true)
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(
      text.startsWith('#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n'),
    ).toBe(true)
  }
  for (const row of rows) {
    expect(row.values.length).toBe(row.fields.length)
    expect(row.values).not.toContain('')
  }
})

test('rows stand in the file of their own UTC date, in the order of completion', () => {
  const last = new Map<string, string>()
  for (const row of rows) {
    const stamp = `${row.get('date')} ${row.get('time')}`
    expect(stamp).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/)
    expect(row.path).toContain(`u_ex${row.get('date').slice(2).replaceAll('-', '')}_x.log`)
    expect(stamp >= (last.get(row.path) ?? '')).toBe(true)
    last.set(row.path, stamp)
  }
  expect(new Set(rows.map(row => row.get('date')))).toEqual(new Set(['2026-03-02', '2026-03-03']))
})

test('each row belongs to exactly one line of the truth, and the other way round', () => {
  const places = recorded.map(({ line }) => `${line.file}:${line.line_no}`)
  expect(places.length).toBe(rows.length)
  expect(new Set(places)).toEqual(new Set(byPlace.keys()))
  expect(simulated.summary.appLines).toBe(rows.length)
})

test('time is the end on the clock of the host, cut to the second; time-taken are whole milliseconds', () => {
  for (const { line } of recorded) {
    const row = byPlace.get(`${line.file}:${line.line_no}`)
    const ownEndMs = line.end_us / 1000 + (OFFSETS_MS[line.host] ?? Number.NaN)
    const stamp = new Date(Math.floor(ownEndMs / 1000) * 1000).toISOString().slice(0, 19)
    expect(`${row?.get('date')}T${row?.get('time')}`).toBe(stamp)
    const tickMs = line.host === 'WEB-APP-02' ? 15.625 : 0 // one host's timer ticks
    const error = Number(row?.get('time-taken')) - (line.end_us - line.start_us) / 1000
    expect(Math.abs(error)).toBeLessThanOrEqual(tickMs + 1)
  }
})

test('the stem is decoded once with + for spaces, the query is as sent', () => {
  const stems = new Set(rows.map(row => row.get('cs-uri-stem')))
  expect(stems).toContain('/Api/Payroll/reports/Kostenübersicht')
  expect(stems).toContain('/orderservice/v2/items/C+++Primer')
  expect([...stems].filter(stem => stem.includes('%'))).toEqual([])
  expect(rows.filter(row => row.get('cs-uri-query').startsWith('q=M%C3%BCller')).length).toBeGreaterThan(0)
})

test('one host gets further fields in mid-file', () => {
  const changed = simulated.files.get('iis/WEB-APP-02/W3SVC3/u_ex260302_x.log') ?? ''
  const layouts = [...new Set([...changed.matchAll(/#Fields: (.*)\r\n/g)].map(match => match[1] ?? ''))]
  expect(layouts.length).toBe(2)
  expect(layouts[0]).not.toContain('sc-bytes')
  expect(layouts[1]).toContain('sc-bytes cs-bytes time-taken X-Correlation-ID')
})

test('a first request under Windows authentication has its challenges before it', () => {
  const handshakes = truth.filter(row => row.outcome === 'intranet' && row.app.length > 1)
  const shapes = handshakes
    .filter(row => row.app.every(line => line.recorded))
    .map(row => row.app.map(line => byPlace.get(`${line.file}:${line.line_no}`)))
    .map(found =>
      found.map(row => `${row?.get('sc-status')}.${row?.get('sc-substatus')}/${row?.get('sc-win32-status')}`),
    )
    .map(shape => shape.slice(0, -1).join(' '))
  expect(new Set(shapes)).toEqual(new Set(['401.2/5', '401.2/5 401.1/2148074254']))
})

test('after 15 idle minutes the header block is repeated, and only then', () => {
  const quiet = collect({ hours: 48, ratePerSecond: 0.005, healthProbeSeconds: 0, layoutChange: false })
  const second = (line: string) => Date.parse(`${line.slice(0, 10)}T${line.slice(11, 19)}Z`) / 1000
  let repeats = 0
  for (const [path, text] of quiet.files) {
    if (!path.startsWith('iis/')) continue
    const all = text.trimEnd().split('\r\n')
    for (let at = 5; at < all.length; at++) {
      const line = all[at] ?? ''
      if (line.startsWith('#')) continue
      const isAfterHeader = all[at - 1]?.startsWith('#') === true
      const before = all.slice(0, at).findLast(one => !one.startsWith('#')) ?? ''
      expect(second(line) - second(before) >= 900).toBe(isAfterHeader)
      if (isAfterHeader) repeats++
    }
  }
  expect(repeats).toBeGreaterThan(20)
})
