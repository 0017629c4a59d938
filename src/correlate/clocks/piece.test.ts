import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { agreement, type Bound, fits } from './piece.ts'

const bound = (lowUs: number, highUs: number, weight = 1): Bound => ({ atUs: 0, lowUs, highUs, weight })

// The first three are the examples of https://en.wikipedia.org/wiki/Marzullo's_algorithm
test.each<{ name: string; bounds: Bound[]; want: [number, number, number] | undefined }>([
  { name: '10 ± 2, 12 ± 1 and 11 ± 1 meet from 11 to 12', bounds: [bound(8, 12), bound(11, 13), bound(10, 12)], want: [11, 12, 3] },
  { name: 'of 8 to 12, 11 to 13 and 14 to 15 the first two meet', bounds: [bound(8, 12), bound(11, 13), bound(14, 15)], want: [11, 12, 2] },
  { name: 'of two stretches with as many the first is taken', bounds: [bound(8, 9), bound(8, 12), bound(10, 12)], want: [8, 9, 2] },
  { name: 'one bound is itself', bounds: [bound(-3, 5)], want: [-3, 5, 1] },
  { name: 'bounds that touch meet in a point', bounds: [bound(0, 5), bound(5, 9)], want: [5, 5, 2] },
  { name: 'equal bounds count each', bounds: [bound(1, 2), bound(1, 2), bound(1, 2)], want: [1, 2, 3] },
  { name: 'bounds inside each other', bounds: [bound(0, 100), bound(40, 60), bound(50, 55)], want: [50, 55, 3] },
  { name: 'weight counts, not number', bounds: [bound(0, 1, 0.3), bound(0, 1, 0.3), bound(7, 8, 0.7)], want: [7, 8, 0.7] },
  { name: 'a hundredth that ends earlier does not cut the others off', bounds: [...Array.from({ length: 99 }, () => bound(0, 10)), bound(0, 4)], want: [0, 10, 100] },
  { name: 'three of a hundred do', bounds: [...Array.from({ length: 97 }, () => bound(0, 10)), bound(0, 4), bound(0, 4), bound(0, 4)], want: [0, 4, 100] },
  { name: 'no bounds, no interval', bounds: [], want: undefined },
  { name: 'bounds without weight say nothing', bounds: [bound(0, 1, 0)], want: undefined },
])('$name', ({ bounds, want }) => {
  const [lowUs, highUs, agreeing] = want ?? []
  expect(agreement(bounds)).toEqual(want && { lowUs, highUs, agreeing })
}) // biome-ignore format: a table

const bounds = fc.array(
  fc.record({ low: fc.integer({ min: -30, max: 30 }), width: fc.nat(20) }).map(b => bound(b.low, b.low + b.width)),
  { minLength: 1, maxLength: 40 },
) // biome-ignore format: one value

/** How many bounds hold a moment. */
const holding = (list: readonly Bound[], us: number): number =>
  list.filter(b => b.lowUs <= us && us <= b.highUs).length

describe('against trying all moments', () => {
  test('the interval is held by as many bounds as the best moment', () => {
    fc.assert(
      fc.property(bounds, list => {
        const best = Math.max(...list.flatMap(b => [b.lowUs, b.highUs]).map(us => holding(list, us)))
        const found = agreement(list)
        expect(found?.agreeing).toBe(best)
        for (let us = found?.lowUs ?? 0; us <= (found?.highUs ?? 0); us += 0.5) expect(holding(list, us)).toBe(best)
      }),
      runs(300),
    )
  })

  test('the order of the bounds changes nothing, and shifting them shifts it', () => {
    fc.assert(
      fc.property(bounds, fc.integer({ min: -1e6, max: 1e6 }), (list, shift) => {
        const found = agreement(list)
        expect(agreement([...list].reverse())).toEqual(found)
        expect(agreement(list.map(b => bound(b.lowUs + shift, b.highUs + shift)))).toEqual(
          found && { ...found, lowUs: found.lowUs + shift, highUs: found.highUs + shift },
        )
      }),
      runs(100),
    )
  })
}) // biome-ignore format: properties

test.each([
  { name: 'overlapping', low: 5, high: 9, want: true }, { name: 'touching below', low: -4, high: 0, want: true },
  { name: 'touching above', low: 6, high: 7, want: true }, { name: 'around it', low: -9, high: 9, want: true },
  { name: 'below', low: -4, high: -1, want: false }, { name: 'above', low: 7, high: 9, want: false },
])('a bound $name fits: $want', ({ low, high, want }) => {
  expect(fits(bound(low, high), { lowUs: 0, highUs: 6 })).toBe(want)
}) // biome-ignore format: a table
