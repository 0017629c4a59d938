import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { heading } from '../../bench/heading.mjs'
import type { SimulationOptions } from '../../src/simulate/index.ts'
import { figures, type Judged, judge } from '../support/finding-truth.ts'

/** Some minutes of computing; a seed of the day makes traffic that nobody has seen. */
const SEED = Number(new Date().toISOString().slice(0, 10).replaceAll('-', '')) * 10
const BASE: SimulationOptions = {
  start: '2026-03-02T08:00:00Z', hours: 0.75, ratePerSecond: 3, applications: 3, bypassShare: 0.1, replayedIdShare: 0.2,
  swappedUserShare: 0.05, retriesShare: 0.05, lostAppShare: 0.02, lostGatewayShare: 0.02, kernelNoisePerHour: 30, missingIdShare: 0,
} // biome-ignore format: options
const CASES: Readonly<Record<string, SimulationOptions>> = {
  'as it comes': {},
  'clocks off, coarse timers, handshakes': { clockOffsetsMs: [-9000, 4000, 12_000, -300], coarseTimers: 'all', handshakeShare: 0.1 },
  'time-outs, retries, long calls': { timeoutShare: 0.02, retriesShare: 0.2, workScale: 3 },
  'refused below IIS, a pool that stops': { refusedShare: 0.03, poolStops: 1 },
  'a hole in a log': { hours: 3, cutLogs: 1 },
  'ids on 70 of 100': { idShare: 0.7, lostIdLineShare: 0.05, missingIdShare: 0.03 },
} // biome-ignore format: a table

const rows: string[] = []
const percent = (share: number): string => (100 * share).toFixed(2)

function rowOf(name: string, rule: string, judged: Judged): string {
  const { recall, precision } = figures(judged)
  const { expected, undecided, missed, wrong } = judged
  return `| ${name} | ${rule} | ${expected} | ${undecided.length} | ${missed.length} | ${wrong.length} | ${percent(recall)} | ${percent(precision)} |`
}

test.each(Object.entries(CASES).map(([name, options], n) => ({ name, options, seed: SEED + n })))('$name', async ({ name, options, seed }) => {
  const found = Object.entries(await judge({ ...BASE, ...options, seed }))
  rows.push(...found.map(([rule, judged]) => rowOf(name, rule, judged)))
  for (const [rule, judged] of found) {
    // Where lines lack their id, links are not certain.
    if (options.idShare === undefined)
      expect(figures(judged).recall, `recall of ${rule}`).toBeGreaterThanOrEqual(0.995)
    expect(figures(judged).precision, `precision of ${rule}`).toBeGreaterThanOrEqual(0.99)
  }
}) // biome-ignore format: one line

test('the figures are written down', () => {
  const table = ['| traffic | rule | true | not evaluated | missed | wrong | recall % | precision % |', '|---|---|---:|---:|---:|---:|---:|---:|', ...rows]
  const text = `\n${heading('npm run findings:accuracy')}\n\nSeeds from ${SEED}. Recall is over what was evaluated; what is true and was counted as not evaluated stands beside.\n\n${table.join('\n')}\n`
  appendFileSync(new URL('../../bench/results.md', import.meta.url), text)
  expect(rows.length).toBe(Object.keys(CASES).length * 7)
}) // biome-ignore format: one line
