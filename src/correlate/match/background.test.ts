import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runs } from '../../../test/support/runs.ts'
import { describeBackground } from './background.ts'
import { appSide, type Line } from './sides.fixture.ts'

const SECOND_US = 1_000_000
/** Half widths of the windows, and what a window without others counts, as the module describes them. */
const HALVES_US = [2, 20, 60].map(seconds => seconds * SECOND_US)
const FLOOR = 0.3

const rate = (lines: readonly Line[]): number[] => [...describeBackground(appSide(lines)).logRate]
const calm = (lines: readonly Line[]): number[] => [...describeBackground(appSide(lines)).logCalmRate]

/** The same by looking at each pair of lines. */
function counted(lines: readonly Line[], halves: readonly number[]): number[] {
  return lines.map((line, i) => {
    const like = lines.filter(
      (other, j) =>
        i !== j && other.key === line.key && other.status === line.status && other.subject === line.subject,
    )
    const rates = halves.map(half => {
      const near = like.filter(other => Math.abs(other.fromUs - line.fromUs) <= half)
      return (near.length + FLOOR) / (2 * half)
    })
    return Math.log(Math.max(...rates))
  })
}

const log: fc.Arbitrary<Line[]> = fc.array(
  fc.record({
    fromUs: fc.nat(200).map(second => second * SECOND_US),
    tookUs: fc.nat(2000).map(ms => ms * 1000),
    stream: fc.nat(1),
    key: fc.nat(1),
    status: fc.constantFrom(200, 500),
    subject: fc.constantFrom(-1, 3),
  }),
  { minLength: 1, maxLength: 40 },
)

const close = (values: readonly number[]) => values.map(value => expect.closeTo(value, 9))

describe('how often lines like a line come', () => {
  test('a lone line gets the least rate of the narrowest window', () => {
    expect(rate([{ fromUs: 5 * SECOND_US }])).toEqual(close([Math.log(FLOOR / (4 * SECOND_US))]))
    expect(calm([{ fromUs: 5 * SECOND_US }])).toEqual(close([Math.log(FLOOR / (120 * SECOND_US))]))
  })

  test('a burst raises it for the lines in it, whatever their log', () => {
    const burst = Array.from({ length: 10 }, (_, n) => ({ fromUs: 100 * SECOND_US, stream: n % 2 }))
    const [lone, ...inBurst] = rate([{ fromUs: 0 }, ...burst])
    expect(lone).toBeCloseTo(Math.log(FLOOR / (4 * SECOND_US)), 9)
    expect(inBurst).toEqual(close(burst.map(() => Math.log((9 + FLOOR) / (4 * SECOND_US)))))
  })

  test('is what counting says', () => {
    fc.assert(
      fc.property(log, lines => {
        expect(rate(lines)).toEqual(close(counted(lines, HALVES_US)))
        expect(calm(lines)).toEqual(close(counted(lines, HALVES_US.slice(-1))))
      }),
      runs(100),
    )
  })

  test('is not smaller with more lines like it around', () => {
    fc.assert(
      fc.property(log, fc.nat(), fc.nat(200), (lines, n, second) => {
        const like = { ...lines[n % lines.length], fromUs: second * SECOND_US }
        const before = rate(lines)
        rate([...lines, like]).slice(0, -1).forEach((now, i) => {
          expect(now).toBeGreaterThanOrEqual(before[i] ?? 0)
        })
      }),
      runs(100),
    ) // biome-ignore format: one property
  })
})

test('a usual size is likelier than a rare one, and each has a probability', () => {
  const lines = Array.from({ length: 50 }, (_, n) => ({ fromUs: n * SECOND_US, bytes: n === 7 ? 600 : 300 }))
  const { logSize } = describeBackground(
    appSide([...lines, { fromUs: 0, bytes: 0 }, { fromUs: 0, bytes: 2e11 }]),
  )
  expect(logSize[0]).toBeGreaterThan((logSize[7] ?? 0) + 2)
  for (const log of logSize) expect(Number.isFinite(log)).toBe(true)
})

test('where the size is not logged, nothing is said about it', () => {
  const { logSize } = describeBackground(appSide([{ fromUs: 0 }, { fromUs: 0, bytes: 10 }]))
  expect([Number.isNaN(logSize[0]), Number.isFinite(logSize[1])]).toEqual([true, true])
})

test('no lines', () => expect(rate([])).toEqual([]))
