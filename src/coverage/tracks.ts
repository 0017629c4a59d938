import type { SourceRecord } from '../ledger/entry.ts'
import { HOUR_US } from '../model/time.ts'
import type { Gathered, SilenceRow } from './gather.ts'
import type { HourCounts } from './log-recorder.ts'
import type { CoverageReason, CoverageState } from './reasons.ts'
import { STATES } from './reasons.ts'
import type { Gap, Side } from './row.ts'
import type { Bounds } from './track-hours.ts'

/** What was counted of one log or environment. Hours are numbers from 1970. */
export interface Track {
  readonly hops: Map<number, number>
  readonly byApplication: Map<string, Map<number, number>>
  readonly silences: SilenceRow[]
  readonly rejected: Map<number, number>
  firstUs: number
  lastUs: number
}

/** The tracks of a side, by their number. */
export function tracksOf(gathered: Gathered, side: Side): ReadonlyMap<number, Track> {
  const tracks = new Map<number, Track>()
  for (const row of gathered.hours) {
    if (row.side !== side) continue
    const track = tracks.get(row.track) ?? {
      hops: new Map(), byApplication: new Map(), silences: [], rejected: new Map(),
      firstUs: Number.POSITIVE_INFINITY, lastUs: Number.NEGATIVE_INFINITY,
    } // biome-ignore format: one track
    tracks.set(row.track, track)
    const own = track.byApplication.get(row.application) ?? new Map<number, number>()
    track.byApplication.set(row.application, own)
    own.set(row.hour, row.hops)
    add(track.hops, row.hour, row.hops)
    track.firstUs = Math.min(track.firstUs, row.first_us)
    track.lastUs = Math.max(track.lastUs, row.last_us)
  }
  for (const row of gathered.silences) if (row.side === side) tracks.get(row.track)?.silences.push(row)
  for (const row of gathered.rejects)
    if (row.side === side) add(tracks.get(row.track)?.rejected ?? new Map(), row.hour, row.lines)
  return tracks
}

function add(counts: Map<number, number>, hour: number, n: number): void {
  counts.set(hour, (counts.get(hour) ?? 0) + n)
}

export function boundsOf({ firstUs, lastUs }: Track): Bounds {
  return { firstUs, lastUs }
}

export function hopsAt(counts: HourCounts | undefined, hourUs: number): number {
  return counts?.get(Math.floor(hourUs / HOUR_US)) ?? 0
}

/** Hours in which reading of a source stopped before its end. */
export function failedHours(sources: readonly SourceRecord[]): ReadonlySet<number> {
  return new Set(
    sources.flatMap(({ status, accounting: { lastUs } }) =>
      status === 'complete' || lastUs === undefined ? [] : [Math.floor(lastUs / HOUR_US)],
    ),
  )
}

/** One thing that is known of an hour. */
export interface Sign {
  readonly state: CoverageState
  readonly reason: CoverageReason
  readonly gap?: Gap | undefined
}

/** What the signs say together: the worst, and the first of equal ones. */
export function worstOf(signs: readonly (Sign | undefined)[]): Sign {
  let worst: Sign | undefined
  for (const sign of signs)
    if (sign && (!worst || STATES.indexOf(sign.state) > STATES.indexOf(worst.state))) worst = sign
  return worst ?? { state: 'complete', reason: 'continuous' }
}
