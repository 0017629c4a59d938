import { DAY_SECONDS, dayNumber } from '../../model/time.ts'

/** How far around midnight lines may stand out of order in a log without a date column. */
const MIDNIGHT_SLACK_SECONDS = 120

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
