import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { orderFactors } from './sequence.ts'
import { appSide, candidatesOf, type Line } from './sides.fixture.ts'

const SECOND_US = 1_000_000
const MODEL = { backUs: 10_000 }
/** The density of an end that may lie anywhere in its second. */
const EVEN = 1 / SECOND_US

interface Candidate {
  readonly hop: number
  readonly atUs: number
  /** Odds of the pair by itself. */
  readonly weight: number
}

/** A line with its candidates. */
type Told = Line & { readonly candidates?: readonly Candidate[] }

/** Logarithms of the factors, by line and candidate. */
function factors(lines: readonly Told[]): number[][] {
  const lists = lines.map(line => line.candidates ?? [])
  const candidates = candidatesOf(lists)
  const weight = Float64Array.from(lists.flat(), c => c.weight)
  const found = orderFactors(appSide(lines), candidates, weight, MODEL)
  return lists.map((list, i) => list.map((_, c) => found[(candidates.from[i] ?? 0) + c] ?? Number.NaN))
}

/**
 * Density (a µs) of the time from a line's end to that of the line so many places on: exponential with the mean that
 * the rate of the log says, exponential with the mean of the jitter backwards, and a twentieth anywhere in 3 s.
 * All lines of a test lie within 1.5 s of each other, so that they have one rate: all of them in 3 s.
 */
function gapDensity(us: number, places: number, lines: number): number {
  const mean = (places * 3 * SECOND_US) / lines
  const forward = us >= 0 ? Math.exp(-us / mean) : Math.exp(us / MODEL.backUs)
  return (0.95 * forward) / (mean + MODEL.backUs) + 0.05 / (3 * SECOND_US)
}

interface Choice {
  readonly line: number
  readonly hop: number | undefined
  readonly atUs: number
}

/** The odds of one assignment: of its pairs by themselves, and of each end after the known end before it. */
function likelihood(choices: readonly Choice[], weights: number, lines: number): number {
  let product = weights
  choices.forEach((choice, k) => {
    const before = choices[k - 1]
    if (!before) return
    if (before.hop !== undefined && before.hop === choice.hop) product = 0
    product *= gapDensity(choice.atUs - before.atUs, choice.line - before.line, lines) / EVEN
  })
  return product
}

/** The same by going through all assignments of candidates, or nobody, to lines. */
function enumerated(lines: readonly Told[]): number[][] {
  const sums = new Map<string, number>()
  const go = (line: number, choices: readonly Choice[], picks: readonly number[], weights: number): void => {
    const told = lines[line]
    if (!told) {
      const odds = likelihood(choices, weights, lines.length)
      picks.forEach((pick, i) => {
        sums.set(`${i} ${pick}`, (sums.get(`${i} ${pick}`) ?? 0) + odds)
      })
      return
    }
    if (told.anchorUs !== undefined) {
      go(line + 1, [...choices, { line, hop: undefined, atUs: told.anchorUs }], [...picks, -1], weights)
      return
    }
    go(line + 1, choices, [...picks, -1], weights)
    told.candidates?.forEach(({ hop, atUs, weight }, c) => {
      go(line + 1, [...choices, { line, hop, atUs }], [...picks, c], weights * weight)
    })
  }
  go(0, [], [], 1)
  return lines.map((line, i) =>
    (line.candidates ?? []).map(({ weight }, c) =>
      Math.log((sums.get(`${i} ${c}`) ?? 0) / weight / (sums.get(`${i} -1`) ?? 0)),
    ),
  )
}

/** A log of up to four lines in two seconds, with up to two candidates each; some joined by an id. */
const log: fc.Arbitrary<Told[]> = fc
  .array(
    fc.record({
      second: fc.nat(1),
      anchor: fc.option(fc.integer({ min: 0, max: SECOND_US }), { nil: undefined, freq: 3 }),
      candidates: fc.array(
        fc.record({
          hop: fc.nat(4),
          inUs: fc.integer({ min: 0, max: SECOND_US }),
          weight: fc.double({ min: -2, max: 2, noNaN: true }).map(Math.exp),
        }),
        { maxLength: 2 },
      ),
    }),
    { minLength: 2, maxLength: 4, size: 'max' },
  )
  .map(list =>
    [...list]
      .sort((a, b) => a.second - b.second)
      .map(({ second, anchor, candidates }) => {
        const fromUs = second * SECOND_US
        if (anchor !== undefined) return { fromUs, anchorUs: fromUs + anchor, open: false }
        return { fromUs, candidates: candidates.map(c => ({ ...c, atUs: fromUs + c.inUs })) }
      }),
  )

/** Three ends on a side, and "none so far", are all that is remembered for a line that is passed over. */
function isKept(lines: readonly Told[], place: number): boolean {
  const ends = (list: readonly Told[]): number =>
    list.reduce((sum, l) => sum + (l.candidates?.length ?? 1), 0)
  return ends(lines.slice(0, place)) <= 3 && ends(lines.slice(place + 1)) <= 3
}

describe('against all assignments', () => {
  test('the same where all states are kept, give or take five percent', () => {
    let compared = 0
    fc.assert(
      fc.property(log, lines => {
        const want = enumerated(lines)
        factors(lines).forEach((list, i) => {
          if (!isKept(lines, i)) return
          list.forEach((factor, c) => {
            compared++
            expect(Math.abs(factor - (want[i]?.[c] ?? Number.NaN))).toBeLessThan(0.05)
          })
        })
      }),
      runs(1000),
    )
    expect(compared).toBeGreaterThan(500)
  })
})

const HALF = SECOND_US / 2
const anchored = (us: number): Told => ({ fromUs: 0, anchorUs: us, open: false })
const between = (candidates: readonly Candidate[]): Told => ({ fromUs: 0, candidates })

test('between two lines whose ends are known, the end between them is likelier', () => {
  const two = [
    { hop: 0, atUs: HALF, weight: 1 },
    { hop: 1, atUs: 0.9 * SECOND_US, weight: 1 },
  ]
  const [, [inside = 0, outside = 0] = []] = factors([anchored(0.45 * SECOND_US), between(two), anchored(0.55 * SECOND_US)])
  expect(inside).toBeGreaterThan(outside + 2)
  expect(inside).toBeGreaterThan(0)
  expect(outside).toBeLessThan(0)
}) // biome-ignore format: a table

test('a hop that the line before it has for sure is not given a second time by the order', () => {
  const sure = { hop: 0, atUs: HALF, weight: 1e8 }
  const [, [again = 0, other = 0] = []] = factors([
    between([sure]),
    between([
      { hop: 0, atUs: HALF, weight: 1 },
      { hop: 1, atUs: HALF + 1000, weight: 1 },
    ]),
  ])
  expect(again).toBeLessThan(other - 5)
})

test('two logs do not influence each other', () => {
  fc.assert(
    fc.property(log, log, (one, two) => {
      const inStream = (lines: readonly Told[], stream: number): Told[] => lines.map(l => ({ ...l, stream }))
      const together = factors([...inStream(one, 0), ...inStream(two, 1)])
      expect(together).toEqual([...factors(one), ...factors(two)])
    }),
    runs(100),
  )
})

test('a line without neighbours learns nothing from its place', () => {
  const alike = [0, 1, 2].map(hop => ({ hop, atUs: HALF, weight: 1 }))
  for (const factor of factors([between(alike)])[0] ?? []) expect(factor).toBeCloseTo(0, 9)
})

test('neighbours without candidates say nothing either', () => {
  const [, list = []] = factors([between([]), between([{ hop: 0, atUs: HALF, weight: 5 }]), between([])])
  expect(list).toEqual([expect.closeTo(0, 9)])
})
