import type { Store } from '../store/store.ts'
import { groupBy, sum } from './group.ts'

const HALF_HOUR_US = 1800e6
const ZONE_TOLERANCE_US = 30e6
/** Differences in µs from which a clock is worth a word. */
const NOTABLE_US = 500_000

/** How a host's clock stood against the gateway's, as links show it. */
export interface HostClock {
  readonly host: string
  readonly lines: number
  /** Smallest and largest bound, µs; positive: the host's clock is ahead. */
  readonly lowUs: number
  readonly highUs: number
  /** The same for the time that most lines lie in. */
  readonly usualLowUs: number
  readonly usualHighUs: number
  /** Whether it was certainly off by half a second or more at some time. */
  readonly isOff: boolean
  readonly steps: readonly ClockStep[]
}

/** A change by half a second or more from one quarter of an hour to another. */
export interface ClockStep {
  /** First line after it, `YYYY-MM-DD HH:MM:SS`. */
  readonly at: string
  readonly byUs: number
}

interface Piece {
  readonly host: string
  readonly low: string
  readonly high: string
  readonly since: string
  readonly lines: number
}

/** Clocks by host, most lines first. Needs the views of `createRequestsView`. */
export async function hostClocks({ db }: Store): Promise<HostClock[]> {
  const pieces = await db.rows<Piece>(
    `SELECT lower(coalesce(a.host, a.server_ip, '')) AS host, l.clock_low_us::VARCHAR AS low, l.clock_high_us::VARCHAR AS high,
       min(a.end_ts)::VARCHAR AS since, count(*)::INTEGER AS lines
     FROM link_rows AS l JOIN app_facts AS a ON a.hop_id = l.app_hop_id
     WHERE l.verdict = 'linked' AND l.clock_low_us IS NOT NULL
     GROUP BY ALL ORDER BY host, since, low`,
  )
  const byHost = groupBy(pieces, piece => piece.host)
  return [...byHost].map(([host, own]) => toClock(host, own)).sort((a, b) => b.lines - a.lines)
}

function toClock(host: string, pieces: readonly Piece[]): HostClock {
  const lows = pieces.map(p => Number(p.low))
  const highs = pieces.map(p => Number(p.high))
  const usual = pieces.reduce((most, p) => (p.lines > most.lines ? p : most), pieces[0] as Piece)
  return {
    host,
    lines: sum(pieces, p => p.lines),
    lowUs: Math.min(...lows),
    highUs: Math.max(...highs),
    usualLowUs: Number(usual.low),
    usualHighUs: Number(usual.high),
    isOff: Math.max(...lows) >= NOTABLE_US || Math.min(...highs) <= -NOTABLE_US,
    steps: stepsOf(pieces),
  }
}

function stepsOf(pieces: readonly Piece[]): ClockStep[] {
  return pieces.flatMap((piece, index) => {
    const before = pieces[index - 1]
    if (!before) return []
    const up = Number(piece.low) - Number(before.high)
    const down = Number(before.low) - Number(piece.high)
    if (Math.max(up, down) < NOTABLE_US) return []
    const byUs = (Number(piece.low) + Number(piece.high) - Number(before.low) - Number(before.high)) / 2
    return [{ at: piece.since.slice(0, 19), byUs }]
  })
}

/** `1.80 s ahead`, `0.42 s behind`. */
export function offsetText(us: number): string {
  return `${spanText(us)} ${us >= 0 ? 'ahead' : 'behind'}`
}

/** A difference without its sign: `1.80 s`, `60.0 min`. */
export function spanText(us: number): string {
  const seconds = Math.abs(us) / 1e6
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(2)} h`
}

/** The middle of where a clock stood most of the time, µs. */
export function usualUs({ usualLowUs, usualHighUs }: HostClock): number {
  return (usualLowUs + usualHighUs) / 2
}

/** Whether a clock is off by half hours, as one that is set to another zone. */
export function isZoneMistake(clock: HostClock): boolean {
  const halfHours = Math.round(usualUs(clock) / HALF_HOUR_US)
  return halfHours !== 0 && Math.abs(usualUs(clock) - halfHours * HALF_HOUR_US) <= ZONE_TOLERANCE_US
}

/** Whether several hosts are off by the same: then it is the gateway's clock that is. */
export function isShared(clocks: readonly HostClock[]): boolean {
  const places = clocks.map(usualUs)
  return (
    clocks.length >= 3 && clocks.every(c => c.isOff) && Math.max(...places) - Math.min(...places) < NOTABLE_US
  )
}
