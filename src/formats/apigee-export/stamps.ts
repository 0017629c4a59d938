import { isSentinel } from '../../model/sentinel.ts'
import { dayNumber, SECOND_US } from '../../model/time.ts'

/** Which rule read a stamp: epoch seconds, milliseconds or microseconds, or text. */
export type StampRule = 's' | 'ms' | 'us' | 'text'

export interface Stamp {
  /** Microseconds since 1970 UTC; positive. */
  readonly us: number
  readonly rule: StampRule
}

const TEXT =
  /^(\d{4}-\d\d-\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ?(?:UTC|Z|GMT)| ?([+-])(\d\d)(?::?(\d\d))?)?$/i
const WHOLE = /^\d{9,19}$/
const DECIMAL = /^\d{1,19}(?:\.\d{1,18})?(?:[eE]\+?\d{1,2})?$/

/** How zones that mean UTC are written most. */
const UTC = new Set(['', ' UTC', 'Z'])
const SECOND_CHARACTERS = 19

/** The last `YYYY-MM-DD HH:MM:SS` in UTC and what it is: the stamps of a record share few. */
let lastText = ''
let lastSeconds = Number.NaN

/**
 * Reads a stamp of an export: `2014-09-01 14:40:41.1 UTC` (BigQuery's rendering), ISO 8601 with T and Z or an offset,
 * or an epoch number whose magnitude tells the unit (10 digits s, 13 ms, 16 us, 19 ns). Without a zone it is UTC.
 *
 * @returns undefined where it is none of these, names a date that does not exist, or is zero or negative
 */
export function parseStamp(text: string): Stamp | undefined {
  const stamp = text[4] === '-' ? fromText(text) : fromNumber(text)
  return stamp && stamp.us > 0 ? stamp : undefined
}

function fromText(text: string): Stamp | undefined {
  const seconds = text.slice(0, SECOND_CHARACTERS)
  if (seconds === lastText) {
    let end = SECOND_CHARACTERS
    if (text[end] === '.') for (end++; isDigit(text.charCodeAt(end)); end++);
    const digits = end - SECOND_CHARACTERS - 1
    if (UTC.has(text.slice(end)) && digits !== 0 && digits <= 9) {
      return { us: lastSeconds * SECOND_US + micros(text.slice(SECOND_CHARACTERS + 1, end)), rule: 'text' }
    }
  }
  return fromAnyText(text)
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function micros(fraction: string): number {
  return fraction === '' ? 0 : Number(fraction.padEnd(6, '0').slice(0, 6))
}

function fromAnyText(text: string): Stamp | undefined {
  const match = TEXT.exec(text)
  if (!match) return undefined
  const [, date = '', hour, minute, second, fraction = '', sign, offsetHours, offsetMinutes = '0'] = match
  const day = dayNumber(date)
  if (Number.isNaN(day) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const offset = sign ? Number(`${sign}1`) * (Number(offsetHours) * 3600 + Number(offsetMinutes) * 60) : 0
  const seconds = day * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  lastText = text.slice(0, SECOND_CHARACTERS)
  lastSeconds = seconds
  return { us: (seconds - offset) * SECOND_US + micros(fraction), rule: 'text' }
}

function fromNumber(text: string): Stamp | undefined {
  if (WHOLE.test(text)) return fromWhole(text)
  if (!DECIMAL.test(text)) return undefined
  const value = Number(text)
  if (value >= 1e8 && value < 1e11) return { us: Math.round(value * SECOND_US), rule: 's' }
  if (value >= 1e11 && value < 1e14) return { us: Math.round(value * 1000), rule: 'ms' }
  return value >= 1e14 && value < 1e17 ? { us: Math.round(value), rule: 'us' } : undefined
}

/** Digits only: exact where a floating-point number would not be. */
function fromWhole(digits: string): Stamp | undefined {
  const length = digits.replace(/^0+/, '').length
  if (length >= 18) return { us: Number(BigInt(digits) / 1000n), rule: 'us' }
  if (length >= 15) return { us: Number(digits), rule: 'us' }
  if (length >= 12) return { us: Number(digits) * 1000, rule: 'ms' }
  return length >= 9 ? { us: Number(digits) * SECOND_US, rule: 's' } : undefined
}

/** What writers put where there is no time: 0, -1, a dash. */
export function isFiller(text: string): boolean {
  return isSentinel(text) || /^-?0*[01]?(?:\.0+)?$/.test(text) || text.startsWith('1970-01-01')
}
