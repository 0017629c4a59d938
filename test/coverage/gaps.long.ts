import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { heading } from '../../bench/heading.mjs'
import type { SimulationOptions } from '../../src/simulate/index.ts'
import { tallyOf } from '../support/gap-truth.ts'

/** A seed of the day makes gaps that nobody has seen. */
const SEED = Number(new Date().toISOString().slice(0, 10).replaceAll('-', '')) * 100
const SEEDS = 4
const BASE: SimulationOptions = { start: '2026-03-02T06:00:00Z', hours: 30, ratePerSecond: 0.25 }
const CASES: Readonly<Record<string, SimulationOptions>> = {
  'nothing but single records': { outages: 1, outageMinutes: 0.001 },
  'a day of a host': { hours: 50, missingLogs: [6] },
  'hours of hourly logs': { logPeriod: 'hourly', missingLogs: [7, 30, 31, 90] },
  'cuts in logs and exports': { cutLogs: 5, cutExports: 3 },
  'logs end early': { cutLogTails: 3 },
  'a host without a log': { hours: 24, silentHosts: [3] },
  'files of an export': { shardRows: 3000, missingShards: [3] },
  'a quiet company, wrong clocks, everything': { ratePerSecond: 0.1, cutLogs: 2, cutExports: 1, cutLogTails: 1, outages: 1, missingLogs: [5], clockOffsetsMs: [95_000, -40_000, 1800, 0] },
  'pools that stop, HTTP.sys refuses': { ratePerSecond: 0.5, poolStops: 3, poolStopMinutes: 20, refusedShare: 0.02, kernelNoisePerHour: 10, cutLogs: 2 },
} // biome-ignore format: a table

const rows: string[] = []
const all = { found: 0, doubted: 0, false: [] as string[] }

test.each(Object.entries(CASES).map(([name, options], n) => ({ name, options, seed: SEED + n * SEEDS })))('$name', async ({ name, options, seed }) => {
  const sum = { found: 0, doubted: 0, false: [] as string[], whole: 0, complete: 0 }
  for (let i = 0; i < SEEDS; i++) {
    const tally = await tallyOf({ ...BASE, ...options, seed: seed + i })
    for (const key of ['found', 'doubted', 'whole', 'complete'] as const) sum[key] += tally[key]
    sum.false.push(...tally.false.map(it => `seed ${seed + i}: ${it}`))
  }
  all.found += sum.found
  all.doubted += sum.doubted
  all.false.push(...sum.false)
  rows.push(`| ${name} | ${sum.found + sum.doubted + sum.false.length} | ${sum.found} | ${sum.doubted} | ${sum.false.length} | ${sum.whole} | ${((100 * sum.complete) / sum.whole).toFixed(1)} |`)
}) // biome-ignore format: one line

test('the figures are written down, and meet what is asked of them', () => {
  const table = ['| gaps | hours that lost lines | found | unknown | called complete | whole hours | of these called complete % |', '|---|---:|---:|---:|---:|---:|---:|', ...rows]
  const text = `\n${heading('npm run coverage:accuracy')}\n\n${SEEDS} seeds each, from ${SEED}.${all.false.map(it => ` ${it}.`).join('')}\n\n${table.join('\n')}\n`
  appendFileSync(new URL('../../bench/results.md', import.meta.url), text)
  expect(all.false).toEqual([])
  expect(all.found / (all.found + all.doubted)).toBeGreaterThanOrEqual(0.95)
}) // biome-ignore format: one line
