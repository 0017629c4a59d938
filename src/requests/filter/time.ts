/**
 * What a written time covers: `from` in, `to` out, microseconds since 1970-01-01T00:00:00Z. A time covers the
 * unit it is written in, as in Elasticsearch: 2026-07-01 the day, 2026-07-01T10:15 the minute, now/M the month.
 * With a fraction of a second, or as now without rounding, it is one microsecond.
 */
export interface TimeInterval {
  readonly from: bigint
  readonly to: bigint
}

const SECOND_US = 1_000_000n
const FIRST_US = -62_135_596_800n * SECOND_US // 0001-01-01T00:00:00Z
/** The last microsecond of year 9999. */
export const LAST_US = 253_402_300_799n * SECOND_US + 999_999n // 9999-12-31T23:59:59.999999Z

const ISO = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d:?\d\d)?)?$/
const DATE_MATH = /^now((?:[+-]\d{0,6}[yMwdhHms]|\/[yMwdhHms])*)$/

type Unit = 'y' | 'M' | 'w' | 'd' | 'h' | 'm' | 's'

/**
 * Reads an ISO 8601 date or time (UTC unless it carries an offset), or date math on now as in Elasticsearch.
 *
 * @param now what `now` means
 * @returns undefined when the text is no such time or lies outside the years 1 to 9999
 * @example parseTime('now-7d/d', now)
 */
export function parseTime(text: string, now: Date): TimeInterval | undefined {
  const interval = parseIso(text) ?? parseDateMath(text, now)
  if (interval === undefined || interval.from < FIRST_US || interval.from > LAST_US) return undefined
  // The last day of year 9999 is written for "for ever"; its end must stay a time that can be written.
  return interval.to > LAST_US ? { from: interval.from, to: LAST_US } : interval
}

function parseIso(text: string): TimeInterval | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, day = '', hour, minute, second, fraction, zone] = match
  const local = `${day}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}`
  const ms = Date.parse(`${local}Z`)
  // Date.parse lets 30 February and 24:00 roll over.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(local)) return undefined
  const offsetMinutes = zoneMinutes(zone)
  if (offsetMinutes === undefined) return undefined
  const from =
    BigInt(ms) * 1000n + BigInt((fraction ?? '').padEnd(6, '0')) - BigInt(offsetMinutes) * 60n * SECOND_US
  if (fraction !== undefined) return { from, to: from + 1n }
  const unit = second !== undefined ? 's' : minute !== undefined ? 'm' : hour !== undefined ? 'h' : 'd'
  return { from, to: add(from, 1, unit) }
}

function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** Steps apply in the order written; `to` is rounded up where `from` is rounded down. */
function parseDateMath(text: string, now: Date): TimeInterval | undefined {
  const steps = DATE_MATH.exec(text)?.[1]
  if (steps === undefined) return undefined
  let first = BigInt(now.getTime()) * 1000n
  let last = first
  for (const step of steps.match(/\/.|[+-]\d*./g) ?? []) {
    const letter = step.slice(-1)
    const unit = (letter === 'H' ? 'h' : letter) as Unit
    if (step.startsWith('/')) {
      first = floor(first, unit)
      last = add(floor(last, unit), 1, unit) - 1n
    } else {
      const count = Number(step.slice(1, -1) || '1') * (step.startsWith('-') ? -1 : 1)
      first = add(first, count, unit)
      last = add(last, count, unit)
    }
    if (first < FIRST_US || last > LAST_US) return undefined
  }
  return { from: first, to: last + 1n }
}

const FIXED_US: Readonly<Record<Exclude<Unit, 'y' | 'M'>, bigint>> = {
  w: 604_800n * SECOND_US,
  d: 86_400n * SECOND_US,
  h: 3_600n * SECOND_US,
  m: 60n * SECOND_US,
  s: SECOND_US,
}

/** Months and years keep the day of the month, or take the last one where the month is shorter. */
function add(us: bigint, count: number, unit: Unit): bigint {
  if (unit !== 'y' && unit !== 'M') return us + BigInt(count) * FIXED_US[unit]
  const dayUs = floor(us, 'd')
  const date = new Date(Number(dayUs / 1000n))
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + count * (unit === 'y' ? 12 : 1))
  const daysInMonth = new Date(date)
  daysInMonth.setUTCMonth(date.getUTCMonth() + 1, 0)
  date.setUTCDate(Math.min(day, daysInMonth.getUTCDate()))
  const ms = date.getTime()
  return Number.isNaN(ms) ? LAST_US + 1n : BigInt(ms) * 1000n + (us - dayUs)
}

/** Weeks start on Monday. */
function floor(us: bigint, unit: Unit): bigint {
  if (unit === 'y' || unit === 'M') {
    const date = new Date(Number(floor(us, 'd') / 1000n))
    date.setUTCMonth(unit === 'y' ? 0 : date.getUTCMonth(), 1)
    return BigInt(date.getTime()) * 1000n
  }
  const size = FIXED_US[unit]
  const shift = unit === 'w' ? 4n * FIXED_US.d : 0n // 1970-01-05 was a Monday
  const since = (us - shift) % size
  return us - (since < 0n ? since + size : since)
}

/** RFC 3339 in UTC, with six digits of a second where it is not whole: what parseTime reads as the same `from`. */
export function formatTime(us: bigint): string {
  const second = floor(us, 's')
  const fraction = us - second
  const text = new Date(Number(second / 1000n)).toISOString().slice(0, 19)
  return fraction === 0n ? `${text}Z` : `${text}.${String(fraction).padStart(6, '0')}Z`
}

/** The first midnight UTC at or after a time. */
export function ceilToDay(us: bigint): bigint {
  const day = floor(us, 'd')
  return day === us ? us : day + FIXED_US.d
}

/** @param us a midnight UTC */
export const formatDate = (us: bigint): string => formatTime(us).slice(0, 10)
