import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { coverageOf } from '../../src/coverage/coverage.ts'
import type { CoverageRow } from '../../src/coverage/row.ts'
import { HOUR_US } from '../../src/model/time.ts'
import { type SimulationOptions, writeSimulation } from '../../src/simulate/index.ts'
import { inFolder } from './folder.ts'
import { ingestInto, withStore } from './store.ts'

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
export interface Tally {
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

/** How the hours of simulated traffic that lost something are shown. */
export async function tallyOf(options: SimulationOptions): Promise<Tally> {
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
