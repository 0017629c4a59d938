import { expect, test } from 'vitest'
import type { SimulationOptions } from '../../src/simulate/index.ts'
import { tallyOf } from '../support/gap-truth.ts'

const BASE: SimulationOptions = { start: '2026-03-02T06:00:00Z', hours: 26, ratePerSecond: 0.12 }

/** Over all kinds of gaps: some have a few hours only. */
const total = { found: 0, doubted: 0 }

/** Kinds of gaps, several in one store where they do not cover each other; gaps.long.ts has each by itself and many seeds. */
test.each<{ name: string; options: SimulationOptions; leastWhole: number }>([
  { name: 'a day of a host and hours of logs and exports are missing', options: { ...BASE, seed: 42, hours: 50, missingLogs: [6], cutLogs: 3, cutExports: 2 }, leastWhole: 0.75 },
  { name: 'hours of hourly logs are missing, others end early', options: { ...BASE, seed: 43, logPeriod: 'hourly', missingLogs: [7, 30, 31, 90], cutLogTails: 2 }, leastWhole: 0.75 },
  { name: 'a host hands over no log, and nothing else is lost but single records', options: { ...BASE, seed: 46, hours: 20, silentHosts: [3], outages: 1, outageMinutes: 0.001 }, leastWhole: 0.5 },
  { name: 'files of an export are missing', options: { ...BASE, seed: 47, hours: 20, shardRows: 1500, missingShards: [3] }, leastWhole: 0.6 },
])('gaps are found, and no hour is called complete that lost lines: $name', async ({ options, leastWhole }) => {
  const { found, doubted, false: wrong, whole, complete } = await tallyOf(options)
  expect(wrong).toEqual([])
  total.found += found
  total.doubted += doubted
  expect(complete / whole).toBeGreaterThanOrEqual(leastWhole)
}, 240_000) // biome-ignore format: a table

test('of the hours that lost lines, 95 of a hundred are said to be missing or partial, as they are', () => {
  expect(total.found + total.doubted).toBeGreaterThan(60)
  expect(total.found / (total.found + total.doubted)).toBeGreaterThanOrEqual(0.95)
})
