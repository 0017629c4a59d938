import { describe, expect, test } from 'vitest'
import type { ThroughlineError } from '../../errors.ts'
import { DAY_US, HOUR_US } from '../../model/time.ts'
import { parseStats } from './stats.ts'

const TEN = Date.UTC(2026, 2, 2, 10)
const MINUTE = 60_000

type Value = { timestamp: number; value: string | number } | string
const metric = (values: readonly Value[], name = 'sum(message_count)') => ({ name, values })

function answer(values: readonly Value[], more: object = {}): string {
  const dimensions = [{ metrics: [metric(values)], name: 'payroll-v1' }]
  return JSON.stringify({ environments: [{ dimensions, name: 'prod' }], ...more })
}

const at = (...minutes: number[]): Value[] =>
  minutes.map(m => ({ timestamp: TEN + m * MINUTE, value: '2.0' }))

describe('totals', () => {
  test('by minute are added up to hours, in whatever order they come', () => {
    const { totals, fromUs, toUs, notices } = parseStats(answer(at(61, 0, 59), { metaData: { errors: [], notices: ['Source:Postgres'] } }), 's') // biome-ignore format: one line
    expect(totals).toEqual([
      { environment: 'prod', proxy: 'payroll-v1', atUs: (TEN + 60 * MINUTE) * 1000, calls: 2 },
      { environment: 'prod', proxy: 'payroll-v1', atUs: TEN * 1000, calls: 4 },
    ])
    expect([fromUs, toUs]).toEqual([TEN * 1000, TEN * 1000 + 2 * HOUR_US])
    expect(notices).toEqual(['Source:Postgres'])
  })

  test.each<{ name: string; minutes: number[]; unit?: 'hour' | 'day' | 'minute'; want: [number, number] }>([
    { name: 'an hour apart are hours', minutes: [0, 60, 180], want: [HOUR_US, 0] },
    { name: 'an hour apart at half past are hours of another time zone', minutes: [30, 90, 210], want: [HOUR_US, HOUR_US / 2] },
    { name: 'a day apart are days that begin then', minutes: [0, 1440, 2880], want: [DAY_US, 10 * HOUR_US] },
    { name: 'minutes apart are minutes, compared by hour', minutes: [0, 1], want: [HOUR_US, 0] },
    { name: 'a day apart may be hours, where that is said', minutes: [0, 1440], unit: 'hour', want: [HOUR_US, 0] },
    { name: 'of one moment are what is said', minutes: [30], unit: 'hour', want: [HOUR_US, HOUR_US / 2] },
  ])('that are $name', ({ minutes, unit, want }) => {
    const { lengthUs, offsetUs } = parseStats(answer(at(...minutes)), 's', unit)
    expect([lengthUs, offsetUs]).toEqual(want)
  }) // biome-ignore format: a table

  test('without a dimension are of all proxies of the environment', () => {
    const text = JSON.stringify({ environments: [{ name: 'prod', metrics: [metric(at(0, 1))] }] })
    expect(parseStats(text, 's').totals[0]?.proxy).toBeUndefined()
  })

  test('may be written as numbers, with an exponent, or be none', () => {
    const values = [
      { timestamp: TEN, value: 3 },
      { timestamp: TEN + MINUTE, value: '1.2E3' },
      { timestamp: TEN + 60 * MINUTE, value: '0.0' },
    ]
    expect(parseStats(answer(values), 's').totals.map(t => t.calls)).toEqual([1203, 0])
  })
})

test.each<{ name: string; text: string; want: RegExp }>([
  { name: 'no JSON', text: '<html>', want: /is no JSON/ },
  { name: 'other JSON', text: '{"error":{"code":403}}', want: /no answer of the Stats API \(environments/ },
  { name: 'the terse form', text: '{"Response":{"TimeUnit":[1],"stats":{}}}', want: /no answer of the Stats API/ },
  { name: 'no value', text: '{"environments":[{"name":"prod"}]}', want: /holds no value/ },
  { name: 'another metric', text: JSON.stringify({ environments: [{ name: 'prod', dimensions: [{ name: 'p', metrics: [metric(at(0), 'avg(total_response_time)')] }] }] }), want: /no metric sum\(message_count\) for prod, p \(found: avg\(total_response_time\)\)/ },
  { name: 'totals without a time', text: answer(['35.9']), want: /totals without a time for prod, payroll-v1/ },
  { name: 'a broken number', text: answer([{ timestamp: TEN, value: '2.5' }]), want: /counts "2.5" calls/ },
  { name: 'a negative number', text: answer([{ timestamp: TEN, value: '-1.0' }]), want: /counts "-1.0" calls/ },
  { name: 'no number', text: answer([{ timestamp: TEN, value: '' }]), want: /counts "" calls/ },
  { name: 'one moment, of which the unit is not known', text: answer(at(0)), want: /--stats-unit/ },
  { name: 'moments within a minute', text: answer([...at(0), { timestamp: TEN + 1500, value: '1.0' }]), want: /no whole minutes/ },
])('$name is refused with what to ask for instead', ({ text, want }) => {
  let error: ThroughlineError | undefined
  try {
    parseStats(text, 'stats.json')
  } catch (caught) {
    error = caught as ThroughlineError
  }
  expect(error?.code).toBe('STATS_UNUSABLE')
  expect(error?.message).toMatch(want)
  expect(error?.message).toMatch(/stats\.json.*expected the answer of/)
}) // biome-ignore format: a table

test('hours that are said to be days are refused', () => {
  expect(() => parseStats(answer(at(0, 60)), 's', 'day')).toThrow(/not a whole day apart/)
})
