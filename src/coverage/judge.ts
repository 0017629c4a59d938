import { DAY_US, HOUR_US, MINUTE_US, SECOND_US } from '../model/time.ts'
import type { CoverageReason } from './reasons.ts'
import type { Gap } from './row.ts'
import type { Slots } from './slots.ts'

/** Shorter ones are not looked at. */
export const SILENCE_US = MINUTE_US
/** Stamps of both sides are compared with so much to spare. */
const SPARE_US = 2 * SECOND_US
/** So many lines would have come in a silence that is odd, by the rate around it. */
const ODD_LINES = 100
/** So many times as long as the third longest around it is odd. */
const ODD_TIMES = 3
/** So many calls of one target that all have their line elsewhere say that a host was not called. */
const VOUCHING_CALLS = 10
const USUAL_WITHIN_US = 6 * HOUR_US

/** A while without a stamp: between two, or before the first or behind the last. */
export interface Silence extends Gap {
  /** The whole of it, where this is a day's piece. */
  readonly whole?: Gap | undefined
  readonly place: 'before' | 'inside' | 'after'
  /** Whether both ends are lines of one file. */
  readonly isInFile: boolean
}

export interface Judged extends Silence {
  /** `plain`: nothing odd about it; `idle`: known to be no loss; `hole`: known to be one; `doubt`: not known. */
  readonly verdict: 'plain' | 'idle' | 'hole' | 'doubt'
  readonly reason: CoverageReason
}

/** A log, or the exports of an environment, as its silences are judged. */
export interface Recorder {
  /** In order of time. */
  readonly silences: readonly Silence[]
  /** How far its stamps are ahead of those of the other side, µs. */
  readonly aheadUs: number
  /** What the other side says should be here. */
  readonly partners: readonly Slots[]
  /** A silence from here on wants an explanation. */
  readonly limitUs: number
  /** What the file itself says about a silence. */
  proof(silence: Silence): 'idle' | 'cut' | undefined
  /** How many lines or records a silence would have held by the rate around it. */
  expected(silence: Silence): number
  /** Whether file names skip a period within it. */
  skipsPeriod(silence: Silence): boolean
  /** Reason of a hole that the other side tells of. */
  readonly unmatched: CoverageReason
}

/**
 * Judges the silences of recorders that answer for each other: what one hole explains is no sign of another. First the
 * long ones without an explanation, then short ones, last those that the files themselves explain.
 */
export function judgeSilences(recorders: readonly Recorder[]): Judged[][] {
  const judged = recorders.map(() => [] as Judged[])
  for (const round of [judgeLong, judgeShort, judgeIdle]) {
    const explained: (() => void)[] = []
    for (const [index, recorder] of recorders.entries()) {
      for (const silence of recorder.silences.flatMap(byDays)) {
        const result = round(recorder, silence)
        if (!result) continue
        judged[index]?.push({ ...silence, ...result })
        if (result.verdict === 'hole') explained.push(() => explain(recorder, silence))
      }
    }
    // Behind the round, so that the order of recorders decides nothing.
    for (const step of explained) step()
  }
  return judged
}

type Verdict = Pick<Judged, 'verdict' | 'reason'>

/** A silence of more than a day in pieces by day: each day has its own signs. Less than an hour is no piece. */
function byDays(silence: Silence): Silence[] {
  const { fromUs, toUs } = silence
  if (toUs - fromUs <= DAY_US) return [silence]
  const midnights: number[] = []
  for (let at = (Math.floor(fromUs / DAY_US) + 1) * DAY_US; at < toUs; at += DAY_US)
    if (at - fromUs >= HOUR_US && toUs - at >= HOUR_US) midnights.push(at)
  const ends = [...midnights, toUs]
  return ends.map((to, i) => ({
    ...silence,
    whole: { fromUs, toUs },
    fromUs: i === 0 ? fromUs : (ends[i - 1] ?? fromUs),
    toUs: to,
  }))
}

function isLong({ limitUs }: Recorder, { place, isInFile, whole, ...piece }: Silence): boolean {
  const { fromUs, toUs } = whole ?? piece
  const limit = isInFile ? limitUs : Math.min(limitUs, 15 * MINUTE_US)
  return place !== 'inside' || toUs - fromUs >= limit
}

function judgeLong(recorder: Recorder, silence: Silence): Verdict | undefined {
  const proof = recorder.proof(silence)
  if (proof === 'idle') return undefined
  if (proof === 'cut') return { verdict: 'hole', reason: 'cut' }
  if (!isLong(recorder, silence)) return undefined
  const isSkipped = recorder.skipsPeriod(silence)
  if (hasUnmatched(recorder, silence)) {
    const isEnd = silence.place === 'after' || (silence.place === 'inside' && !silence.isInFile)
    const atApp = recorder.unmatched === 'calls-without-line'
    const where = isSkipped ? 'file-missing' : isEnd && atApp ? 'log-ends' : recorder.unmatched
    return { verdict: 'hole', reason: where }
  }
  if (isSkipped && recorder.expected(silence) >= ODD_LINES) return { verdict: 'hole', reason: 'file-missing' }
  const reason = { before: 'before-first', inside: 'silence', after: 'no-later' } as const
  return { verdict: 'doubt', reason: reason[silence.place] }
}

function judgeShort(recorder: Recorder, silence: Silence): Verdict | undefined {
  if (recorder.proof(silence) !== undefined || isLong(recorder, silence)) return undefined
  if (isConcentrated(recorder, silence)) return { verdict: 'hole', reason: recorder.unmatched }
  const [from, to] = partnersOf(recorder, silence)
  const isVouchedFor =
    recorder.partners.every(slots => slots.hasPartners(from, to, 0)) &&
    recorder.partners.some(slots => slots.hasPartners(from, to, VOUCHING_CALLS))
  const isDoubt = !isVouchedFor && isOdd(recorder, silence)
  return { verdict: isDoubt ? 'doubt' : 'plain', reason: isDoubt ? 'silence' : 'continuous' }
}

function judgeIdle(recorder: Recorder, silence: Silence): Verdict | undefined {
  if (recorder.proof(silence) !== 'idle') return undefined
  if (isConcentrated(recorder, silence)) return { verdict: 'doubt', reason: recorder.unmatched }
  return { verdict: 'idle', reason: 'idle' }
}

/** A silence on the clock of the other side. */
function partnersOf({ aheadUs }: Recorder, { fromUs, toUs }: Silence): [number, number] {
  return [fromUs - aheadUs + SPARE_US, toUs - aheadUs - SPARE_US]
}

function explain(recorder: Recorder, silence: Silence): void {
  for (const slots of recorder.partners) slots.explain(...partnersOf(recorder, silence))
}

/** Whether so much is without a partner in a silence that the usual loss does not account for it. */
function hasUnmatched(recorder: Recorder, silence: Silence): boolean {
  const [from, to] = partnersOf(recorder, silence)
  return recorder.partners.some(slots => {
    const { all, loose } = slots.within(from, to)
    const { usual } = slots
    const isMuch = loose >= 3 && loose / all >= 0.01 && loose > 3 * usual * all + 3
    const isMost = loose >= 1 && loose / all >= 0.2 && usual < 0.05
    return isMuch || isMost
  })
}

/** Whether what is without a partner stands close together in a silence, rather than around it as well. */
function isConcentrated(recorder: Recorder, silence: Silence): boolean {
  const [from, to] = partnersOf(recorder, silence)
  return recorder.partners.some(slots => {
    const inside = slots.within(from, to)
    if (inside.loose < 3) return false
    const near = slots.within(from - HOUR_US, to + HOUR_US)
    const [all, loose] = [near.all - inside.all, near.loose - inside.loose]
    return inside.loose / inside.all >= 4 * ((all > 0 ? loose / all : 0) + 0.005)
  })
}

/**
 * Whether a silence is out of the ordinary: far more lines would have come at the rate around it and it has hardly a
 * like, or it is several times as long as the longest around it.
 */
function isOdd(recorder: Recorder, silence: Silence): boolean {
  const { fromUs, toUs } = silence
  const lengthUs = toUs - fromUs
  // Most silences are short ones of a quiet log: the cheap question first.
  if (lengthUs < ODD_TIMES * SILENCE_US && recorder.expected(silence) < ODD_LINES) return false
  const usualUs = Math.max(SILENCE_US, usualSilence(recorder, silence))
  if (lengthUs >= ODD_TIMES * usualUs) return true
  return recorder.expected(silence) >= ODD_LINES && lengthUs > 2 * usualUs
}

/** The last of the three longest silences around one, 0 where there are fewer. */
function usualSilence({ silences }: Recorder, { fromUs, toUs }: Silence): number {
  let [first, second, third] = [0, 0, 0]
  for (let i = firstEndingAfter(silences, fromUs - USUAL_WITHIN_US); i < silences.length; i++) {
    const other = silences[i]
    if (other === undefined || other.fromUs >= toUs + USUAL_WITHIN_US) break
    if (other.fromUs === fromUs || other.place !== 'inside') continue
    const lengthUs = other.toUs - other.fromUs
    if (lengthUs > first) [first, second, third] = [lengthUs, first, second]
    else if (lengthUs > second) [second, third] = [lengthUs, second]
    else if (lengthUs > third) third = lengthUs
  }
  return third
}

function firstEndingAfter(silences: readonly Silence[], us: number): number {
  let [low, high] = [0, silences.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((silences[middle]?.toUs ?? 0) <= us) low = middle + 1
    else high = middle
  }
  return low
}
