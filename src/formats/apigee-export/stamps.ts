import { dayNumber, SECOND_US } from '../../model/time.ts'

/** Which rule read a stamp: epoch seconds, milliseconds or microseconds, or text. */
export type StampRule = 's' | 'ms' | 'us' | 'text'

export interface Stamp {
  /** Microseconds since 1970 UTC. */
  readonly us: number
  readonly rule: StampRule
}

const TEXT =
  /^(\d{4}-\d\d-\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?: ?(UTC|Z|GMT)| ?([+-])(\d\d):?(\d\d))?$/i
const EPOCH = /^(\d{9,19})(?:\.(\d{1,9}))?(?:[eE]\+?(\d{1,2}))?$/
const SCIENTIFIC = /^\d(?:\.\d+)?[eE]\+?\d{1,2}$/

let lastDate = ''
let lastDay = Number.NaN

/**
 * Reads a stamp of an export: `2014-09-01 14:40:41.1 UTC` (BigQuery's rendering), ISO 8601 with T and Z, or an epoch
 * number whose magnitude tells the unit (10 digits s, 13 ms, 16 us). Without a zone it is UTC.
 *
 * @returns undefined where it is none of these, names a date that does not exist, or is zero or negative
 */
export function parseStamp(text: string): Stamp | undefined {
  const match = TEXT.exec(text)
  return match ? fromText(match) : fromNumber(text)
}

function fromText(match: RegExpExecArray): Stamp | undefined {
  const date = match[1] ?? ''
  if (date !== lastDate) {
    lastDate = date
    lastDay = dayNumber(date)
  }
  const hour = Number(match[2])
  const minute = Number(match[3])
  const second = Number(match[4])
  if (Number.isNaN(lastDay) || hour > 23 || minute > 59 || second > 59) return undefined
  const micros = match[5] ? Number(match[5].padEnd(6, '0').slice(0, 6)) : 0
  const offset = match[7]
    ? (match[7] === '-' ? -1 : 1) * (Number(match[8]) * 3600 + Number(match[9]) * 60)
    : 0
  const seconds = lastDay * 86_400 + hour * 3600 + minute * 60 + second - offset
  return { us: seconds * SECOND_US + micros, rule: 'text' }
}

function fromNumber(text: string): Stamp | undefined {
  if (SCIENTIFIC.test(text)) return fromSeconds(Number(text))
  const match = EPOCH.exec(text)
  if (!match) return undefined
  const whole = match[1] ?? ''
  if (match[3] !== undefined) return fromSeconds(Number(text))
  if (whole.length >= 18) return { us: Number(BigInt(whole) / 1000n), rule: 'us' }
  if (whole.length >= 15) return { us: Number(whole), rule: 'us' }
  if (whole.length >= 12) return { us: Math.round(Number(text) * 1000), rule: 'ms' }
  return fromSeconds(Number(text))
}

function fromSeconds(seconds: number): Stamp | undefined {
  return seconds >= 1e8 && seconds < 1e11 ? { us: Math.round(seconds * SECOND_US), rule: 's' } : undefined
}
