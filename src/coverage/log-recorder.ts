import { basename } from 'node:path/posix'
import { DAY_US, HOUR_US, MINUTE_US, SECOND_US } from '../model/time.ts'
import type { Recorder, Silence } from './judge.ts'
import type { LogStream } from './log-streams.ts'
import type { Slots } from './slots.ts'

/**
 * HTTP.sys closes a log after 15 idle minutes, and the next line comes with a header block. Of 3,797 silences of 16
 * minutes and more in the logs of a public IIS 8.5 server, 5 have none; of those of 15 to 16 minutes 30 of 49.
 */
const BLOCK_US = 17 * MINUTE_US
/** #Date of a block is the second of the line behind it or the one after (4,423 of 4,423). */
const FITS_US = 2 * SECOND_US

/** Hops by hour, number from 1970. */
export type HourCounts = ReadonlyMap<number, number>

/** What silences of a log are judged by. */
export function logRecorder(
  stream: LogStream,
  known: {
    readonly silences: readonly Silence[]
    readonly hours: HourCounts
    readonly partners: readonly Slots[]
    readonly aheadUs: number
    readonly rejectHours: ReadonlySet<number>
  },
): Recorder {
  const headers = headersOf(stream)
  const periods = periodsOf(stream)
  return {
    silences: known.silences,
    aheadUs: known.aheadUs,
    partners: known.partners,
    limitUs: BLOCK_US,
    unmatched: 'calls-without-line',
    proof: silence => headers && proofOf(headers, silence, known.rejectHours),
    expected: silence => expectedIn(known.hours, silence),
    skipsPeriod: silence => skipsPeriod(periods, silence),
  }
}

/** Stamps of header blocks, ascending, µs; undefined where they are not known of every file. */
function headersOf({ sources }: LogStream): readonly number[] | undefined {
  const lists = sources.map(s => s.accounting.headers)
  if (lists.some(list => list === undefined)) return undefined
  const all = lists.flatMap(list => list ?? [])
  return all.length === 0 ? undefined : all.map(second => second * SECOND_US).sort((a, b) => a - b)
}

/** Whether the line at a moment is the one that a header block was written for. */
function hasBlockAt(headers: readonly number[], us: number): boolean {
  return (headers[firstFrom(headers, us - FITS_US)] ?? Number.POSITIVE_INFINITY) <= us + FITS_US
}

/** Place of the first of ascending numbers that is not below a bound. */
function firstFrom(numbers: readonly number[], bound: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) < bound) low = middle + 1
    else high = middle
  }
  return low
}

function proofOf(
  headers: readonly number[],
  { whole, ...silence }: Silence,
  rejectHours: ReadonlySet<number>,
): 'idle' | 'cut' | undefined {
  const { fromUs, toUs } = whole ?? silence
  // A block is written for a line: one without a line had its lines taken out, unless they could not be read.
  const within = headers.slice(firstFrom(headers, fromUs + FITS_US + 1), firstFrom(headers, toUs - FITS_US))
  const isLeft = within.some(at => !rejectHours.has(Math.floor(at / HOUR_US)))
  if (isLeft && silence.place !== 'after') return 'cut'
  if (silence.place !== 'inside' || !silence.isInFile) return undefined
  if (hasBlockAt(headers, toUs)) return 'idle'
  return toUs - fromUs >= BLOCK_US ? 'cut' : undefined
}

/** Whether a log begins with its first line: the block at its top is that line's. */
export function beginsWhole(stream: LogStream, firstUs: number): boolean {
  const headers = headersOf(stream)
  return headers !== undefined && hasBlockAt(headers, firstUs)
}

/** How many hops a silence would have held at the rate of the hours around it. */
export function expectedIn(hours: HourCounts, { fromUs, toUs, place }: Silence): number {
  const [first, last] = [Math.floor(fromUs / HOUR_US), Math.floor(toUs / HOUR_US)]
  const near = new Set<number>()
  let observedUs = 0
  if (place !== 'before') {
    for (const hour of [first - 1, first]) near.add(hour)
    observedUs += fromUs - (first - 1) * HOUR_US
  }
  if (place !== 'after') {
    for (const hour of [last, last + 1]) near.add(hour)
    observedUs += (last + 2) * HOUR_US - toUs
  }
  let hops = 0
  for (const hour of near) hops += hours.get(hour) ?? 0
  return (hops / observedUs) * (toUs - fromUs)
}

interface Periods {
  readonly lengthUs: number
  readonly starts: ReadonlySet<number>
  readonly firstUs: number
  readonly lastUs: number
}

/** The days or hours that the names of a log's files stand for; undefined where they do not tell. */
function periodsOf({ sources }: LogStream): Periods | undefined {
  const names = sources.flatMap(({ path }) => {
    const match = /ex(\d\d)(\d\d)(\d\d)(\d\d)?(?:_x)?\.log(?:\.gz)?$/i.exec(basename(path))
    if (!match) return []
    const [year, month, day, hour] = match.slice(1)
    const us = Date.parse(`20${year}-${month}-${day}T${hour ?? '00'}:00:00Z`) * 1000
    return Number.isNaN(us) ? [] : [{ us, isHour: hour !== undefined }]
  })
  if (names.length < 2 || names.length < sources.length) return undefined
  const starts = names.map(n => n.us)
  return {
    lengthUs: names.every(n => n.isHour) ? HOUR_US : DAY_US,
    starts: new Set(starts),
    firstUs: Math.min(...starts),
    lastUs: Math.max(...starts),
  }
}

function skipsPeriod(periods: Periods | undefined, { fromUs, toUs }: Silence): boolean {
  if (!periods) return false
  const { lengthUs, starts, firstUs, lastUs } = periods
  for (let at = Math.ceil(fromUs / lengthUs) * lengthUs; at + lengthUs <= toUs; at += lengthUs)
    if (at > firstUs && at < lastUs && !starts.has(at)) return true
  return false
}
