import { HOUR_US, MINUTE_US } from '../../model/time.ts'

/** What is known of a host's clock in a stretch of time: ahead of the gateway's by between `lowUs` and `highUs`. */
export interface Reading {
  /** Half open, on the host's clock, µs. */
  readonly fromUs: number
  readonly toUs: number
  readonly lowUs: number
  readonly highUs: number
  /** Pairs of hops that were linked under it. */
  readonly pairs: number
}

/** A moment at which a clock was set: somewhere between `fromUs` and `toUs`. */
export interface ClockStep {
  readonly fromUs: number
  readonly toUs: number
  readonly before: Reading
  readonly after: Reading
}

/** How a clock went over a time. */
export interface ClockHistory {
  /** Every reading between steps lies in it. */
  readonly lowUs: number
  readonly highUs: number
  readonly steps: readonly ClockStep[]
  /**
   * Gain in millionths by least squares between steps; 0 where one offset fits all readings, so that nothing shows a
   * drift.
   */
  readonly driftPpm: number
  /** Hours, in halves, that the clock is ahead by as a wrong time zone makes it; 0: none. */
  readonly zoneHours: number
}

/** Neighbouring readings that are apart by more than this: the clock was set. */
export const STEP_US = 250_000
/** A clock with a wrong zone is otherwise right to so much. */
const ZONE_TOLERANCE_US = MINUTE_US
/** The widest zone there is, UTC+14, and two more for the gateway's. */
const MOST_ZONE_HOURS = 16

/**
 * Describes a clock from readings in order of time.
 *
 * @returns undefined without readings
 */
export function describeClock(readings: readonly Reading[]): ClockHistory | undefined {
  if (readings.length === 0) return undefined
  const { segments, steps } = cutAtSteps(readings)
  const clear = segments.flat()
  return {
    lowUs: Math.min(...clear.map(r => r.lowUs)),
    highUs: Math.max(...clear.map(r => r.highUs)),
    steps,
    driftPpm: driftOf(segments),
    zoneHours: segments.map(zoneOf).find(hours => hours !== 0) ?? 0,
  }
}

/** The middle of a reading, µs. */
export function middleUs({ lowUs, highUs }: { lowUs: number; highUs: number }): number {
  return (lowUs + highUs) / 2
}

/**
 * Readings between steps. A reading that spans both sides of a step (a quarter of an hour in which the clock was set) is
 * in no segment: it tells when, not how far.
 */
function cutAtSteps(readings: readonly Reading[]): { segments: Reading[][]; steps: ClockStep[] } {
  const clear = readings.filter((_, i) => !isStraddling(readings, i))
  const segments: Reading[][] = []
  const steps: ClockStep[] = []
  for (const reading of clear) {
    const segment = segments.at(-1)
    const before = segment?.at(-1)
    if (!segment || !before) segments.push([reading])
    else if (gapUs(before, reading) <= STEP_US) segment.push(reading)
    else {
      steps.push({ fromUs: before.toUs, toUs: Math.max(before.toUs, reading.fromUs), before, after: reading })
      segments.push([reading])
    }
  }
  return { segments, steps }
}

/** Whether the readings before and after, which exclude each other, both lie in this one. */
function isStraddling(readings: readonly Reading[], i: number): boolean {
  const reading = readings[i]
  if (!reading) return false
  const holds = (r: Reading): boolean =>
    reading.lowUs <= r.lowUs && r.highUs <= reading.highUs && gapUs(r, reading) === 0
  const before = readings.slice(0, i).findLast(r => widthUs(r) < widthUs(reading))
  const after = readings.slice(i + 1).find(r => widthUs(r) < widthUs(reading))
  return (
    before !== undefined &&
    after !== undefined &&
    holds(before) &&
    holds(after) &&
    gapUs(before, after) > STEP_US
  )
}

function widthUs({ lowUs, highUs }: Reading): number {
  return highUs - lowUs
}

/** How far apart two readings are; 0 where one offset fits both. */
function gapUs(a: Reading, b: Reading): number {
  return Math.max(0, a.lowUs - b.highUs, b.lowUs - a.highUs)
}

function driftOf(segments: readonly (readonly Reading[])[]): number {
  if (segments.every(fitsOneOffset)) return 0
  let above = 0
  let below = 0
  for (const segment of segments) {
    const weight = segment.map(r => 1 / Math.max(1, widthUs(r) / 1000) ** 2)
    const total = weight.reduce((a, b) => a + b, 0)
    const at = segment.map(r => (r.fromUs + r.toUs) / 2 - (segment[0]?.fromUs ?? 0))
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value, i) => sum + value * (weight[i] ?? 0), 0) / total
    const [atMean, offsetMean] = [mean(at), mean(segment.map(middleUs))]
    segment.forEach((reading, i) => {
      const x = (at[i] ?? 0) - atMean
      above += (weight[i] ?? 0) * x * (middleUs(reading) - offsetMean)
      below += (weight[i] ?? 0) * x * x
    })
  }
  return below === 0 ? 0 : (above / below) * 1e6
}

function fitsOneOffset(segment: readonly Reading[]): boolean {
  return Math.max(...segment.map(r => r.lowUs)) <= Math.min(...segment.map(r => r.highUs))
}

/** The hours of a segment's offset, where it is that of a zone. */
function zoneOf(segment: readonly Reading[]): number {
  const offset = middleUs({
    lowUs: Math.min(...segment.map(r => r.lowUs)),
    highUs: Math.max(...segment.map(r => r.highUs)),
  })
  const halves = Math.round(offset / (HOUR_US / 2))
  const isNear = Math.abs(offset - (halves * HOUR_US) / 2) <= ZONE_TOLERANCE_US
  return isNear && halves !== 0 && Math.abs(halves) <= 2 * MOST_ZONE_HOURS ? halves / 2 : 0
}

/** Offsets by place in a range, NaN where nothing is known: `cells` of equal length, each the middle of its readings. */
export function offsetsOver(
  readings: readonly Reading[],
  fromUs: number,
  toUs: number,
  cells: number,
): number[] {
  const length = (toUs - fromUs) / cells
  return Array.from({ length: cells }, (_, cell) => {
    const [start, stop] = [fromUs + cell * length, fromUs + (cell + 1) * length]
    const inside = readings.filter(r => r.fromUs < stop && r.toUs > start)
    return inside.length === 0 ? Number.NaN : inside.reduce((sum, r) => sum + middleUs(r), 0) / inside.length
  })
}

/** Readings of one host's day may be given twice for a moment, once narrow and once as the hull of several. */
export function withoutHulls(readings: readonly Reading[]): Reading[] {
  const isHull = (r: Reading): boolean =>
    readings.some(
      o =>
        o !== r &&
        overlapUs(o, r) > 0 &&
        widthUs(o) + STEP_US < widthUs(r) &&
        r.lowUs <= o.lowUs &&
        o.highUs <= r.highUs,
    )
  return readings.filter(r => !isHull(r)).sort((a, b) => a.fromUs - b.fromUs || a.lowUs - b.lowUs)
}

function overlapUs(a: Reading, b: Reading): number {
  return Math.min(a.toUs, b.toUs) - Math.max(a.fromUs, b.fromUs)
}
