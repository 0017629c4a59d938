import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { Jitter } from './jitter.ts'

const SECOND_US = 1_000_000

/** Integral over the 3 s around a place: beyond, "anywhere" goes on and is no density. */
function integral(jitter: Jitter, earliestUs: number, latestUs: number): number {
  const middle = (earliestUs + latestUs) / 2
  let sum = 0
  // Steps that grow with the distance: the narrowest peak is 300 µs wide.
  for (const sign of [-1, 1])
    for (let far = 0, step = 10; far < 1.5 * SECOND_US; far += step, step = Math.max(10, far / 1000))
      sum += Math.exp(jitter.log(middle + sign * (far + step / 2), earliestUs, latestUs)) * step
  return sum
}

function taught(atUs: number, earliestUs: number, latestUs: number, rounds = 5): Jitter {
  const jitter = new Jitter()
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < 200; n++) jitter.add(atUs, earliestUs, latestUs, 1)
    jitter.fit()
  }
  return jitter
}

describe('the density of an end around its place', () => {
  test.each([
    { name: 'a moment', width: 0 }, { name: 'a millisecond', width: 1000 }, { name: 'a second', width: SECOND_US },
  ])('integrates to about one where the place is $name', ({ width }) => {
    for (const jitter of [new Jitter(), taught(0, 0, 1000), taught(50_000, 0, 1000)]) {
      const sum = integral(jitter, 10, 10 + width)
      expect(sum).toBeGreaterThan(0.9)
      expect(sum).toBeLessThan(1.01)
    }
  }) // biome-ignore format: a table

  test('is the same on both sides', () => {
    fc.assert(
      fc.property(fc.nat(2 * SECOND_US), fc.nat(SECOND_US), (far, width) => {
        const jitter = new Jitter()
        expect(jitter.log(-far, 0, width)).toBeCloseTo(jitter.log(width + far, 0, width), 6)
      }),
      runs(100),
    )
  })

  test('never rises with the distance from the place', () => {
    fc.assert(
      fc.property(fc.nat(2 * SECOND_US), fc.nat(SECOND_US), fc.nat(SECOND_US), (far, more, width) => {
        const jitter = new Jitter()
        expect(jitter.log(width + far + more, 0, width)).toBeLessThanOrEqual(jitter.log(width + far, 0, width) + 1e-9)
      }),
      runs(200),
    ) // biome-ignore format: one property
  })

  test('goes over from a narrow place to a moment without a jump', () => {
    const jitter = new Jitter()
    for (const scale of [300, 1000, 3000, 10_000]) {
      const [above, below] = [scale / 50 + 1e-3, scale / 50 - 1e-3].map(w => jitter.log(0, -w / 2, w / 2))
      expect(Math.abs((above ?? 0) - (below ?? 0))).toBeLessThan(0.03)
    }
  })
})

describe('learning', () => {
  test('ends that fit their places sharpen the peak; ends far away lower it', () => {
    const usual = new Jitter().log(0, 0, 0)
    expect(taught(0, 0, 0).log(0, 0, 0)).toBeGreaterThan(usual)
    expect(taught(100_000, 0, 0).log(0, 0, 0)).toBeLessThan(usual)
    expect(taught(100_000, 0, 0).log(100_000, 0, 0)).toBeGreaterThan(new Jitter().log(100_000, 0, 0))
  })

  test('shares stay positive and add up to one', () => {
    const far = fc.integer({ min: -5 * SECOND_US, max: 5 * SECOND_US })
    fc.assert(
      fc.property(fc.array(far, { maxLength: 50 }), ends => {
        const jitter = new Jitter()
        for (const us of ends) jitter.add(us, 0, 1000, 1)
        jitter.fit()
        expect(Math.min(...jitter.shares)).toBeGreaterThan(0)
        expect(jitter.shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
      }),
      runs(50),
    )
  })

  test('what was added counts once', () => {
    const jitter = taught(0, 0, 0, 1)
    jitter.fit()
    expect(jitter.shares).toEqual(new Jitter().shares)
  })
})
