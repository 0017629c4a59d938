import { MINUTE_US } from '../../model/time.ts'
import { agreement, type Bound, type ClockPiece, fits, type Interval } from './piece.ts'

/** A clock is read for each quarter of an hour. */
export const QUARTER_US = 15 * MINUTE_US
/** Pairs from which a quarter speaks for itself; below, its neighbours help. */
const ENOUGH_PAIRS = 8
/** Share of pairs that must agree, or the quarter is looked at for a step. */
const STEADY_SHARE = 0.85
/** A step must explain at least so many more pairs, and this share of those that agreed without it. */
const LEAST_GAIN = 3
const LEAST_GAIN_SHARE = 0.15
/** A quarter is cut in halves at most so often: a clock that jumps more than that has no reading. */
const MOST_CUTS = 3

/**
 * Reads a clock from bounds, for each quarter of an hour in a range: raw stamps stay as they are.
 *
 * @param bounds by time
 * @returns pieces without gaps; empty where there is no bound at all
 */
export function fitClock(bounds: readonly Bound[], fromUs: number, toUs: number): ClockPiece[] {
  const first = Math.floor(fromUs / QUARTER_US)
  const count = Math.max(1, Math.ceil(toUs / QUARTER_US) - first)
  const quarters: Bound[][] = Array.from({ length: count }, () => [])
  for (const bound of bounds) quarters[Math.floor(bound.atUs / QUARTER_US) - first]?.push(bound)
  const pieces = quarters.map((_, q) => readQuarter(quarters, q, (first + q) * QUARTER_US))
  if (pieces.every(list => list.length === 0)) return []
  return pieces.flatMap((list, q) => (list.length > 0 ? list : [bridge(pieces, q, (first + q) * QUARTER_US)]))
}

function readQuarter(quarters: readonly Bound[][], q: number, startUs: number): ClockPiece[] {
  const own = quarters[q] ?? []
  if (own.length === 0) return []
  const toUs = startUs + QUARTER_US
  if (weightOf(own) >= ENOUGH_PAIRS) return cutAtSteps(own, startUs, toUs, MOST_CUTS)
  let pooled = own
  for (let reach = 1; weightOf(pooled) < ENOUGH_PAIRS && reach <= 8; reach++)
    pooled = [...(quarters[q - reach] ?? []), ...pooled, ...(quarters[q + reach] ?? [])]
  return cutAtSteps(pooled, startUs, toUs, 0)
}

function weightOf(bounds: readonly Bound[]): number {
  return bounds.reduce((sum, b) => sum + b.weight, 0)
}

/** One reading of the bounds, or several where they agree much better before and after a moment than together. */
function cutAtSteps(bounds: readonly Bound[], fromUs: number, toUs: number, cuts: number): ClockPiece[] {
  const one = agreement(bounds)
  if (!one) return []
  const pairs = weightOf(bounds)
  const whole = [{ fromUs, toUs, lowUs: one.lowUs, highUs: one.highUs, pairs, agreeing: one.agreeing }]
  if (cuts === 0 || one.agreeing >= STEADY_SHARE * pairs) return whole
  const other = agreement(bounds.filter(b => !fits(b, one)))
  if (!other) return whole
  const step = [bestCut(bounds, one, other), bestCut(bounds, other, one)].reduce((a, b) =>
    b.agreeing > a.agreeing ? b : a,
  )
  if (step.agreeing - one.agreeing < Math.max(LEAST_GAIN, LEAST_GAIN_SHARE * one.agreeing)) return whole
  // Stamps are whole seconds: pairs of the first or last second of a piece are no piece of their own.
  const atUs = step.place === 0 ? fromUs : (bounds[step.place]?.atUs ?? toUs)
  const before = atUs > fromUs ? cutAtSteps(bounds.slice(0, step.place), fromUs, atUs, cuts - 1) : []
  const after = atUs < toUs ? cutAtSteps(bounds.slice(step.place), atUs, toUs, cuts - 1) : []
  return [...before, ...after]
}

/** The place at which a clock most likely went from one reading to another. */
function bestCut(
  bounds: readonly Bound[],
  early: Interval,
  late: Interval,
): { place: number; agreeing: number } {
  let agreeing = bounds.reduce((sum, b) => sum + (fits(b, late) ? b.weight : 0), 0)
  let best = { place: 0, agreeing }
  bounds.forEach((b, i) => {
    agreeing += (fits(b, early) ? b.weight : 0) - (fits(b, late) ? b.weight : 0)
    if (agreeing > best.agreeing) best = { place: i + 1, agreeing }
  })
  return best
}

/** A quarter without pairs: the clock was where its neighbours say, or between them. */
function bridge(pieces: readonly (readonly ClockPiece[])[], q: number, startUs: number): ClockPiece {
  const before = pieces
    .slice(0, q)
    .findLast(list => list.length > 0)
    ?.at(-1)
  const after = pieces.slice(q + 1).find(list => list.length > 0)?.[0]
  const around = [before, after].filter(p => p !== undefined)
  return {
    fromUs: startUs,
    toUs: startUs + QUARTER_US,
    lowUs: Math.min(...around.map(p => p.lowUs)),
    highUs: Math.max(...around.map(p => p.highUs)),
    pairs: 0,
    agreeing: 0,
  }
}
