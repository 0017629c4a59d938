import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { DurationOdds } from './durations.ts'
import { Density, MS_BINS } from './histogram.ts'
import { appSide } from './sides.fixture.ts'

/** A slack of about 2 ms. */
const SLACK = new Density(MS_BINS, ms => Math.exp(-Math.abs(ms - 2) / 3) + 1e-4, 100)

/** The odds of a gateway hop that waited so long, against line 0, of lines that took so long; by kind where given. */
function odds(
  waitMs: number,
  tookMs: readonly (number | undefined)[],
  group: readonly number[] = [],
): number {
  const app = appSide(tookMs.map(ms => ({ fromUs: 0, ...(ms === undefined ? {} : { tookUs: ms * 1000 }) })))
  const groups = Int32Array.from(tookMs, (_, i) => group[i] ?? 0)
  return new DurationOdds(app, groups, SLACK).log(0, waitMs, waitMs - (tookMs[0] ?? 0))
}

const others = (count: number, ms: (n: number) => number): number[] =>
  Array.from({ length: count }, (_, n) => ms(n))

describe('what a fitting duration says', () => {
  test('is much where other lines took other times, little where all took as long', () => {
    const telling = odds(102, [100, ...others(100, n => 500 + 30 * n)])
    const common = odds(102, [100, ...others(100, () => 100)])
    expect(telling).toBeGreaterThan(3)
    expect(Math.abs(common)).toBeLessThan(0.3)
  })

  test('is less the more lines took about as long', () => {
    const counts = [0, 5, 20, 80]
    const found = counts.map(n =>
      odds(102, [100, ...others(n, () => 101), ...others(80 - n, k => 500 + 30 * k)]),
    )
    expect(found).toEqual([...found].sort((a, b) => b - a))
    expect(new Set(found).size).toBe(counts.length)
  })

  test('is measured against lines of its kind before others', () => {
    const took = [100, ...others(50, n => 500 + 30 * n), ...others(50, () => 100)]
    const ofKind = took.map((_, i) => (i <= 50 ? 0 : 1))
    expect(odds(102, took, ofKind)).toBeGreaterThan(odds(102, took) + 0.5)
  })

  test('speaks against a pair whose durations do not fit', () => {
    expect(odds(160, [100, ...others(50, n => 150 + n)])).toBeLessThan(-2)
  })
})

/** Sum of the density over the other lines of the kind, and of ten of all lines, by adding up each. */
test('is the density of the slack over its mean for any line of the kind', () => {
  const took = fc.array(fc.integer({ min: 0, max: 63 }), { minLength: 2, maxLength: 30 })
  fc.assert(
    fc.property(took, fc.nat(63), (list, wait) => {
      const at = list.map(ms => Math.exp(SLACK.log(wait - ms)))
      const sum = at.reduce((a, b) => a + b, 0)
      const own = at[0] ?? Number.NaN
      const pool = (sum + Math.exp(SLACK.log(0)) * 0.001) / (list.length + 1)
      const chance = (sum - own + 10 * pool) / (list.length - 1 + 10)
      expect(odds(wait, list)).toBeCloseTo(Math.log(own / chance), 6)
    }),
    runs(100),
  )
})

test('is finite whatever durations are', () => {
  const ms = fc.oneof(fc.constant(undefined), fc.constantFrom(0, 1, 63, 64, 86_400_000, 1e9), fc.nat(2000))
  const waits = fc.constantFrom(0, 0.5, 30, 5000, 86_400_000, 1e9)
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1, maxLength: 300 }), waits, (list, wait) => {
      const [first = 0, ...rest] = list
      expect(Number.isFinite(odds(wait, [first, ...rest]))).toBe(true)
    }),
    runs(200),
  )
})
