import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { MINUTE_US, SECOND_US } from '../../model/time.ts'
import { fitClock, QUARTER_US } from './fit.ts'
import type { Bound, ClockPiece } from './piece.ts'

const MS = 1000
const QUARTERS = 8
const RANGE = [0, QUARTERS * QUARTER_US] as const

/** A pair each so many seconds; the clock is ahead by what `aheadMs` says, which a pair knows to within 500 ms each way. */
function pairs(everySeconds: number, aheadMs: (minute: number) => number): Bound[] {
  const count = Math.floor(RANGE[1] / SECOND_US / everySeconds)
  return Array.from({ length: count }, (_, n) => {
    const atUs = n * everySeconds * SECOND_US
    // A whole second of doubt that lies now more below the truth, now more above it.
    const below = 100 + ((n * 37) % 800)
    const ahead = aheadMs(atUs / MINUTE_US)
    return { atUs, lowUs: (ahead - below) * MS, highUs: (ahead + 1000 - below) * MS, weight: 1 }
  })
}

const piecesOf = (bounds: readonly Bound[]): ClockPiece[] => fitClock(bounds, ...RANGE)

/** Whether pieces cover the range in order, without gaps and empty pieces. */
function expectWhole(pieces: readonly ClockPiece[]): void {
  expect(pieces[0]?.fromUs).toBe(RANGE[0])
  expect(pieces.at(-1)?.toUs).toBe(RANGE[1])
  pieces.forEach((piece, i) => {
    expect(piece.fromUs).toBeLessThan(piece.toUs)
    expect(piece.lowUs).toBeLessThanOrEqual(piece.highUs)
    if (i > 0) expect(piece.fromUs).toBe(pieces[i - 1]?.toUs)
  })
}

const pieceAt = (pieces: readonly ClockPiece[], minute: number): ClockPiece | undefined =>
  pieces.find(p => p.fromUs <= minute * MINUTE_US && minute * MINUTE_US < p.toUs)

/** Expects that at a minute the clock is read as so much ahead, to within some ms. */
function expectAhead(pieces: readonly ClockPiece[], minute: number, aheadMs: number, withinMs = 200): void {
  const piece = pieceAt(pieces, minute)
  expect(piece?.lowUs).toBeGreaterThanOrEqual((aheadMs - withinMs) * MS)
  expect(piece?.highUs).toBeLessThanOrEqual((aheadMs + withinMs) * MS)
  expect(piece?.lowUs).toBeLessThanOrEqual(aheadMs * MS)
  expect(piece?.highUs).toBeGreaterThanOrEqual(aheadMs * MS)
}

describe('fitClock', () => {
  test('reads a constant clock alike in each quarter, all pairs agreeing', () => {
    const pieces = piecesOf(pairs(10, () => 3700))
    expectWhole(pieces)
    expect(pieces).toHaveLength(QUARTERS)
    for (const [q, piece] of pieces.entries()) {
      expectAhead(pieces, q * 15, 3700)
      expect([piece.pairs, piece.agreeing]).toEqual([90, 90])
    }
  })

  test('follows a clock that gains 100 ppm', () => {
    const drifting = (minute: number): number => minute * 60 * 0.1
    const pieces = piecesOf(pairs(10, drifting))
    expectWhole(pieces)
    for (let q = 0; q < QUARTERS; q++) expectAhead(pieces, q * 15 + 7.5, drifting(q * 15 + 7.5), 250)
  })

  test('cuts a quarter where the clock was set inside it', () => {
    const pieces = piecesOf(pairs(10, minute => (minute < 37 ? -450 : 5200)))
    expectWhole(pieces)
    expect(pieces).toHaveLength(QUARTERS + 1)
    expectAhead(pieces, 36, -450)
    expectAhead(pieces, 38, 5200)
    expect(pieceAt(pieces, 36)?.toUs).toBe(37 * MINUTE_US)
  })

  test('needs no cut where the clock was set between two quarters', () => {
    const pieces = piecesOf(pairs(10, minute => (minute < 45 ? 0 : -3_600_000)))
    expectWhole(pieces)
    expect(pieces).toHaveLength(QUARTERS)
    expectAhead(pieces, 44, 0)
    expectAhead(pieces, 46, -3_600_000)
  })

  test('cuts a quarter twice where the clock was away for most of it', () => {
    const pieces = piecesOf(pairs(5, minute => (minute >= 32 && minute < 42 ? 60_000 : 0)))
    expectWhole(pieces)
    expect(pieces).toHaveLength(QUARTERS + 2)
    for (const minute of [31, 43]) expectAhead(pieces, minute, 0)
    for (const minute of [33, 41]) expectAhead(pieces, minute, 60_000)
  })

  test('a clock that jumps each minute has pieces all the same', () => {
    const pieces = piecesOf(pairs(10, minute => (Math.floor(minute) % 2 === 0 ? 0 : 2000)))
    expectWhole(pieces)
    for (const piece of pieces) expect(piece.agreeing).toBeLessThanOrEqual(piece.pairs)
  })

  test('a few pairs that are wrong cut nothing', () => {
    const pieces = piecesOf(pairs(10, minute => (Math.round(minute * 6) % 20 === 0 ? 900_000 : 250)))
    expectWhole(pieces)
    expect(pieces).toHaveLength(QUARTERS)
    for (let q = 0; q < QUARTERS; q++) expectAhead(pieces, q * 15, 250)
  })

  test('bridges quarters without pairs by what lies before and after them', () => {
    const some = pairs(10, minute => (minute < 60 ? 0 : 1000)).filter(b => b.atUs < 30 * MINUTE_US || b.atUs >= 75 * MINUTE_US)
    const pieces = piecesOf(some)
    expectWhole(pieces)
    for (const minute of [35, 50, 65]) {
      const piece = pieceAt(pieces, minute)
      expect([piece?.pairs, piece?.agreeing]).toEqual([0, 0])
      expect(piece?.lowUs).toBe(pieceAt(pieces, 20)?.lowUs)
      expect(piece?.highUs).toBe(pieceAt(pieces, 80)?.highUs)
    }
  }) // biome-ignore format: a test

  test('quarters before the first pair and after the last are as the nearest', () => {
    const pieces = piecesOf(
      pairs(10, () => 700).filter(b => b.atUs >= 45 * MINUTE_US && b.atUs < 60 * MINUTE_US),
    )
    expectWhole(pieces)
    for (const minute of [0, 20, 70, 110]) expectAhead(pieces, minute, 700)
  })

  test('pools few pairs with those of the quarters around them', () => {
    // Three pairs a quarter: none of them alone says more than a second or so.
    const few = pairs(300, () => 400)
    const pieces = piecesOf(few)
    expectWhole(pieces)
    expect(few.filter(b => b.atUs < QUARTER_US)).toHaveLength(3)
    for (const piece of pieces) {
      expect(piece.pairs).toBeGreaterThanOrEqual(8)
      expect(piece.lowUs).toBeLessThanOrEqual(400 * MS)
      expect(piece.highUs).toBeGreaterThanOrEqual(400 * MS)
    }
  })

  test('a single pair reads the clock of the whole range', () => {
    const pieces = piecesOf([{ atUs: 50 * MINUTE_US, lowUs: 5, highUs: 10, weight: 1 }])
    expectWhole(pieces)
    for (const { lowUs, highUs } of pieces) expect([lowUs, highUs]).toEqual([5, 10])
  })

  test('says nothing without pairs', () => {
    expect(piecesOf([])).toEqual([])
    expect(piecesOf([{ atUs: -1, lowUs: 0, highUs: 1, weight: 1 }])).toEqual([])
  })

  test('whatever the pairs say, pieces lie in order without gaps', () => {
    // Whole seconds, few offsets and runs of pairs that follow each other: clocks that jump and drift at once.
    const run = fc
      .record({
        start: fc.nat((RANGE[1] / SECOND_US) - 1),
        count: fc.integer({ min: 1, max: 40 }),
        every: fc.nat(20),
        ahead: fc.constantFrom(0, 0, 1000, 60_000, -3_600_000),
        gain: fc.constantFrom(0, 0, 50, -400),
        width: fc.constantFrom(0, 500, 1000),
      })
      .map(({ start, count, every, ahead, gain, width }) =>
        Array.from({ length: count }, (_, n) => ({
          atUs: (start + n * every) * SECOND_US,
          lowUs: (ahead + n * gain) * MS,
          highUs: (ahead + n * gain + width) * MS,
          weight: 1,
        })),
      )
    const bounds = fc
      .array(run, { minLength: 1, maxLength: 12 })
      .map(list => list.flat().filter(b => b.atUs < RANGE[1]).sort((a, b) => a.atUs - b.atUs))
    fc.assert(
      fc.property(bounds, list => expectWhole(piecesOf(list))),
      runs(400),
    )
  }) // biome-ignore format: a property
})

test('a clock that runs away beside pairs that are wrong leaves no gap before its first pair', () => {
  const every = (n: number, aheadMs: number): Bound => ({
    atUs: (60 + n) * SECOND_US,
    lowUs: aheadMs * MS,
    highUs: (aheadMs + 1000) * MS,
    weight: 1,
  })
  // 50 at a time agree about the clock, 60 about something else.
  const running = Array.from({ length: 200 }, (_, n) => every(4 * n, 20 * n))
  const wrong = Array.from({ length: 60 }, (_, n) => every(13 * n + 1, -900_000))
  expectWhole(piecesOf([...running, ...wrong].sort((a, b) => a.atUs - b.atUs)))
})
