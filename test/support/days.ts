import fc from 'fast-check'
import { closeByHand } from '../../src/correlate/close-days.ts'
import { populationOf } from '../../src/requests/population.ts'
import type { Store } from '../../src/store/store.ts'
import { requestsOf } from './fingerprint.ts'
import { type Call, calls, logFiles } from './traffic.ts'

const DAY_MS = 86_400_000

/** Logs of several evenings and the nights after them, by name; ids return from day to day. */
export function evenings(count: number, seed: number): Record<string, string> {
  const lists = fc.sample(calls, { numRuns: count, seed })
  return Object.fromEntries(
    lists.flatMap((list, n) =>
      Object.entries(logFiles([...list, crossing(n)], n * DAY_MS)).map(([name, text]) => [
        `${n}/${name}`,
        text,
      ]),
    ),
  )
}

/** A call that is received before midnight and answered after it. */
function crossing(evening: number): Call {
  const id = `crossing-${evening}-0123456789`
  return { atMs: 2 * 3_600_000 - 3000, takenMs: 5000, host: 'web01', method: 'GET', path: '/a', id, form: 'plain', status: 200, recorded: 'both', hasTwin: false } // biome-ignore format: one row
}

/** Closes every day. */
export function closeAll(store: Store): void {
  closeByHand(
    store,
    [...store.state.days.values()].map(d => d.day),
  )
}

/** Answers to a few questions, for comparing two states of a store. */
export async function answers(store: Store): Promise<unknown> {
  const search = { filter: 'status >= 400', nowMs: 0 }
  return { all: await requestsOf(store), population: await populationOf(store, search) }
}
