import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { coverageOf } from '../../src/coverage/coverage.ts'
import type { CoverageRow } from '../../src/coverage/row.ts'
import { HOUR_US } from '../../src/model/time.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

/** A line of hours.ndjson; src/simulate/hour-counts.ts documents them. */
interface Truth {
  readonly side: 'app' | 'gateway'
  readonly host?: string
  readonly environment?: string
  readonly hour_us: number
  readonly written: number
  readonly lost: number
}

/** Hours that lost something, as they truly are and as they are shown. */
interface Tally {
  /** Lost all or some and said to be so. */
  found: number
  /** Said to be unknown. */
  doubted: number
  /** Said to be complete, or nothing said: `side source hour`. */
  readonly false: string[]
  /** Hours that lost nothing, and how many of them are complete. */
  whole: number
  complete: number
}

const BASE: SimulationOptions = { start: '2026-03-02T06:00:00Z', hours: 30, ratePerSecond: 0.25 }

/** Over all kinds of gaps: some have a few hours only. */
const total = { found: 0, doubted: 0 }

/** Each kind of gap, with which the states of its hours are compared. */
test.each<{ name: string; options: SimulationOptions; leastWhole: number }>([
  { name: 'nothing is lost but single records', options: { ...BASE, seed: 41, outages: 1, outageMinutes: 0.001 }, leastWhole: 0.9 },
  { name: 'a day of a host is missing', options: { ...BASE, seed: 42, hours: 50, missingLogs: [6] }, leastWhole: 0.9 },
  { name: 'hours of hourly logs are missing', options: { ...BASE, seed: 43, logPeriod: 'hourly', missingLogs: [7, 30, 31, 90] }, leastWhole: 0.85 },
  { name: 'hours are cut out of logs and exports', options: { ...BASE, seed: 44, cutLogs: 5, cutExports: 3 }, leastWhole: 0.85 },
  { name: 'logs end early', options: { ...BASE, seed: 45, cutLogTails: 3 }, leastWhole: 0.85 },
  { name: 'a host hands over no log', options: { ...BASE, seed: 46, hours: 24, silentHosts: [3] }, leastWhole: 0.55 },
  { name: 'files of an export are missing', options: { ...BASE, seed: 47, shardRows: 3000, missingShards: [3] }, leastWhole: 0.7 },
  { name: 'a quiet company, wrong clocks, everything at once', options: { ...BASE, seed: 48, ratePerSecond: 0.1, cutLogs: 2, cutExports: 1, cutLogTails: 1, outages: 1, missingLogs: [5], clockOffsetsMs: [95_000, -40_000, 1800, 0] }, leastWhole: 0.5 },
])('gaps are found, and no hour is called complete that lost lines: $name', async ({ options, leastWhole }) => {
  const { found, doubted, false: wrong, whole, complete } = await tallyOf(options)
  expect(wrong).toEqual([])
  total.found += found
  total.doubted += doubted
  expect(complete / whole).toBeGreaterThanOrEqual(leastWhole)
}, 240_000) // biome-ignore format: a table

test('of the hours that lost lines, 95 of a hundred are said to be missing or partial, as they are', () => {
  expect(total.found + total.doubted).toBeGreaterThan(90)
  expect(total.found / (total.found + total.doubted)).toBeGreaterThanOrEqual(0.95)
})

async function tallyOf(options: SimulationOptions): Promise<Tally> {
  return inFolder(async folder => {
    await writeSimulation(options, join(folder, 'traffic'))
    const text = readFileSync(join(folder, 'traffic/hours.ndjson'), 'utf8')
    const truths = text.trimEnd().split('\n').map(line => JSON.parse(line) as Truth) // biome-ignore format: one line
    const hours = truths.map(truth => truth.hour_us)
    const range = { fromUs: Math.min(...hours), toUs: Math.max(...hours) + HOUR_US }
    const rows = await withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [join(folder, 'traffic/apigee'), join(folder, 'traffic/iis')])
      return coverageOf(store, range)
    })
    const tally: Tally = { found: 0, doubted: 0, false: [], whole: 0, complete: 0 }
    for (const truth of truths) note(tally, truth, rows)
    return tally
  })
}

function note(tally: Tally, truth: Truth, rows: readonly CoverageRow[]): void {
  const states = rowsOf(truth, rows).map(row => row.state)
  const isComplete = states.length > 0 && states.every(state => state === 'complete')
  if (truth.lost === 0) {
    tally.whole++
    if (isComplete) tally.complete++
  } else if (isComplete || states.length === 0) {
    tally.false.push(`${truth.side} ${truth.host ?? truth.environment} ${new Date(truth.hour_us / 1000).toISOString()} ${truth.lost} of ${truth.written + truth.lost}`) // biome-ignore format: one line
  } else if (states.includes(truth.written === 0 ? 'missing' : 'partial')) tally.found++
  else tally.doubted++
}

/** Rows that speak of a log: its own, or where there are none, those of logs that are not known. */
function rowsOf(
  { side, host = '', environment, hour_us: us }: Truth,
  rows: readonly CoverageRow[],
): CoverageRow[] {
  const isOwn = ({ group }: CoverageRow): boolean => {
    if (group.side !== side) return false
    if (side === 'gateway') return group.environment === environment
    return group.host === host.toLowerCase() || group.log?.includes(`/${host}/`) === true
  }
  const own = rows.filter(isOwn)
  const candidates = own.length > 0 ? own : rows.filter(row => row.group.target !== undefined)
  return candidates.filter(row => row.hourUs === us)
}
