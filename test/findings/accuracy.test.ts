import { expect, test } from 'vitest'
import type { SimulationOptions } from '../../src/simulate/index.ts'
import { figures, judge } from '../support/finding-truth.ts'

/** A third of an hour with much of everything; the long run is accuracy.long.ts. */
const BASE: SimulationOptions = {
  start: '2026-03-02T08:00:00Z', hours: 0.34, ratePerSecond: 4, rhythm: 'flat', applications: 3, bypassShare: 0.15, replayedIdShare: 0.3,
  swappedUserShare: 0.1, retriesShare: 0.08, lostAppShare: 0.025, lostGatewayShare: 0.025, kernelNoisePerHour: 30,
} // biome-ignore format: options

test('rules find what is true, and nothing else, where every call has an id of its own', async () => {
  const options = { ...BASE, seed: 61, missingIdShare: 0, clockOffsetsMs: [-9000, 4000, 12_000, -300], timeoutShare: 0.02 }
  for (const [rule, judged] of Object.entries(await judge(options))) {
    expect(judged.expected, rule).toBeGreaterThan(30)
    expect(judged.undecided.length / judged.expected, `not evaluated of ${rule}`).toBeLessThanOrEqual(0.02)
    expect(figures(judged).recall, `recall of ${rule}`).toBeGreaterThanOrEqual(0.995)
    expect(figures(judged).precision, `precision of ${rule}`).toBeGreaterThanOrEqual(0.99)
  }
}) // biome-ignore format: options

test('where ids are missing and HTTP.sys refuses calls, what is found is true all the same, and what is not is counted', async () => {
  const options = { ...BASE, seed: 64, idShare: 0.7, lostIdLineShare: 0.05, refusedShare: 0.03 }
  for (const [rule, judged] of Object.entries(await judge(options))) {
    expect(judged.expected - judged.undecided.length, rule).toBeGreaterThan(15)
    expect(figures(judged).precision, `precision of ${rule}`).toBeGreaterThanOrEqual(0.99)
  }
})
