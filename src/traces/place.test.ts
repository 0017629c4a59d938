import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Call, type Logged, placeInCall } from './place.ts'

const SECOND = 1_000_000
const CALL: Call = { startUs: 100 * SECOND + 200_000, endUs: 100 * SECOND + 600_000 }

const hop = (changes: Partial<Logged> = {}): Logged => ({
  endUs: 100 * SECOND,
  tookUs: 100_000,
  resolutionUs: SECOND,
  ahead: undefined,
  ...changes,
})

describe('one hop', () => {
  test.each<{ name: string; hop: Logged; want: object }>([
    {
      name: 'without a reading it is moved to the middle of its second, which lies inside the call',
      hop: hop(),
      want: { startUs: 100_400_000, endUs: 100_500_000, by: 'resolution', misfit: undefined },
    },
    {
      name: 'the middle of its second would begin before the call: it begins with the call',
      hop: hop({ tookUs: 390_000 }),
      want: { startUs: CALL.startUs, endUs: 100_590_000, by: 'resolution', misfit: undefined },
    },
    {
      name: 'the middle of its second would end after the call: it ends with the call',
      hop: hop({ endUs: 100 * SECOND + 300_000, resolutionUs: SECOND }),
      want: { startUs: 100_500_000, endUs: CALL.endUs, by: 'resolution', misfit: undefined },
    },
    {
      name: 'a clock two seconds ahead brings it back into the call',
      hop: hop({ endUs: 102 * SECOND, ahead: { lowUs: 1_900_000, highUs: 2_100_000 } }),
      want: { endUs: 100_500_000, by: 'clock', misfit: undefined },
    },
    {
      name: 'without a reading a hop two seconds away stays as logged, and how far it is off is said',
      hop: hop({ endUs: 102 * SECOND }),
      want: { startUs: 101_900_000, endUs: 102_000_000, by: 'stamps', misfit: 'apart', apartUs: 1_400_000 },
    },
    {
      name: 'too early',
      hop: hop({ endUs: 98 * SECOND }),
      want: { by: 'stamps', misfit: 'apart', apartUs: -1_300_000 },
    },
    {
      name: 'a reading that does not allow it',
      hop: hop({ endUs: 102 * SECOND, ahead: { lowUs: 0, highUs: 1_000 } }),
      want: { endUs: 102_000_000, by: 'stamps', misfit: 'apart', apartUs: 1_399_000 },
    },
    {
      name: 'exactly as long as the call: it fills it',
      hop: hop({ tookUs: 400_000 }),
      want: { startUs: CALL.startUs, endUs: CALL.endUs, by: 'resolution', misfit: undefined },
    },
    {
      name: 'a microsecond longer than the call: as logged, neither moved nor cut',
      hop: hop({ tookUs: 400_001 }),
      want: { startUs: 99_599_999, endUs: 100_000_000, by: 'stamps', misfit: 'longer', apartUs: 0 },
    },
    {
      name: 'its interval ends just where the call allows it to end',
      hop: hop({ endUs: 99 * SECOND + 300_000, resolutionUs: SECOND }),
      want: { startUs: CALL.startUs, endUs: 100_300_000, by: 'resolution', misfit: undefined },
    },
    {
      name: 'a microsecond earlier it does not fit',
      hop: hop({ endUs: 99 * SECOND + 299_999, resolutionUs: SECOND }),
      want: { by: 'stamps', misfit: 'apart', apartUs: -1 },
    },
  ])('$name', ({ hop, want }) => expect(placeInCall(CALL, [hop])[0]).toMatchObject(want))

  test('without a call it stands as logged, and nothing is amiss', () => {
    const want = { startUs: 99_900_000, endUs: 100_000_000, by: 'stamps', misfit: undefined, apartUs: 0 }
    expect(placeInCall(undefined, [hop()])).toEqual([want])
  })
})

test('attempts of one call follow each other where there is room', () => {
  const attempts = [hop({ tookUs: 150_000 }), hop({ tookUs: 200_000 })]
  const [first, second] = placeInCall(CALL, attempts)
  expect(second?.startUs).toBeGreaterThanOrEqual(first?.endUs ?? Infinity)
})

describe('properties', () => {
  const us = (most: number) => fc.integer({ min: 0, max: most })
  const logged = fc
    .record({ end: us(10_000_000), took: us(2_000_000), resolution: fc.constantFrom(1_000, SECOND), ahead: fc.option(fc.record({ low: fc.integer({ min: -5_000_000, max: 5_000_000 }), width: us(2_000_000) }), { nil: undefined }) })
    .map(({ end, took, resolution, ahead }): Logged => ({
      endUs: end,
      tookUs: took,
      resolutionUs: resolution,
      ahead: ahead && { lowUs: ahead.low, highUs: ahead.low + ahead.width },
    })) // biome-ignore format: a table
  const call = fc
    .record({ start: us(10_000_000), length: us(3_000_000) })
    .map(({ start, length }): Call => ({ startUs: start, endUs: start + length }))
  const hops = fc.array(logged, { minLength: 1, maxLength: 4 })

  test('inside the call whenever a single hop can be, never outside the interval of its end, never longer', () => {
    fc.assert(
      fc.property(call, hops, (call, hops) => {
        const placed = placeInCall(call, hops)
        for (const [i, h] of hops.entries()) {
          const p = placed[i]
          if (!p) throw new Error('no place')
          const low = h.endUs - (h.ahead?.highUs ?? 0)
          const high = h.endUs + h.resolutionUs - (h.ahead?.lowUs ?? 0)
          expect(p.endUs - p.startUs).toBe(h.tookUs)
          const canFit = Math.max(low, call.startUs + h.tookUs) <= Math.min(high, call.endUs)
          const isInside = p.startUs >= call.startUs && p.endUs <= call.endUs
          if (canFit) expect({ isInside, misfit: p.misfit }).toEqual({ isInside: true, misfit: undefined })
          else expect(p).toMatchObject({ endUs: h.endUs, by: 'stamps' })
          if (p.by !== 'stamps') expect(p.endUs >= low && p.endUs <= high).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('shifting all times shifts the places only', () => {
    fc.assert(
      fc.property(call, hops, us(86_400_000_000), (call, hops, by) => {
        const moved = placeInCall(
          { startUs: call.startUs + by, endUs: call.endUs + by },
          hops.map(h => ({ ...h, endUs: h.endUs + by })),
        )
        const back = moved.map(p => ({ ...p, startUs: p.startUs - by, endUs: p.endUs - by }))
        expect(back).toEqual(placeInCall(call, hops))
      }),
    )
  })

  test('of hops that could all follow each other, none overlaps the next', () => {
    fc.assert(
      fc.property(fc.array(us(300_000), { minLength: 2, maxLength: 4 }), took => {
        const length = took.reduce((sum, t) => sum + t, 0)
        const call = { startUs: 10 * SECOND, endUs: 10 * SECOND + length }
        // Logged in the second in which the call lies, and their sum fills it: one order, one way.
        const placed = placeInCall(call, took.map(tookUs => hop({ endUs: 9 * SECOND, tookUs, resolutionUs: 3 * SECOND })))
        for (const [i, p] of placed.entries()) expect(p.startUs).toBe(i === 0 ? call.startUs : placed[i - 1]?.endUs)
      }),
    )
  }) // biome-ignore format: one call
})
