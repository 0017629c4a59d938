import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DAY_US, HOUR_US } from '../../model/time.ts'
import type { Completeness, ControlTotals } from '../schema.ts'
import { checkControlTotals, comparedOf, totalsExceptions } from './control-totals.ts'
import { Findings } from './findings.ts'
import { stampText } from './record-columns.ts'

const at = (hours: number): number => Date.UTC(2026, 6, 1) * 1000 + hours * HOUR_US
const period = { fromUs: at(0), toUs: at(24) }

const totals = (changes: Partial<ControlTotals> = {}): ControlTotals => ({
  sha256: '0'.repeat(64),
  span: 'hour',
  first: stampText(at(8)),
  last: stampText(at(10)),
  from: stampText(at(8)),
  to: stampText(at(10)),
  outside: 0,
  notices: [],
  errors: [],
  unknownEnvironments: [],
  rows: [{ environment: 'prod', proxy: 'p', at: stampText(at(8)), calls: 5, records: 4, verdict: 'fewer' }],
  elsewhere: [{ at: stampText(at(8)), records: 2 }],
  ...changes,
})

const hops = [
  { side: 'gateway', hour: '2026-07-01T08Z', source: 1, rows: 7, versions: 1, links: 0, unasked: 0 },
  { side: 'app', hour: '2026-07-01T08Z', source: 2, rows: 3, versions: 0, links: 0, unasked: 0 },
] as const

function failed(said: ControlTotals, of = period): string[] {
  const findings = new Findings()
  checkControlTotals({ controlTotals: said, hops: [...hops] } as unknown as Completeness, of, findings)
  return findings.result('completeness').failures.map(f => f.what)
}

describe('control totals', () => {
  test('add up to the rows of the gateway in every hour', () => {
    expect(failed(totals())).toEqual([])
    expect(failed(totals({ elsewhere: [] }))).toEqual([
      expect.stringContaining('4 records, the gateway has 6'),
    ])
  })

  test('that stand for other numbers than theirs, or lie outside of what is compared', () => {
    const [row] = totals().rows
    if (!row) throw new Error('no row')
    expect(failed(totals({ rows: [{ ...row, verdict: 'equal' }] }))).toEqual([
      '5 calls and 4 records are not equal',
    ])
    expect(failed(totals({ rows: [{ ...row, verdict: 'uncovered' }] }))).toHaveLength(1)
    const beyond = { ...row, at: stampText(at(11)), calls: 0, records: 0, verdict: 'equal' as const }
    expect(failed(totals({ rows: [row, beyond] }))).toEqual(['it is outside of what is compared'])
  })

  test('of other hours than the period compare nothing, and the period is an exception', () => {
    const other = { fromUs: at(48), toUs: at(72) }
    const said = totals({ from: null, to: null, rows: [], elsewhere: [], outside: 5 })
    expect(failed(said, other)).toEqual([])
    expect(totalsExceptions(said, other)).toEqual([
      { kind: 'control-totals-missing', about: `${stampText(at(48))} up to ${stampText(at(72))}` },
    ])
    expect(failed(totals(), other)[0]).toContain('have null up to null in common')
  })

  test('that differ, and the hours around them, are exceptions', () => {
    expect(totalsExceptions(totals(), period).map(e => [e.kind, e.about])).toEqual([
      ['control-totals-missing', `${stampText(at(0))} up to ${stampText(at(8))}`],
      ['control-totals-missing', `${stampText(at(10))} up to ${stampText(at(24))}`],
      ['control-total-differs', `prod p ${stampText(at(8))}`],
    ])
    expect(totalsExceptions(null, period)).toEqual([])
  })

  test('are compared in whole spans of theirs that touch the period', () => {
    const span = fc.record({
      isDay: fc.boolean(),
      offset: fc.integer({ min: 0, max: 47 }),
      first: fc.integer({ min: -3, max: 3 }),
      spans: fc.integer({ min: 1, max: 60 }),
      from: fc.integer({ min: 0, max: 100 }),
      length: fc.integer({ min: 1, max: 100 }),
    })
    fc.assert(
      fc.property(span, ({ isDay, offset, first, spans, from, length }) => {
        const step = isDay ? DAY_US : HOUR_US
        const begin = at(offset / 2) + first * step
        const own = { fromUs: at(from / 3), toUs: at((from + length) / 3) }
        const about = {
          span: isDay ? 'day' : 'hour',
          first: stampText(begin),
          last: stampText(begin + spans * step),
        } as const
        // Slowly: every span of the totals, and whether it touches the period.
        const touching = Array.from({ length: spans }, (_, n) => begin + n * step).filter(
          us => us < own.toUs && us + step > own.fromUs,
        )
        const expected =
          touching.length === 0
            ? undefined
            : { fromUs: touching[0], toUs: (touching.at(-1) ?? Number.NaN) + step }
        expect(comparedOf(about, own)).toEqual(expected)
      }),
      { seed: 20260710 },
    )
  })
})
