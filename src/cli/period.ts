import { ThroughlineError } from '../errors.ts'
import { DAY_US, dayNumber, HOUR_US, MINUTE_US, SECOND_US } from '../model/time.ts'
import type { Range } from '../store/facts.ts'

const UNITS: Readonly<Record<string, number>> = {
  s: SECOND_US,
  m: MINUTE_US,
  h: HOUR_US,
  d: DAY_US,
  w: 7 * DAY_US,
}

/** The half-open period of --from and --to; undefined without either. */
export function parsePeriod(flags: { from?: string; to?: string }, nowMs: number): Range | undefined {
  if (flags.from === undefined && flags.to === undefined) return undefined
  const fromUs =
    flags.from === undefined ? Number.NEGATIVE_INFINITY : parseMoment('--from', flags.from, nowMs)
  const toUs = flags.to === undefined ? Number.POSITIVE_INFINITY : parseMoment('--to', flags.to, nowMs)
  if (fromUs >= toUs)
    throw new ThroughlineError(
      'USAGE',
      `--from ${flags.from} is not before --to ${flags.to}; the period is half-open: from is in, to is out`,
    )
  return { fromUs, toUs }
}

/** A date (midnight UTC), an RFC 3339 time, or `now-7d`; µs since 1970. */
export function parseMoment(flag: string, text: string, nowMs: number): number {
  const relative = /^now(?:-(\d+)([smhdw]))?$/.exec(text)
  if (relative) return nowMs * 1000 - Number(relative[1] ?? 0) * (UNITS[relative[2] ?? 's'] ?? 0)
  const day = dayNumber(text)
  if (!Number.isNaN(day)) return day * DAY_US
  const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text)
  const ms = zoned ? Date.parse(text.replace(' ', 'T') + (zoned[1] ? '' : 'Z')) : Number.NaN
  if (!Number.isNaN(ms) && !Number.isNaN(dayNumber(text.slice(0, 10)))) return ms * 1000
  throw new ThroughlineError(
    'USAGE',
    `${flag} ${text}: no time; expected a date such as 2026-07-01, a time such as 2026-07-01T08:00:00Z, or now-7d (all UTC)`,
  )
}
