/** Microseconds since 1970-01-01T00:00:00Z. Exact as a number until the year 2255. */
export type EpochMicros = number

export const SECOND_US = 1_000_000
export const MINUTE_US = 60 * SECOND_US
export const HOUR_US = 60 * MINUTE_US
export const DAY_US = 24 * HOUR_US
export const DAY_SECONDS = 86_400

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days since 1970-01-01 of a Gregorian date, or NaN where the date does not exist (month 13, 30 February). */
export function epochDay(year: number, month: number, day: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const last = month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0)
  if (day < 1 || day > last || year < 1) return Number.NaN
  // Date.UTC would read years below 100 as 19xx.
  return new Date(0).setUTCFullYear(year, month - 1, day) / 86_400_000
}

/** `YYYY-MM-DD` of a day number. */
export function dayText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10)
}

/** The day number of `YYYY-MM-DD`; NaN where the text is not an existing date. */
export function dayNumber(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)
  return match ? epochDay(Number(match[1]), Number(match[2]), Number(match[3])) : Number.NaN
}

/** RFC 3339 in UTC with as many fraction digits as the value needs (0, 3 or 6). */
export function rfc3339(us: EpochMicros): string {
  const seconds = Math.floor(us / SECOND_US)
  const micros = us - seconds * SECOND_US
  const text = new Date(seconds * 1000).toISOString().slice(0, 19)
  if (micros === 0) return `${text}Z`
  const fraction = String(micros).padStart(6, '0')
  return `${text}.${fraction.endsWith('000') ? fraction.slice(0, 3) : fraction}Z`
}

/** `2026-07-01 08:00:00.123456` (UTC), as DuckDB writes a timestamp, in µs since 1970; undefined for anything but text. */
export function micros(value: unknown): EpochMicros | undefined {
  if (typeof value !== 'string') return undefined
  const [whole = '', fraction = ''] = value.split('.')
  return Date.parse(`${whole.replace(' ', 'T')}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}
