import { DAY_SECONDS, dayNumber, epochDay } from '../../model/time.ts'
import { digitsValue, isDigits } from '../digits.ts'

const COLON = 58
const DASH = 45
/** How far around midnight lines may stand out of order in a log without a date column. */
const MIDNIGHT_SLACK_SECONDS = 120

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

/**
 * The day of rows without a date column: the #Date directive's, one later each time the clock passes midnight. Lines
 * are not strictly in order: one from just before midnight may follow one from just after.
 */
export class DayClock {
  /** Days since 1970; NaN where no directive has told it. */
  day: number
  /** Latest second of that day; -1 where unknown. */
  second: number

  constructor(day = Number.NaN, second = -1) {
    this.day = day
    this.second = second
  }

  /** Takes the value of a #Date directive: `YYYY-MM-DD` and maybe a time. */
  set(value: string): void {
    this.day = dayNumber(value.slice(0, 10))
    const time = /^.{10}[ T](\d\d):(\d\d):(\d\d)/.exec(value)
    this.second = time ? Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]) : -1
  }

  /** The day of a row that ended at this second; moves the clock on. */
  dayOf(second: number): number {
    const last = this.second
    if (last >= 0 && second < last - DAY_SECONDS / 2) {
      this.day++
      this.second = second
    } else if (last >= 0 && last < MIDNIGHT_SLACK_SECONDS && second > DAY_SECONDS - MIDNIGHT_SLACK_SECONDS) {
      return this.day - 1
    } else this.second = Math.max(second, last)
    return this.day
  }
}
