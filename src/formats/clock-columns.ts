import { epochDay } from '../model/time.ts'
import { digitsValue, isDigits } from './digits.ts'

const COLON = 58
const DASH = 45

/** Seconds since midnight of `HH:MM:SS`; NaN for anything else. 24:00:00 and leap seconds do not exist in IIS logs. */
export function secondOfDay(line: Buffer, start: number, end: number): number {
  if (end - start !== 8 || line[start + 2] !== COLON || line[start + 5] !== COLON) return Number.NaN
  const hour = pair(line, start)
  const minute = pair(line, start + 3)
  const second = pair(line, start + 6)
  return hour <= 23 && minute <= 59 && second <= 59 ? hour * 3600 + minute * 60 + second : Number.NaN
}

function pair(line: Buffer, at: number): number {
  return isDigits(line, at, at + 2) ? digitsValue(line, at, at + 2) : Number.NaN
}

/** Reads `YYYY-MM-DD`; rows of one day follow each other, so the last date is kept. */
export class DateColumn {
  #key = -1
  #day = Number.NaN

  /** Days since 1970; NaN where the date does not exist or is written otherwise. */
  day(line: Buffer, start: number, end: number): number {
    if (end - start !== 10 || line[start + 4] !== DASH || line[start + 7] !== DASH) return Number.NaN
    if (!isDigits(line, start, start + 4)) return Number.NaN
    const year = digitsValue(line, start, start + 4)
    const month = pair(line, start + 5)
    const day = pair(line, start + 8)
    const key = (year * 100 + month) * 100 + day
    if (key !== this.#key) {
      this.#key = key
      this.#day = epochDay(year, month, day)
    }
    return this.#day
  }
}
