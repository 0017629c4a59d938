import { describe, expect, test } from 'vitest'
import { HOUR_US, MINUTE_US, SECOND_US } from '../model/time.ts'
import { judgeSilences, type Recorder, type Silence } from './judge.ts'
import { SLOT_US, Slots } from './slots.ts'

/** 2026-03-02T00:00:00Z, a day with hours before and behind it. */
const START = Date.UTC(2026, 2, 2) * 1000
const END = START + 48 * HOUR_US
const at = (hours: number): number => START + hours * HOUR_US

/** Calls every half minute, of which those within a span are loose. */
function calls(perSlot: number, loose: readonly [number, number, number][] = []): Slots {
  const slots = new Slots(START, END)
  for (let us = START; us < END; us += SLOT_US) {
    const span = loose.find(([from, to]) => us >= from && us < to)
    slots.add(us / SLOT_US, perSlot, span ? span[2] : 0)
  }
  return slots
}

function silence(from: number, to: number, more: Partial<Silence> = {}): Silence {
  return { fromUs: at(from), toUs: at(to), place: 'inside', isInFile: true, ...more }
}

function recorder(silences: readonly Silence[], more: Partial<Recorder> = {}): Recorder {
  return {
    silences,
    aheadUs: 0,
    partners: [],
    limitUs: 17 * MINUTE_US,
    unmatched: 'calls-without-line',
    proof: () => undefined,
    expected: () => 0,
    skipsPeriod: () => false,
    ...more,
  }
}

const verdicts = (...recorders: Recorder[]): string[][] =>
  judgeSilences(recorders).map(list => list.map(({ verdict, reason }) => `${verdict} ${reason}`))

describe('a silence by itself', () => {
  test.each<{ name: string; silences: Silence[]; more?: Partial<Recorder>; want: string[] }>([
    { name: 'a long one that the file proves is idle', silences: [silence(2, 3)], more: { proof: () => 'idle' }, want: ['idle idle'] },
    { name: 'one that the file contradicts is a hole', silences: [silence(2, 3)], more: { proof: () => 'cut' }, want: ['hole cut'] },
    { name: 'a long one without any word is a doubt', silences: [silence(2, 3)], want: ['doubt silence'] },
    { name: 'one of 16 minutes and 59 seconds within a file is plain', silences: [silence(2, 2 + 1019 / 3600), ...[4, 5, 6].map(h => silence(h, h + 0.2))], want: ['plain continuous', 'plain continuous', 'plain continuous', 'plain continuous'] },
    { name: 'one of 17 minutes is a doubt', silences: [silence(2, 2 + 1020 / 3600), ...[4, 5, 6].map(h => silence(h, h + 0.2))], want: ['doubt silence', 'plain continuous', 'plain continuous', 'plain continuous'] },
    { name: 'from file to file, 15 minutes are enough for a doubt', silences: [silence(2, 2.25, { isInFile: false })], want: ['doubt silence'] },
    { name: 'what comes before the first line is not known', silences: [silence(2, 2.01, { place: 'before', isInFile: false })], want: ['doubt before-first'] },
    { name: 'what comes behind the last line is not known', silences: [silence(2, 2.01, { place: 'after', isInFile: false })], want: ['doubt no-later'] },
    { name: 'a skipped file of a busy log is missing', silences: [silence(2, 5, { isInFile: false })], more: { skipsPeriod: () => true, expected: () => 100 }, want: ['hole file-missing'] },
    { name: 'a skipped file of a quiet log may never have been', silences: [silence(2, 5, { isInFile: false })], more: { skipsPeriod: () => true, expected: () => 99 }, want: ['doubt silence'] },
    { name: 'two minutes of a log that is never still for one are no wonder', silences: [silence(2, 2 + 120 / 3600)], want: ['plain continuous'] },
    { name: 'three minutes are', silences: [silence(2, 2 + 180 / 3600)], want: ['doubt silence'] },
    { name: 'two minutes are where a hundred lines would have come', silences: [silence(2, 2 + 121 / 3600)], more: { expected: () => 100 }, want: ['doubt silence'] },
  ])('$name', ({ silences, more, want }) => expect(verdicts(recorder(silences, more))).toEqual([want])) // biome-ignore format: a table
})

describe('a silence beside the calls of the gateway', () => {
  test('that all have their line elsewhere says that the host was not called', () => {
    const odd = silence(2, 2 + 300 / 3600)
    expect(verdicts(recorder([odd], { partners: [calls(2)] }))).toEqual([['plain continuous']])
    expect(verdicts(recorder([odd]))).toEqual([['doubt silence']])
  })

  test('in which answers have no line is a hole, and its reason says where it is', () => {
    const partners = [calls(2, [[at(2), at(3), 1]])]
    expect(verdicts(recorder([silence(2, 3)], { partners }))).toEqual([['hole calls-without-line']])
    expect(verdicts(recorder([silence(2, 3, { isInFile: false })], { partners: [calls(2, [[at(2), at(3), 1]])] }))).toEqual([['hole log-ends']]) // biome-ignore format: one line
    expect(verdicts(recorder([silence(2, 3, { place: 'after' })], { partners: [calls(2, [[at(2), at(3), 1]])] }))).toEqual([['hole log-ends']]) // biome-ignore format: one line
  })

  test('a single answer without a line is a loss, not a hole', () => {
    const partners = [calls(2, [[at(2), at(2) + SLOT_US, 1]])]
    expect(verdicts(recorder([silence(2, 3)], { partners }))).toEqual([['doubt silence']])
  })

  test('the clock of the host is allowed for', () => {
    const partners = [calls(2, [[at(4), at(5), 2]])]
    const ahead = recorder([silence(2, 3)], { partners, aheadUs: -2 * HOUR_US })
    expect(verdicts(ahead)).toEqual([['hole calls-without-line']])
  })

  test('a loss of a few minutes is found where it stands close together', () => {
    const short = silence(2, 2 + 300 / 3600)
    const inside: [number, number, number] = [at(2), at(2) + 300 * SECOND_US, 1]
    expect(verdicts(recorder([short], { partners: [calls(2, [inside])] }))).toEqual([['hole calls-without-line']]) // biome-ignore format: one line
    const everywhere: [number, number, number] = [START, END, 1]
    expect(verdicts(recorder([short], { partners: [calls(2, [everywhere])] }))).toEqual([['doubt silence']])
  })

  test('what one hole explains is no sign against another log', () => {
    const shared = calls(2, [[at(2), at(5), 1]])
    const holed = recorder([silence(2, 5)], { partners: [shared] })
    const quiet = recorder([silence(3, 3 + 240 / 3600)], { partners: [shared] })
    const idle = recorder([silence(3, 4)], { partners: [shared], proof: () => 'idle' })
    expect(verdicts(quiet, holed, idle)).toEqual([['doubt silence'], ['hole calls-without-line'], ['idle idle']]) // biome-ignore format: one line
  })

  test('an idle log is doubted where answers have no line that nothing else explains', () => {
    const partners = [calls(2, [[at(3), at(3.5), 2]])]
    const idle = recorder([silence(3, 4)], { partners, proof: () => 'idle' })
    expect(verdicts(idle)).toEqual([['doubt calls-without-line']])
  })
})

test('a silence of days is judged by day', () => {
  const partners = [calls(2, [[at(24), at(30), 2]])]
  const judged = judgeSilences([recorder([silence(1, 47)], { partners })])[0] ?? []
  expect(judged.map(({ fromUs, verdict }) => [fromUs, verdict])).toEqual([
    [at(1), 'doubt'],
    [at(24), 'hole'],
  ])
})
