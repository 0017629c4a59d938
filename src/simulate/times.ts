/**
 * True time in the simulation is a number of microseconds since 1970-01-01T00:00:00Z: below 2^53 until the year
 * 2255, so plain numbers are exact.
 */
export const MS_US = 1000
export const SECOND_US = 1000 * MS_US
export const MINUTE_US = 60 * SECOND_US
export const HOUR_US = 60 * MINUTE_US
export const HOUR_SECONDS = 60 * 60
export const DAY_SECONDS = 24 * HOUR_SECONDS

const CACHE_SLOTS = 1024
const cachedSecond = new Float64Array(CACHE_SLOTS).fill(-1)
const cachedText: string[] = Array.from({ length: CACHE_SLOTS }, () => '')

/** `YYYY-MM-DD HH:MM:SS` in UTC. Remembers recent seconds: log lines come in order of time. */
export function dateTimeText(second: number): string {
  const slot = second % CACHE_SLOTS
  if (cachedSecond[slot] === second) return cachedText[slot] ?? ''
  const text = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ')
  cachedSecond[slot] = second
  cachedText[slot] = text
  return text
}

/** `YYYY-MM-DD` of a UTC day, counted from 1970-01-01. */
export function dayText(day: number): string {
  return dateTimeText(day * DAY_SECONDS).slice(0, 10)
}
