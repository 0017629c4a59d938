import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { HOUR_US, MINUTE_US } from '../../model/time.ts'
import { describeClock, offsetsOver, type Reading, withoutHulls } from './history.ts'

const QUARTER = 15 * MINUTE_US
/** A reading of the n-th quarter of an hour, in milliseconds ahead. */
const at = (quarter: number, lowMs: number, highMs: number): Reading => ({
  fromUs: quarter * QUARTER,
  toUs: (quarter + 1) * QUARTER,
  lowUs: lowMs * 1000,
  highUs: highMs * 1000,
  pairs: 10,
})

describe('describeClock', () => {
  test('says nothing without readings', () => expect(describeClock([])).toBeUndefined())

  test.each([
    { name: 'a single reading has no drift and no step', readings: [at(0, 100, 140)], drift: 0, steps: [], zone: 0 },
    { name: 'readings that one offset fits show no drift', readings: [at(0, 100, 140), at(1, 130, 190), at(2, 90, 135)], drift: 0, steps: [], zone: 0 },
    { name: '90 ms more each quarter of an hour is 100 ppm', readings: [at(0, 0, 20), at(1, 90, 110), at(2, 180, 200), at(3, 270, 290)], drift: 100, steps: [], zone: 0 },
    { name: 'a loss is negative', readings: [at(0, 0, 20), at(1, -90, -70), at(2, -180, -160)], drift: -100, steps: [], zone: 0 },
    { name: 'a clock that is set does not drift', readings: [at(0, 0, 20), at(1, 5000, 5020), at(2, 5000, 5020)], drift: 0, steps: [[QUARTER, QUARTER]], zone: 0 },
    { name: '250 ms between neighbours are no step', readings: [at(0, 0, 20), at(1, 270, 290)], drift: 300, steps: [], zone: 0 },
    { name: '251 ms between neighbours are a step', readings: [at(0, 0, 20), at(1, 271, 291)], drift: 0, steps: [[QUARTER, QUARTER]], zone: 0 },
    { name: 'a quarter that holds both sides of a step tells when it was', readings: [at(0, 0, 20), at(1, -10, 5040), at(2, 5000, 5020)], drift: 0, steps: [[QUARTER, 2 * QUARTER]], zone: 0 },
    { name: 'two hours behind look like a zone', readings: [at(0, -7_200_020, -7_200_000)], drift: 0, steps: [], zone: -2 },
    { name: 'five and a half hours ahead and 40 s look like a zone', readings: [at(0, 19_840_000, 19_840_000)], drift: 0, steps: [], zone: 5.5 },
    { name: 'two hours and 61 s are no zone', readings: [at(0, 7_261_000, 7_261_000)], drift: 0, steps: [], zone: 0 },
    { name: 'a minute is no zone', readings: [at(0, 59_000, 60_000)], drift: 0, steps: [], zone: 0 },
  ])('$name', ({ readings, drift, steps, zone }) => {
    const history = describeClock(readings)
    expect(history?.driftPpm).toBeCloseTo(drift, 6)
    expect(history?.steps.map(s => [s.fromUs, s.toUs])).toEqual(steps)
    expect(history?.zoneHours).toBe(zone)
  }) // biome-ignore format: a table

  test('the offset holds every reading but those across a step', () => {
    const history = describeClock([at(0, 0, 20), at(1, -10, 5040), at(2, 5000, 5020)])
    expect([history?.lowUs, history?.highUs]).toEqual([0, 5_020_000])
  })
})

test('of a reading and the hull of several only the reading counts', () => {
  const [early, late] = [at(0, 0, 20), { ...at(0, 5000, 5020), fromUs: QUARTER / 2 }]
  expect(withoutHulls([at(0, -5, 5030), late, early])).toEqual([early, late])
})

test('offsets over a time are NaN where nothing is known', () => {
  expect(offsetsOver([at(0, 0, 20), at(3, 100, 120)], 0, HOUR_US, 4)).toEqual([10_000, Number.NaN, Number.NaN, 110_000]) // biome-ignore format: one line
})

/** Widths about one offset, one a quarter of an hour: every reading holds it. */
const around = fc.array(fc.tuple(fc.nat(400_000), fc.nat(400_000)), { minLength: 1, maxLength: 20 })
const readingsOf = (offset: number, widths: readonly (readonly [number, number])[]): Reading[] =>
  widths.map(([below, above], i) => ({ ...at(i, 0, 0), lowUs: offset - below, highUs: offset + above }))
const anyOffset = fc.integer({ min: -20 * HOUR_US, max: 20 * HOUR_US })

test('a constant clock has no drift and no step, however widely it is read', () => {
  fc.assert(
    fc.property(anyOffset, around, (offset, widths) => {
      const history = describeClock(readingsOf(offset, widths))
      expect(history).toMatchObject({ driftPpm: 0, steps: [] })
      expect(history?.lowUs).toBeLessThanOrEqual(offset)
      expect(history?.highUs).toBeGreaterThanOrEqual(offset)
    }),
    runs(300),
  )
})

test('shifting times shifts times only', () => {
  const lows = fc.array(fc.tuple(fc.integer({ min: -5_000_000, max: 5_000_000 }), fc.nat(400_000)), { minLength: 1, maxLength: 12 }) // biome-ignore format: one line
  fc.assert(
    fc.property(lows, fc.integer({ min: -1000, max: 1000 }), (list, quarters) => {
      const readings = list.map(([low, width], i) => ({ ...at(i, 0, 0), lowUs: low, highUs: low + width }))
      const by = quarters * QUARTER
      const shift = <R extends { fromUs: number; toUs: number }>(r: R): R => ({ ...r, fromUs: r.fromUs + by, toUs: r.toUs + by }) // biome-ignore format: one line
      const [here, there] = [describeClock(readings), describeClock(readings.map(shift))]
      expect(there?.steps.map(s => [s.fromUs - by, s.toUs - by])).toEqual(here?.steps.map(s => [s.fromUs, s.toUs])) // biome-ignore format: one line
      expect(there?.driftPpm).toBeCloseTo(here?.driftPpm ?? 0, 6)
      expect([there?.lowUs, there?.highUs, there?.zoneHours]).toEqual([here?.lowUs, here?.highUs, here?.zoneHours]) // biome-ignore format: one line
    }),
    runs(300),
  )
})
