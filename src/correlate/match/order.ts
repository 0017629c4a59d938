import { type AppSide, runsOf } from './sides.ts'

/**
 * When each line's request ended, by its place in its log: lines are written nearly in the order of their ends (HTTP.sys
 * gives up strict order for speed), so the ends of linked lines around it narrow the second that it logs.
 */
export interface Places {
  /** The end lies about uniformly in [earliest, latest], give or take the jitter of writing. */
  readonly earliestUs: Float64Array
  readonly latestUs: Float64Array
}

/** Lines between two known ends that are counted at most: arrivals come in bursts and are less even than counted. */
const MOST_COUNTED = 8

/** @param knownUs the end of lines that are linked, NaN of others */
export function placeLines(app: AppSide, knownUs: Float64Array): Places {
  const places: Places = {
    earliestUs: new Float64Array(app.count),
    latestUs: new Float64Array(app.count),
  }
  for (const { from, to } of runsOf(app.stream, app.count)) placeStream(app, knownUs, from, to, places)
  return places
}

function placeStream(app: AppSide, knownUs: Float64Array, from: number, to: number, places: Places): void {
  const known: number[] = []
  for (let i = from; i < to; i++) if (!Number.isNaN(knownUs[i] ?? Number.NaN)) known.push(i)
  const m = known.length
  /** Known ends by time, and the place of each known line among them. */
  const byTime = Array.from({ length: m }, (_, k) => k).sort(
    (a, b) => (knownUs[known[a] ?? 0] ?? 0) - (knownUs[known[b] ?? 0] ?? 0) || a - b,
  )
  const ends = Float64Array.from(byTime, k => knownUs[known[k] ?? 0] ?? 0)
  const rank = new Int32Array(m)
  byTime.forEach((k, place) => {
    rank[k] = place
  })
  let before = 0
  let first = from
  let last = from - 1
  for (let i = from; i < to; i++) {
    if (i > last) {
      first = i
      last = i
      while (last + 1 < to && app.fromUs[last + 1] === app.fromUs[i]) last++
    }
    const isKnown = known[before] === i
    const own = isKnown ? (rank[before] ?? -1) : -1
    const end = (place: number): number => ends[own >= 0 && place >= own ? place + 1 : place] ?? Number.NaN
    const low = before > 0 ? end(before - 1) : Number.NaN
    const high = end(before)
    const previous = known[before - 1] ?? Number.NEGATIVE_INFINITY
    const next = known[isKnown ? before + 1 : before] ?? Number.POSITIVE_INFINITY
    narrow(app, i, first, last, { low, high, previous, next }, places)
    if (isKnown) before++
  }
}

interface Neighbours {
  /** Ends by rank; NaN where there is none. */
  readonly low: number
  readonly high: number
  /** Places of the known lines around it. */
  readonly previous: number
  readonly next: number
}

function narrow(app: AppSide, i: number, first: number, last: number, at: Neighbours, places: Places): void {
  const start = app.fromUs[i] ?? 0
  const stop = app.toUs[i] ?? 0
  const isAfter = at.low > start
  const isBefore = at.high < stop
  let low = isAfter ? at.low : start
  let high = isBefore ? at.high : stop
  let behind = isAfter ? i - at.previous : i - first + 1
  let ahead = isBefore ? at.next - i : last - i + 1
  if (low > high) low = high = Math.min(Math.max((low + high) / 2, start), stop)
  behind = Math.max(1, behind)
  ahead = Math.max(1, ahead)
  // A line between others in a known interval: their order statistic, Beta(behind, ahead), as a uniform of its variance.
  const share = behind / (behind + ahead)
  const counted = Math.min(MOST_COUNTED, behind + ahead)
  const middle = low + (high - low) * share
  const half = Math.sqrt((3 * share * (1 - share)) / (counted + 1)) * (high - low)
  places.earliestUs[i] = middle - half
  places.latestUs[i] = middle + half
}
