/** What one pair of hops says about a host's clock: it is ahead of the gateway's by between `lowUs` and `highUs`. */
export interface Bound {
  /** Stamp of the app hop, µs on its own clock. */
  readonly atUs: number
  readonly lowUs: number
  readonly highUs: number
  /** 1 for a pair that an id joins; less for one of several guesses. */
  readonly weight: number
}

/** A time in which a host's clock was ahead of the gateway's by between `lowUs` and `highUs`. Half open, on its clock. */
export interface ClockPiece {
  readonly fromUs: number
  readonly toUs: number
  readonly lowUs: number
  readonly highUs: number
  /** Weight of the bounds it was read from, and of those that agree with it. */
  readonly pairs: number
  readonly agreeing: number
}

export interface Interval {
  readonly lowUs: number
  readonly highUs: number
  readonly agreeing: number
}

/** Share of the agreeing pairs that may fall out where the interval is read: a few ends are logged late. */
const STRAY_SHARE = 0.02

/**
 * The interval in which most bounds agree (Marzullo's algorithm: "Maintaining the time in a distributed system", 1984),
 * widened to where nearly as many do.
 */
export function agreement(bounds: readonly Bound[]): Interval | undefined {
  const events = bounds
    .flatMap(b => [
      { us: b.lowUs, step: b.weight },
      { us: b.highUs, step: -b.weight },
    ])
    .sort((a, b) => a.us - b.us || b.step - a.step)
  let best = 0
  let now = 0
  for (const { step } of events) {
    now += step
    best = Math.max(best, now)
  }
  if (best <= 0) return undefined
  const enough = best - Math.max(1e-9, STRAY_SHARE * best)
  return widest(events, enough, best)
}

/** The first stretch that holds the best agreement and in which at least `enough` agree. */
function widest(
  events: readonly { us: number; step: number }[],
  enough: number,
  best: number,
): Interval | undefined {
  let now = 0
  let from: number | undefined
  let holdsBest = false
  for (const { us, step } of events) {
    now += step
    if (now >= enough) {
      from ??= us
      if (now >= best - 1e-9) holdsBest = true
    } else if (from !== undefined) {
      if (holdsBest) return { lowUs: from, highUs: us, agreeing: best }
      from = undefined
    }
  }
  return undefined
}

/** Whether a bound agrees with an interval. */
export function fits(bound: Bound, { lowUs, highUs }: { lowUs: number; highUs: number }): boolean {
  return bound.lowUs <= highUs && bound.highUs >= lowUs
}
