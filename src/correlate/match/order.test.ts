import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { placeLines } from './order.ts'
import { appSide, type Line } from './sides.fixture.ts'

const SECOND_US = 1_000_000
const NOT = Number.NaN

/** [earliest, latest] of each line. */
function places(lines: readonly Line[], known: readonly number[]): [number, number][] {
  const { earliestUs, latestUs } = placeLines(appSide(lines), Float64Array.from(known))
  return lines.map((_, i) => [earliestUs[i] ?? NOT, latestUs[i] ?? NOT])
}

const inSecond = (second: number): Line => ({ fromUs: second * SECOND_US })

/** Mean and variance of an even spread. */
const meanOf = ([low, high]: readonly [number, number]): number => (low + high) / 2
const varianceOf = ([low, high]: readonly [number, number]): number => (high - low) ** 2 / 12

/** The k-th of n ends that lie evenly in an interval (order statistics: Beta(k, n - k + 1)). */
const kth = (k: number, n: number) => ({
  mean: k / (n + 1),
  variance: (k * (n - k + 1)) / ((n + 1) ** 2 * (n + 2)),
})

describe('between known ends', () => {
  test('one line lies anywhere between the ends of its neighbours', () => {
    const lines = [inSecond(0), inSecond(0), inSecond(0)]
    const [, between] = places(lines, [200_000, NOT, 600_000])
    expect(between).toEqual([expect.closeTo(200_000, 3), expect.closeTo(600_000, 3)])
  })

  test('several lines are the ordered ends of as many that lie evenly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.nat(400_000), fc.nat(500_000), (n, low, width) => {
        const lines = Array.from({ length: n + 2 }, () => inSecond(0))
        const found = places(lines, [low, ...lines.slice(2).map(() => NOT), low + width])
        for (let k = 1; k <= n; k++) {
          const { mean, variance } = kth(k, n)
          const place = found[k] ?? [NOT, NOT]
          expect(meanOf(place)).toBeCloseTo(low + width * mean, 2)
          expect(Math.sqrt(varianceOf(place))).toBeCloseTo(width * Math.sqrt(variance), 2)
        }
      }),
      runs(100),
    )
  })

  test('ends in other seconds do not narrow it', () => {
    const lines = [inSecond(0), inSecond(5), inSecond(9)]
    const [, between] = places(lines, [200_000, NOT, 9_600_000])
    expect(between).toEqual([5_000_000, 6_000_000])
  })

  test('an end that is known only before it cuts the beginning of its second off', () => {
    const [, after] = places([inSecond(0), inSecond(0)], [700_000, NOT])
    expect(after).toEqual([expect.closeTo(700_000, 3), expect.closeTo(1_000_000, 3)])
  })

  test('ends that contradict its second leave the nearest moment of it', () => {
    const lines = [inSecond(0), inSecond(0), inSecond(0)]
    const [, late] = places(lines, [1_300_000, NOT, 1_500_000])
    expect(late).toEqual([1_000_000, 1_000_000])
  })
})

describe('without known ends', () => {
  test.each<{ name: string; at: number; second: number; k: number; n: number }>([
    { name: 'the first line of the first second', at: 0, second: 0, k: 1, n: 3 },
    { name: 'the last line of the first second', at: 2, second: 0, k: 3, n: 3 },
    { name: 'the only line of a second', at: 3, second: 4, k: 1, n: 1 },
    { name: 'the first line of the last second', at: 4, second: 9, k: 1, n: 2 },
    { name: 'the last line of the last second', at: 5, second: 9, k: 2, n: 2 },
  ])('$name has the share of its second that its place says', ({ at, second, k, n }) => {
    const lines = [0, 0, 0, 4, 9, 9].map(inSecond)
    const place = places(lines, lines.map(() => NOT))[at] ?? [NOT, NOT]
    const { mean, variance } = kth(k, n)
    expect(meanOf(place)).toBeCloseTo((second + mean) * SECOND_US, 2)
    expect(Math.sqrt(varianceOf(place))).toBeCloseTo(SECOND_US * Math.sqrt(variance), 2)
  }) // biome-ignore format: a table

  test('no lines, no places', () => expect(places([], [])).toEqual([]))
})

/** Lines in order of their seconds, most with a known end in or near it. */
const log = fc
  .array(
    fc.record({
      second: fc.nat(3),
      known: fc.option(fc.integer({ min: -200_000, max: 1_200_000 }), { nil: undefined, freq: 2 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map(list => {
    const sorted = [...list].sort((a, b) => a.second - b.second)
    return {
      lines: sorted.map(l => inSecond(l.second)),
      known: sorted.map(l => (l.known === undefined ? NOT : l.second * SECOND_US + l.known)),
    }
  })

test('a known line does not place itself', () => {
  fc.assert(
    fc.property(log, fc.nat(), fc.integer({ min: -1_000_000, max: 5_000_000 }), ({ lines, known }, n, us) => {
      const own = n % lines.length
      const without = known.map((k, i) => (i === own ? NOT : k))
      const other = known.map((k, i) => (i === own ? us : k))
      expect(places(lines, other)[own]).toEqual(places(lines, without)[own])
    }),
    runs(300),
  )
})

test('the middle of each place lies in the second of its line', () => {
  fc.assert(
    fc.property(log, ({ lines, known }) => {
      places(lines, known).forEach((place, i) => {
        const from = lines[i]?.fromUs ?? NOT
        expect(place[0]).toBeLessThanOrEqual(place[1])
        expect(meanOf(place)).toBeGreaterThanOrEqual(from)
        expect(meanOf(place)).toBeLessThanOrEqual(from + SECOND_US)
      })
    }),
    runs(300),
  )
})

test('another log does not place a line', () => {
  fc.assert(
    fc.property(log, log, (one, two) => {
      const lines = [...one.lines, ...two.lines.map(line => ({ ...line, stream: 1 }))]
      const found = places(lines, [...one.known, ...two.known])
      expect(found).toEqual([...places(one.lines, one.known), ...places(two.lines, two.known)])
    }),
    runs(100),
  )
})
