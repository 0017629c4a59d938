import { MINUTE_US } from '../../model/time.ts'
import { agreement, type Bound, type ClockPiece, fits } from './piece.ts'

/** A clock is read for each quarter of an hour. */
export const QUARTER_US = 15 * MINUTE_US
/** Pairs from which a quarter speaks for itself; below, its neighbours help. */
const ENOUGH_PAIRS = 8
/** Share of pairs that must agree, or the quarter is looked at for a step. */
const STEADY_SHARE = 0.85
/** Two readings further apart than this are a step. */
const STEP_US = 200_000

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
  const read = pieces.filter(piece => piece !== undefined)
  if (read.length === 0) return []
  return pieces.flatMap((piece, q) => {
    const startUs = (first + q) * QUARTER_US
    if (!piece) return [bridge(pieces, q, startUs)]
    return splitAtStep(piece, quarters[q] ?? [], neighbour(pieces, q, -1), neighbour(pieces, q, 1))
  })
}

function readQuarter(quarters: readonly Bound[][], q: number, startUs: number): ClockPiece | undefined {
  let pooled = quarters[q] ?? []
  const weight = (list: readonly Bound[]): number => list.reduce((sum, b) => sum + b.weight, 0)
  if (weight(pooled) === 0) return undefined
  for (let reach = 1; weight(pooled) < ENOUGH_PAIRS && reach <= 8; reach++)
    pooled = [...(quarters[q - reach] ?? []), ...pooled, ...(quarters[q + reach] ?? [])]
  const own = agreement(pooled)
  if (!own) return undefined
  return { fromUs: startUs, toUs: startUs + QUARTER_US, lowUs: own.lowUs, highUs: own.highUs, pairs: weight(pooled), agreeing: own.agreeing } // biome-ignore format: one piece
}

function neighbour(
  pieces: readonly (ClockPiece | undefined)[],
  q: number,
  step: number,
): ClockPiece | undefined {
  for (let at = q + step; at >= 0 && at < pieces.length; at += step) if (pieces[at]) return pieces[at]
  return undefined
}

/** A quarter without pairs: the clock was where its neighbours say, or between them. */
function bridge(pieces: readonly (ClockPiece | undefined)[], q: number, startUs: number): ClockPiece {
  const around = [neighbour(pieces, q, -1), neighbour(pieces, q, 1)].filter(p => p !== undefined)
  return {
    fromUs: startUs,
    toUs: startUs + QUARTER_US,
    lowUs: Math.min(...around.map(p => p.lowUs)),
    highUs: Math.max(...around.map(p => p.highUs)),
    pairs: 0,
    agreeing: 0,
  }
}

/** A quarter in which many pairs disagree with the rest: the clock was set from one neighbour's reading to the other's. */
function splitAtStep(
  piece: ClockPiece,
  bounds: readonly Bound[],
  before: ClockPiece | undefined,
  after: ClockPiece | undefined,
): ClockPiece[] {
  if (!before || !after || piece.agreeing >= STEADY_SHARE * piece.pairs) return [piece]
  if (before.lowUs <= after.highUs + STEP_US && after.lowUs <= before.highUs + STEP_US) return [piece]
  const { place, agreeing } = bestSplit(bounds, before, after)
  const total = bounds.reduce((sum, b) => sum + b.weight, 0)
  const atUs = bounds[place]?.atUs
  if (agreeing < STEADY_SHARE * total || atUs === undefined) return [piece]
  const part = (side: ClockPiece, fromUs: number, toUs: number): ClockPiece => ({
    ...side,
    fromUs,
    toUs,
    pairs: piece.pairs,
    agreeing,
  })
  return [part(before, piece.fromUs, atUs), part(after, atUs, piece.toUs)]
}

function bestSplit(
  bounds: readonly Bound[],
  before: ClockPiece,
  after: ClockPiece,
): { place: number; agreeing: number } {
  const wide = (p: ClockPiece): { lowUs: number; highUs: number } => ({ lowUs: p.lowUs - STEP_US / 4, highUs: p.highUs + STEP_US / 4 }) // biome-ignore format: one line
  const [early, late] = [wide(before), wide(after)]
  let agreeing = bounds.reduce((sum, b) => sum + (fits(b, late) ? b.weight : 0), 0)
  let best = { place: 0, agreeing }
  bounds.forEach((b, i) => {
    agreeing += (fits(b, early) ? b.weight : 0) - (fits(b, late) ? b.weight : 0)
    if (agreeing > best.agreeing) best = { place: i + 1, agreeing }
  })
  return best
}
