import { HOUR_US, MINUTE_US, SECOND_US } from '../model/time.ts'
import type { SilenceRow } from './gather.ts'
import type { Judged, Silence } from './judge.ts'
import type { CoverageReason, CoverageState } from './reasons.ts'
import type { Gap } from './row.ts'

/** How long before its first hop and behind its last one a source is still expected. */
const EXPECTED_US = 48 * HOUR_US
/** A silence that takes this much of an hour, and so many lines by the rate around it, has taken some. */
const PART_US = MINUTE_US
const PART_LINES = 10
/** Or this much, whatever the rate. */
const LARGE_PART_US = 10 * MINUTE_US
/** Stamps are whole seconds: a line in the last second of an hour reaches its end. */
const TOUCH_US = SECOND_US

/** First and last stamp of a track. */
export interface Bounds {
  readonly firstUs: number
  readonly lastUs: number
}

/** The silences of a track in order of time, those at its ends included. */
export function silencesOf(rows: readonly SilenceRow[], bounds: Bounds, horizon: Gap): Silence[] {
  const { firstUs, lastUs } = bounds
  const before: Silence[] =
    firstUs > horizon.fromUs
      ? [{ fromUs: horizon.fromUs, toUs: firstUs, place: 'before', isInFile: false }]
      : []
  const after: Silence[] =
    lastUs < horizon.toUs ? [{ fromUs: lastUs, toUs: horizon.toUs, place: 'after', isInFile: false }] : []
  const inside = rows.map(row => ({
    fromUs: row.from_us,
    toUs: row.to_us,
    place: 'inside' as const,
    isInFile: row.from_source === row.to_source,
  }))
  return [...before, ...inside, ...after]
}

/** What the silences of a track make of an hour; `undefined`: nothing. */
export interface HourDoubt {
  readonly state: CoverageState
  readonly reason: CoverageReason
  readonly gap: Gap
}

const RANK = { plain: 0, idle: 1, doubt: 2, hole: 3 } as const

/** The silences of a track by the hours that they touch. */
export class TrackHours {
  readonly #worst = new Map<number, Judged>()
  readonly #bounds: Bounds
  readonly #expected: (silence: Silence) => number

  /** @param isHeadWhole whether nothing is missing before the first hop in its hour */
  constructor(
    judged: readonly Judged[],
    bounds: Bounds,
    expected: (silence: Silence) => number,
    isHeadWhole: boolean,
  ) {
    this.#bounds = bounds
    this.#expected = expected
    for (const silence of judged) {
      if (silence.verdict === 'plain') continue
      const isHead = silence.verdict === 'doubt' && silence.place === 'before' && isHeadWhole
      const toUs = isHead ? Math.min(silence.toUs, floorHour(bounds.firstUs)) : silence.toUs
      for (let at = floorHour(silence.fromUs); at < toUs; at += HOUR_US) this.#note(at, silence, toUs)
    }
  }

  #note(hourUs: number, silence: Judged, toUs: number): void {
    const overlap = overlapOf({ fromUs: silence.fromUs, toUs }, hourUs)
    const isTouched = silence.fromUs <= hourUs ? overlap >= TOUCH_US : overlap > TOUCH_US
    if (!isTouched) return
    const before = this.#worst.get(hourUs)
    const rank = before ? RANK[silence.verdict] - RANK[before.verdict] : 1
    if (!before || rank > 0 || (rank === 0 && overlap > overlapOf(before, hourUs)))
      this.#worst.set(hourUs, silence)
  }

  /** Whether a track is expected to have something in an hour; long before its first and behind its last hop only a hole says so. */
  isExpected(hourUs: number): boolean {
    const { firstUs, lastUs } = this.#bounds
    const isFar = hourUs + HOUR_US < firstUs - EXPECTED_US || hourUs > lastUs + EXPECTED_US
    return !isFar || this.#worst.get(hourUs)?.verdict === 'hole'
  }

  /** @param hops of the track in the hour */
  at(hourUs: number, hops: number): HourDoubt | undefined {
    const worst = this.#worst.get(hourUs)
    if (!worst) return undefined
    const { fromUs, toUs } = worst.whole ?? worst
    const gap = { fromUs, toUs }
    const { reason, verdict } = worst
    if (verdict === 'idle') return { state: 'complete', reason, gap }
    if (verdict === 'doubt') return { state: 'unknown', reason, gap }
    if (hops === 0) return { state: 'missing', reason, gap }
    const part = {
      ...worst,
      fromUs: Math.max(worst.fromUs, hourUs),
      toUs: Math.min(worst.toUs, hourUs + HOUR_US),
    }
    const lengthUs = part.toUs - part.fromUs
    const isPart = lengthUs >= PART_US && this.#share(worst, lengthUs) >= PART_LINES
    if (isPart || lengthUs >= LARGE_PART_US) return { state: 'partial', reason, gap }
    return { state: 'unknown', reason: 'edge-of-gap', gap }
  }

  /** Hops that a part of a silence would have held. */
  #share(silence: Judged, lengthUs: number): number {
    return (this.#expected(silence) * lengthUs) / (silence.toUs - silence.fromUs)
  }
}

function overlapOf({ fromUs, toUs }: Gap, hourUs: number): number {
  return Math.min(toUs, hourUs + HOUR_US) - Math.max(fromUs, hourUs)
}

export function floorHour(us: number): number {
  return Math.floor(us / HOUR_US) * HOUR_US
}
