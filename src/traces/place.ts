import type { PlacedBy } from './span.ts'

/** The call that caused a hop, on the gateway's clock, µs. */
export interface Call {
  readonly startUs: number
  readonly endUs: number
}

/** A hop as its host logged it. */
export interface Logged {
  /** Logged end; the true one lies within `resolutionUs` after it. */
  readonly endUs: number
  readonly tookUs: number
  readonly resolutionUs: number
  /** The host's clock is ahead of the gateway's by between these, µs; undefined where nothing is known of it. */
  readonly ahead: { readonly lowUs: number; readonly highUs: number } | undefined
  /** Whether the call ended with it: it stands as late as it can then, not in the middle. */
  readonly endsCall?: boolean
}

export interface Placed {
  readonly startUs: number
  readonly endUs: number
  readonly by: PlacedBy
  /** Why it stands where it was logged though a call is known; undefined where it does not. */
  readonly misfit: 'longer' | 'apart' | undefined
  /** How far it lies from the call at least, µs; negative is earlier. */
  readonly apartUs: number
}

interface Span {
  readonly low: number
  readonly high: number
}

/**
 * Places the hops of one call, in their order, on the gateway's clock: inside the call where the reading of their
 * host's clock, or without one the resolution of their stamps, allows it; else as logged. No hop is moved out of the
 * interval in which its end must lie, and none is made longer or shorter.
 *
 * Where there is room, a hop stands as near to the middle of its interval as it can, and does not begin before the one
 * in front of it has ended. One that ended the call stands at its end.
 */
export function placeInCall(call: Call | undefined, hops: readonly Logged[]): Placed[] {
  const room = hops.map(hop => call && roomFor(hop, call))
  const latest = latestEnds(hops, room)
  let freeFromUs = Number.NEGATIVE_INFINITY
  return hops.map((hop, i) => {
    const own = room[i]
    if (!call || !own || own.low > own.high) return asLogged(hop, call)
    const low = Math.max(own.low, freeFromUs + hop.tookUs)
    const high = Math.max(own.low, Math.min(own.high, latest[i] ?? own.high))
    const interval = endInterval(hop)
    const middle = hop.endsCall ? high : Math.floor((interval.low + interval.high) / 2)
    // A hop for which those before it leave no room overlaps them rather than leaving its interval.
    const endUs = Math.min(own.high, Math.max(low, Math.min(high, middle)))
    freeFromUs = endUs
    const by = hop.ahead ? 'clock' : 'resolution'
    return { startUs: endUs - hop.tookUs, endUs, by, misfit: undefined, apartUs: 0 }
  })
}

/** Where the end of a hop lies on the gateway's clock. */
function endInterval({ endUs, resolutionUs, ahead }: Logged): Span {
  return { low: endUs - (ahead?.highUs ?? 0), high: endUs + resolutionUs - (ahead?.lowUs ?? 0) }
}

/** Ends that put a hop inside a call; low above high where there is none. */
function roomFor(hop: Logged, call: Call): Span {
  const interval = endInterval(hop)
  return {
    low: Math.max(interval.low, call.startUs + hop.tookUs),
    high: Math.min(interval.high, call.endUs),
  }
}

/** The latest end of each hop that leaves room for those behind it. */
function latestEnds(hops: readonly Logged[], room: readonly (Span | undefined)[]): number[] {
  const latest: number[] = []
  let beforeUs = Number.POSITIVE_INFINITY
  for (const [i, hop] of [...hops.entries()].reverse()) {
    const own = room[i]
    const fits = own !== undefined && own.low <= own.high
    latest[i] = fits ? Math.max(own.low, Math.min(own.high, beforeUs)) : beforeUs
    if (fits) beforeUs = (latest[i] ?? beforeUs) - hop.tookUs
  }
  return latest
}

function asLogged(hop: Logged, call: Call | undefined): Placed {
  const logged = { startUs: hop.endUs - hop.tookUs, endUs: hop.endUs, by: 'stamps' as const }
  if (!call) return { ...logged, misfit: undefined, apartUs: 0 }
  if (hop.tookUs > call.endUs - call.startUs)
    return { ...logged, misfit: 'longer', apartUs: apart(hop, call) }
  return { ...logged, misfit: 'apart', apartUs: apart(hop, call) }
}

/** How far the interval of a hop's end lies outside the ends that its call allows; 0 where only its length is in the way. */
function apart(hop: Logged, call: Call): number {
  const { low, high } = endInterval(hop)
  const earliest = Math.min(call.startUs + hop.tookUs, call.endUs)
  const latest = Math.max(call.startUs + hop.tookUs, call.endUs)
  return low > latest ? low - latest : Math.min(0, high - earliest)
}
