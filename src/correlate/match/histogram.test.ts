import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { BYTE_BINS, Density, durationBin, durationBinWidth, MS_BINS } from './histogram.ts'

const PRIOR_SAMPLES = 20
const peaked = (): Density => new Density(MS_BINS, ms => Math.exp(-Math.abs(ms) / 50), PRIOR_SAMPLES)

/** Integral of a density over the axis: even steps near zero, steps that grow with the value beyond. */
function integral(density: Density): number {
  let sum = 0
  for (let value = -256.95; value < 2048; value += 0.1) sum += Math.exp(density.log(value)) * 0.1
  const growth = 1.0005
  for (const [from, sign] of [[2048, 1], [257, -1]] as const) // biome-ignore format: a table
    for (let value: number = from; value < 1e9; value *= growth)
      sum += Math.exp(density.log(sign * value * Math.sqrt(growth))) * value * (growth - 1)
  return sum
}

const samples = fc.array(
  fc.record({
    value: fc.oneof(
      fc.double({ min: -100, max: 300, noNaN: true }),
      fc.double({ min: -1e5, max: 1e6, noNaN: true }),
    ),
    weight: fc.double({ min: 0.01, max: 50, noNaN: true }),
  }),
  { maxLength: 20 },
)

describe('Density', () => {
  test.each([
    { name: 'durations', bins: MS_BINS },
    { name: 'sizes', bins: BYTE_BINS },
  ])('of $name integrates to one, whatever it has learned', ({ bins }) => {
    fc.assert(
      fc.property(samples, list => {
        const density = new Density(bins, value => 1 / (50 + Math.abs(value)) ** 2, PRIOR_SAMPLES)
        for (const { value, weight } of list) density.add(value, weight)
        density.fit()
        expect(Math.abs(integral(density) - 1)).toBeLessThan(0.02)
      }),
      runs(15),
    )
  })

  test('a prior of any scale is worth the samples that are said', () => {
    const [one, two] = [1, 1000].map(
      scale => new Density(MS_BINS, ms => scale * Math.exp(-Math.abs(ms) / 50), PRIOR_SAMPLES),
    )
    for (const ms of [-1000, -3, 0, 7.5, 90, 5000]) expect(one?.log(ms)).toBeCloseTo(two?.log(ms) ?? 0, 9)
  })

  test('samples raise the density where they are, and lower it elsewhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: -120, max: 250 }), fc.integer({ min: 1, max: 500 }), (ms, weight) => {
        const density = peaked()
        const far = ms < 65 ? 200 : -100
        const before = [density.log(ms), density.log(far)] as const
        density.add(ms, weight)
        density.fit()
        expect(density.log(ms)).toBeGreaterThan(before[0])
        expect(density.log(far)).toBeLessThan(before[1])
      }),
      runs(100),
    )
  })

  test('many samples outweigh the prior: the share within a bin of 1 ms and its neighbours comes near them', () => {
    const density = peaked()
    for (let n = 0; n < 10_000; n++) density.add(100.5, 1)
    density.fit()
    let near = 0
    for (let ms = 97.5; ms <= 103.5; ms++) near += Math.exp(density.log(ms))
    expect(near).toBeGreaterThan(0.99)
    expect(Math.exp(density.log(100.5))).toBeGreaterThan(0.85)
  })

  test('what was added counts from the next fit on, and not after clear', () => {
    const density = peaked()
    const before = density.log(100)
    density.add(100, 30)
    expect(density.log(100)).toBe(before)
    expect(density.total).toBe(30)
    density.clear()
    density.fit()
    expect([density.total, density.log(100)]).toEqual([0, before])
  })

  test('no value is impossible, however much was seen elsewhere', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), value => {
        const density = new Density(MS_BINS, ms => 1 / (20 + Math.abs(ms)), 60)
        density.add(1, 1e6)
        density.fit()
        expect(Number.isFinite(density.log(value))).toBe(true)
      }),
      runs(200),
    )
  })
})

describe('duration bins', () => {
  test('widths add up to the durations below a bin', () => {
    const most = durationBin(86_400_000)
    let sum = 0
    for (let bin = 0; bin <= most; bin++) sum += durationBinWidth(bin)
    expect(durationBin(sum - 1e-3)).toBe(most)
    expect(durationBin(sum + 1e-3)).toBe(most + 1)
  })

  test.each([
    { ms: -5, bin: 0 }, { ms: 0, bin: 0 }, { ms: 0.99, bin: 0 }, { ms: 1, bin: 1 }, { ms: 63.9, bin: 63 },
    { ms: 64, bin: 64 }, { ms: 127.9, bin: 75 }, { ms: 128, bin: 76 },
  ])('$ms ms lies in bin $bin', ({ ms, bin }) => expect(durationBin(ms)).toBe(bin)) // biome-ignore format: a table
})
