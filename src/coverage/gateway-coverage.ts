import type { SourceRecord } from '../ledger/entry.ts'
import { DAY_US, HOUR_US, MINUTE_US } from '../model/time.ts'
import type { Scene } from './app-coverage.ts'
import { type GatewayLines, inHour, isMuch, type Target } from './calls.ts'
import type { Environment } from './gather.ts'
import { type Judged, judgeSilences, type Recorder } from './judge.ts'
import { expectedIn } from './log-recorder.ts'
import type { CoverageRow, SourceGroup } from './row.ts'
import { hoursWithMissingShards } from './shards.ts'
import { sumWithin } from './slots.ts'
import { floorHour, silencesOf, TrackHours } from './track-hours.ts'
import { boundsOf, failedHours, hopsAt, type Sign, type Track, tracksOf, worstOf } from './tracks.ts'

/** A silence of an environment from here on wants an explanation. */
const LIMIT_US = 15 * MINUTE_US
/** Records come to analytics 15 to 20 minutes late on average (security reports, Apigee documentation). */
const LATE_US = 20 * MINUTE_US
/** So many lines with their record show that the export had caught up. */
const CAUGHT_UP_LINES = 5

interface Exports {
  readonly environment: Environment
  readonly track: Track
  /** Lines of the logs that answer its targets. */
  readonly lines: readonly GatewayLines[]
  readonly targets: readonly Target[]
  /** Whether the logs that answer its targets are whole in an hour. */
  readonly isAppWhole: (hour: number) => boolean
}

/**
 * Rows of the gateway's side, one environment after the other.
 *
 * @param app rows of the app side
 */
export function gatewayCoverage(
  scene: Scene,
  app: readonly CoverageRow[],
  sources: ReadonlyMap<number, SourceRecord>,
): CoverageRow[] {
  const tracks = tracksOf(scene.gathered, 'gateway')
  const known = scene.gathered.environments.flatMap(environment => {
    const track = tracks.get(environment.id)
    return track ? [exportsOf(scene, environment, track, app)] : []
  })
  const judged = judgeSilences(known.map(one => recorderOf(scene, one)))
  return known.flatMap((one, i) => {
    const own = one.environment.sourceIds.flatMap(id => sources.get(id) ?? [])
    return rowsOf(
      scene,
      one,
      (judged[i] ?? []).map(silence => explained(one, silence)),
      own,
    )
  })
}

function exportsOf(
  { gathered, services, targets, lines }: Scene,
  environment: Environment,
  track: Track,
  app: readonly CoverageRow[],
): Exports {
  const ids = new Set(services.filter(s => s.environment === environment.id).map(s => s.stream))
  const streams = gathered.streams.filter(s => ids.has(s.id))
  const whole = new Map<number, boolean>()
  for (const { group, hourUs, state } of app) {
    const isOwn = streams.some(s => s.host === group.host && s.site === group.site && (group.host !== undefined || s.log === group.log)) // biome-ignore format: one line
    const isTarget = group.target !== undefined && group.applications.some(a => track.byApplication.has(a))
    const hour = hourUs / HOUR_US
    if (isOwn || isTarget) whole.set(hour, (whole.get(hour) ?? true) && state === 'complete')
  }
  return {
    environment,
    track,
    lines: streams.flatMap(s => lines.get(s.id) ?? []),
    targets: targets.filter(t => t.environment === environment.id),
    isAppWhole: hour => whole.get(hour) === true,
  }
}

function recorderOf({ horizon }: Scene, { track, lines }: Exports): Recorder {
  return {
    silences: silencesOf(track.silences, boundsOf(track), horizon),
    aheadUs: 0,
    partners: lines.map(l => l.slots),
    limitUs: LIMIT_US,
    unmatched: 'lines-without-record',
    proof: () => undefined,
    expected: silence => expectedIn(track.hops, silence),
    skipsPeriod: () => false,
  }
}

/** A silence in which whole logs of IIS show no call is none of the export. */
function explained({ lines, isAppWhole }: Exports, silence: Judged): Judged {
  const { fromUs, toUs } = silence
  if (silence.verdict !== 'doubt' || silence.place !== 'inside' || lines.length === 0) return silence
  for (let at = floorHour(fromUs); at < toUs; at += HOUR_US) if (!isAppWhole(at / HOUR_US)) return silence
  const { loose } = sumWithin(lines.map(l => l.slots), fromUs, toUs) // biome-ignore format: one line
  return loose > 0 ? silence : { ...silence, verdict: 'idle', reason: 'nothing-called' }
}

/** Whether whole logs of IIS show no call before the first record in its hour. */
function isHeadWhole({ lines, isAppWhole, track }: Exports): boolean {
  const hourUs = floorHour(track.firstUs)
  const { loose } = sumWithin(lines.map(l => l.slots), hourUs, track.firstUs) // biome-ignore format: one line
  return lines.length > 0 && loose === 0 && isAppWhole(hourUs / HOUR_US)
}

function rowsOf(
  { hours }: Scene,
  one: Exports,
  judged: readonly Judged[],
  sources: readonly SourceRecord[],
): CoverageRow[] {
  const { environment, track, lines, targets } = one
  const expected = (silence: Parameters<typeof expectedIn>[1]): number => expectedIn(track.hops, silence)
  const silent = new TrackHours(judged, boundsOf(track), expected, isHeadWhole(one))
  const failed = failedHours(sources)
  const holed = hoursWithMissingShards(sources)
  const group: SourceGroup = {
    side: 'gateway',
    applications: [...track.byApplication.keys()].sort(),
    organization: environment.organization,
    environment: environment.environment,
  }
  return hours.flatMap((hourUs): CoverageRow[] => {
    if (!silent.isExpected(hourUs)) return []
    const hour = hourUs / HOUR_US
    const rejected = hopsAt(track.rejected, hourUs)
    const hops = hopsAt(track.hops, hourUs)
    const { all, loose } = inHour(lines, hour)
    const sign = worstOf([
      silent.at(hourUs, hops),
      holed.has(hour) ? { state: 'partial', reason: 'shard-missing' } : undefined,
      rejected > 0 ? { state: 'partial', reason: 'rejects' } : undefined,
      failed.has(hour) ? { state: 'partial', reason: 'source-failed' } : undefined,
      unclaimed(lines, targets, hour),
      late(one, hourUs),
    ])
    return [{ group, hourUs, ...sign, evidence: { hops, expected: all, unmatched: loose, rejected } }]
  })
}

/** What lines without a record say of an hour beyond the holes that are known. */
function unclaimed(
  lines: readonly GatewayLines[],
  targets: readonly Target[],
  hour: number,
): Sign | undefined {
  const us = hour * HOUR_US
  const rest = sumWithin(lines.map(l => l.slots), us, us + HOUR_US) // biome-ignore format: one line
  if (!isMuch(rest)) return undefined
  const isBoth = inHour(targets, hour).loose >= rest.loose / 2
  return { state: 'unknown', reason: isBoth ? 'not-joined' : 'lines-without-record' }
}

/** Records that may have come after the export of their day was made, unless lines of that time have theirs. */
function late({ track, lines }: Exports, hourUs: number): Sign | undefined {
  const lastUs = lastOfDay(track, hourUs)
  if (lastUs === undefined || hourUs + HOUR_US <= lastUs - LATE_US) return undefined
  const from = Math.max(hourUs, lastUs - LATE_US)
  const { all, loose } = sumWithin(lines.map(l => l.slots), from, hourUs + HOUR_US) // biome-ignore format: one line
  const hasCaughtUp = all - loose >= CAUGHT_UP_LINES && loose < 0.05 * all
  return hasCaughtUp ? undefined : { state: 'unknown', reason: 'late-records' }
}

/** The last record of the UTC day of an hour, to the hour's end at least; exports are made by day. */
function lastOfDay({ hops, lastUs }: Track, hourUs: number): number | undefined {
  const dayUs = Math.floor(hourUs / DAY_US) * DAY_US
  for (let at = dayUs + DAY_US - HOUR_US; at >= dayUs; at -= HOUR_US)
    if (hopsAt(hops, at) > 0) return Math.min(at + HOUR_US, lastUs)
  return undefined
}
