// How each regime is varied: loss on each side, rate, and what the clocks do. Each value meets most values of the others.
const LOSS = [0, 0.02, 0.1]
const RATES = [5, 20, 50, 150]
const CLOCKS = [
  { offsetMs: 0 },
  { offsetMs: 3700 },
  { offsetMs: -7_200_000 },
  { offsetMs: 0, driftPpm: 50, stepMs: 1300 },
]

/** @param pairs pairs of each variation, about */
export function variations(pairs) {
  return Array.from({ length: 12 }, (_, k) => ({
    seed: 1 + (k % 3),
    pairs,
    loss: LOSS[Math.floor(k / 4)],
    ratePerSecond: RATES[k % 4],
    ...CLOCKS[(k + Math.floor(k / 4)) % 4],
  }))
}

export function describe({ loss, ratePerSecond, offsetMs, driftPpm }) {
  const clock = driftPpm ? `${driftPpm} ppm, step` : offsetMs ? `${offsetMs / 1000} s` : 'exact'
  return { loss: `${loss * 100} %`, rate: `${ratePerSecond}/s`, clock }
}
