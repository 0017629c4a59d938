import { HOUR_US } from '../model/time.ts'
import { aheadOf, type GatewayLines, inHour, isMuch, type Target } from './calls.ts'
import type { Gathered, Served } from './gather.ts'
import { type Judged, judgeSilences } from './judge.ts'
import { beginsWhole, expectedIn, logRecorder } from './log-recorder.ts'
import type { LogStream } from './log-streams.ts'
import type { CoverageRow, Gap, SourceGroup } from './row.ts'
import { silencesOf, TrackHours } from './track-hours.ts'
import { boundsOf, failedHours, hopsAt, type Sign, type Track, tracksOf, worstOf } from './tracks.ts'

/** What both sides are judged by. */
export interface Scene {
  readonly gathered: Gathered
  readonly services: readonly Served[]
  readonly targets: readonly Target[]
  /** Lines from the gateway, by stream. */
  readonly lines: ReadonlyMap<number, GatewayLines>
  /** What was looked at; silences at its edges end there. */
  readonly horizon: Gap
  /** Starts of the hours that are asked about, µs. */
  readonly hours: readonly number[]
}

interface Stream {
  readonly stream: LogStream
  readonly track: Track
  readonly hours: TrackHours
  readonly failed: ReadonlySet<number>
  readonly targets: readonly Target[]
}

/** Rows of the app side: of each log, and of logs that are not known but must exist. */
export function appCoverage(scene: Scene): CoverageRow[] {
  const streams = judgedStreams(scene)
  const byId = new Map(streams.map(s => [s.stream.id, s]))
  const left = new Map<Target, Map<number, Sign>>()
  const unknown = scene.targets.flatMap(target => unknownLog(scene, target, byId, left))
  return [...streams.flatMap(s => streamRows(scene, s, left)), ...unknown]
}

function judgedStreams(scene: Scene): Stream[] {
  const { gathered, services, targets, horizon } = scene
  const tracks = tracksOf(gathered, 'app')
  const known = gathered.streams.flatMap(stream => {
    const track = tracks.get(stream.id)
    return track ? [{ stream, track, targets: targets.filter(t => t.streams.has(stream.id)) }] : []
  })
  const recorders = known.map(({ stream, track, targets: served }) =>
    logRecorder(stream, {
      silences: silencesOf(track.silences, boundsOf(track), horizon),
      hours: track.hops,
      partners: served.map(t => t.slots),
      aheadUs: aheadOf(services, stream.id),
      rejectHours: new Set(track.rejected.keys()),
    }),
  )
  const judged = judgeSilences(recorders)
  return known.map((one, i) => ({
    ...one,
    failed: failedHours(one.stream.sources),
    hours: hoursOf(one.stream, one.track, judged[i] ?? []),
  }))
}

function hoursOf(stream: LogStream, track: Track, judged: readonly Judged[]): TrackHours {
  const bounds = boundsOf(track)
  return new TrackHours(
    judged,
    bounds,
    silence => expectedIn(track.hops, silence),
    beginsWhole(stream, bounds.firstUs),
  )
}

function streamRows(
  { hours }: Scene,
  { stream, track, hours: silent, failed, targets }: Stream,
  left: ReadonlyMap<Target, ReadonlyMap<number, Sign>>,
): CoverageRow[] {
  return [...track.byApplication].flatMap(([application, hops]) => {
    const group: SourceGroup = {
      side: 'app',
      applications: [application],
      host: stream.host,
      site: stream.site,
      ...(stream.host === undefined ? { log: stream.log } : {}),
    }
    const own = targets.filter(t => t.application === application)
    return hours.flatMap(hourUs => {
      if (!silent.isExpected(hourUs)) return []
      const hour = hourUs / HOUR_US
      const rejected = hopsAt(track.rejected, hourUs)
      const sign = worstOf([
        silent.at(hourUs, hopsAt(track.hops, hourUs)),
        rejected > 0 ? { state: 'partial', reason: 'rejects' } : undefined,
        failed.has(hour) ? { state: 'partial', reason: 'source-failed' } : undefined,
        ...targets.map(target => left.get(target)?.get(hour)),
      ])
      const { all, loose } = inHour(own, hour)
      return [{ group, hourUs, ...sign, evidence: { hops: hopsAt(hops, hourUs), expected: all, unmatched: loose, rejected } }] // biome-ignore format: one row
    })
  })
}

/**
 * Hours in which answers of a target have no line, and no hole in a known log explains it: a log is missing, and what it
 * held in between is not known either.
 *
 * @param left gets what that says of the logs that are known
 */
function unknownLog(
  scene: Scene,
  target: Target,
  streams: ReadonlyMap<number, Stream>,
  left: Map<Target, Map<number, Sign>>,
): CoverageRow[] {
  const signs = new Map<number, Sign>()
  left.set(target, signs)
  const isAlone = target.streams.size === 0
  const group: SourceGroup = { side: 'app', applications: [target.application], target: target.host }
  const found = scene.hours.map(hourUs => unknownLogIn(scene, target, streams, hourUs))
  const [first, last] = [found.indexOf('missing'), found.lastIndexOf('missing')]
  return scene.hours.flatMap((hourUs, i): CoverageRow[] => {
    const what = found[i]
    const hour = hourUs / HOUR_US
    if (what === 'not-joined') signs.set(hour, { state: 'unknown', reason: 'not-joined' })
    if (what === 'missing') signs.set(hour, { state: 'unknown', reason: 'calls-without-line' })
    const isBetween = first !== -1 && i >= first && i <= last
    if (!isBetween && !(isAlone && what !== 'nothing')) return []
    const { all, loose } = target.byHour.get(hour) ?? { all: 0, loose: 0 }
    const evidence = { hops: 0, expected: all, unmatched: loose, rejected: 0 }
    const reason = what === 'not-joined' ? 'not-joined' : 'log-unknown'
    return [{ group, hourUs, state: what === 'missing' ? 'missing' : 'unknown', reason, evidence }]
  })
}

/** What the calls of an hour that no hole explains say of a log that is not known. */
function unknownLogIn(
  { lines }: Scene,
  target: Target,
  streams: ReadonlyMap<number, Stream>,
  hourUs: number,
): 'missing' | 'not-joined' | 'few' | 'nothing' {
  const rest = target.slots.within(hourUs, hourUs + HOUR_US)
  if (!isMuch(rest)) return rest.all > 0 ? 'few' : 'nothing'
  const hour = hourUs / HOUR_US
  const isAlone = target.streams.size === 0
  const free = isAlone ? unlinkedLines(target, streams, hour) : looseLines(target, lines, hour)
  return free > 0 && free >= rest.loose / 2 ? 'not-joined' : 'missing'
}

/** Lines from the gateway that no record claims, in the logs of a target. */
function looseLines({ streams }: Target, lines: ReadonlyMap<number, GatewayLines>, hour: number): number {
  return inHour([...streams].flatMap(id => lines.get(id) ?? []), hour).loose // biome-ignore format: one line
}

/** Lines of the application in logs that no link leads to. */
function unlinkedLines(target: Target, streams: ReadonlyMap<number, Stream>, hour: number): number {
  return [...streams.values()]
    .filter(s => s.targets.length === 0)
    .reduce((sum, s) => sum + (s.track.byApplication.get(target.application)?.get(hour) ?? 0), 0)
}
