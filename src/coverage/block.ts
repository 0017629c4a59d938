import { DAY_US, dayNumber, HOUR_US } from '../model/time.ts'
import type { Store } from '../store/store.ts'
import { AROUND_DAYS, coverageOf } from './coverage.ts'
import type { CoverageRow } from './row.ts'

/** Days that are judged on one look at the logs, so that what a day is judged by does not depend on the period asked for. */
const BLOCK_DAYS = 7
/** Hours around a day in which the partners of its requests may have been logged. */
const BEFORE_US = 2 * HOUR_US
const BEHIND_US = 4 * HOUR_US

/** The look that was taken last at each store: days are asked for one after the other. */
const looks = new WeakMap<Store, { readonly key: string; readonly rows: readonly CoverageRow[] }>()

/** Coverage of a day and of the hours around it. */
export async function coverageAround(store: Store, day: string): Promise<readonly CoverageRow[]> {
  const rows = await coverageOfBlock(store, firstOfBlock(day))
  const start = dayNumber(day) * DAY_US
  return rows.filter(({ hourUs: at }) => at >= start - BEFORE_US && at < start + DAY_US + BEHIND_US)
}

/** The numbers of the days whose facts and links the coverage of a day rests on. */
export function coverageReach(day: string): { readonly from: number; readonly to: number } {
  const first = firstOfBlock(day)
  return { from: first - AROUND_DAYS - 1, to: first + BLOCK_DAYS + AROUND_DAYS + 1 }
}

function firstOfBlock(day: string): number {
  return Math.floor(dayNumber(day) / BLOCK_DAYS) * BLOCK_DAYS
}

async function coverageOfBlock(store: Store, first: number): Promise<readonly CoverageRow[]> {
  const key = `${store.state.head} ${first}`
  const known = looks.get(store)
  if (known?.key === key) return known.rows
  const rows = await coverageOf(store, {
    fromUs: first * DAY_US - BEFORE_US,
    toUs: (first + BLOCK_DAYS) * DAY_US + BEHIND_US,
  })
  looks.set(store, { key, rows })
  return rows
}
