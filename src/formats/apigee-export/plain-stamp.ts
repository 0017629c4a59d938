import { DAY_SECONDS, SECOND_US } from '../../model/time.ts'
import { DateColumn, secondOfDay } from '../clock-columns.ts'
import { digitsValue } from '../digits.ts'
import { parseStamp, type StampRule } from './stamps.ts'

const SECOND_CHARACTERS = 19
const DATE_CHARACTERS = 10
const MICRO_DIGITS = 6
const DASH = 45
const POINT = 46
const LETTER_T = 84
const LETTER_Z = 90

/** Reads stamps from bytes. */
export class PlainStamp {
  /** Of the stamp read last: µs since 1970, and its rule. */
  us = Number.NaN
  rule: StampRule = 'text'
  readonly #dates = new DateColumn()

  /** @returns whether the bytes are a stamp */
  read(line: Buffer, start: number, end: number): boolean {
    const us = this.#readUtc(line, start, end)
    if (us > 0) {
      this.us = us
      this.rule = 'text'
      return true
    }
    const stamp = parseStamp(line.toString('latin1', start, end))
    this.us = stamp?.us ?? Number.NaN
    if (stamp) this.rule = stamp.rule
    return stamp !== undefined
  }

  /** `YYYY-MM-DD HH:MM:SS[.ffffff][ UTC|Z]`, as exports write stamps; NaN for any other rendering. */
  #readUtc(line: Buffer, start: number, end: number): number {
    if (end - start < SECOND_CHARACTERS || line[start + 4] !== DASH) return Number.NaN
    const between = line[start + DATE_CHARACTERS]
    if (between !== 32 && between !== LETTER_T) return Number.NaN
    const second = secondOfDay(line, start + DATE_CHARACTERS + 1, start + SECOND_CHARACTERS)
    const day = this.#dates.day(line, start, start + DATE_CHARACTERS)
    let at = start + SECOND_CHARACTERS
    let micros = 0
    if (at < end && line[at] === POINT) {
      const first = at + 1
      at = digitsEnd(line, first, end)
      if (at === first || at - first > MICRO_DIGITS) return Number.NaN
      micros = digitsValue(line, first, at) * (TENS[MICRO_DIGITS - (at - first)] ?? 1)
    }
    return isUtc(line, at, end) ? (day * DAY_SECONDS + second) * SECOND_US + micros : Number.NaN
  }
}

const TENS = [1, 10, 100, 1000, 10_000, 100_000]

function digitsEnd(line: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && (line[at] ?? 0) >= 48 && (line[at] ?? 0) <= 57) at++
  return at
}

/** Whether what stands here says UTC in the usual ways: nothing, ` UTC`, `Z`. */
function isUtc(line: Buffer, start: number, end: number): boolean {
  const size = end - start
  if (size === 0) return true
  if (size === 1) return line[start] === LETTER_Z
  return (
    size === 4 &&
    line[start] === 32 &&
    line[start + 1] === 85 &&
    line[start + 2] === 84 &&
    line[start + 3] === 67
  )
}

const MILLIS = Array.from({ length: 1000 }, (_, ms) => `${String(ms).padStart(3, '0')}000`)

/** µs since 1970 as digits; what shares its second with the one before costs no conversion of a long number. */
export class MicrosText {
  #seconds = Number.NaN
  #text = ''

  of(us: number): string {
    const seconds = Math.floor(us / SECOND_US)
    if (seconds !== this.#seconds) {
      this.#seconds = seconds
      this.#text = seconds === 0 ? '' : String(seconds)
    }
    const micros = us - seconds * SECOND_US
    const millis = micros / 1000
    return this.#text === ''
      ? String(us)
      : this.#text + (MILLIS[millis] ?? String(micros).padStart(MICRO_DIGITS, '0'))
  }
}
