import { describe, expect, test } from 'vitest'
import { type Attempt, matchAttempts } from './attempts.ts'
import { matchSlice } from './match.ts'
import { Model } from './model.ts'
import { appSide, gatewaySide, type Hop, type Line } from './sides.fixture.ts'

const MS = 1000
const SECOND_US = 1_000_000
/** The logged second of a moment. */
const secondOf = (us: number): number => Math.floor(us / SECOND_US) * SECOND_US

/** A line that ended at a moment. */
function line(endUs: number, tookMs: number, more: Partial<Line> = {}): Line {
  return { fromUs: secondOf(endUs), tookUs: tookMs * MS, ...more }
}

const challenge = (endUs: number, more: Partial<Line> = {}): Line =>
  line(endUs, 4, { status: 401, handshake: true, ...more })

/** A line that an id joined to a gateway hop. */
const joined = (hop: number, { atUs }: Hop, tookMs: number, more: Partial<Line> = {}): Line =>
  line(atUs, tookMs, { partner: hop, anchorUs: atUs, open: false, ...more })

/** The attempts of a slice whose lines stand in the order of their logs. */
function attemptsOf(hops: readonly Hop[], lines: readonly Line[]): Attempt[] {
  const sorted = [...lines].sort((a, b) => (a.stream ?? 0) - (b.stream ?? 0))
  const model = new Model()
  return matchAttempts(matchSlice(gatewaySide(hops), appSide(sorted), model), model)
}

const said = (attempts: readonly Attempt[]): string[] =>
  attempts.filter(a => a.probability >= 0.9).map(a => `${a.app} ${a.kind} of ${a.gateway}`)

const AT = 100 * SECOND_US
/** Began at AT; called once, or twice and more while its stamps cover all attempts. */
const hop = (waitMs: number, more: Partial<Hop> = {}): Hop => ({
  startUs: AT,
  sentUs: AT + 2 * MS,
  atUs: AT + (2 + waitMs) * MS,
  ...more,
})

describe('challenges of integrated authentication', () => {
  // 4 ms for each challenge and 1 ms on the way, then 200 ms for the answer.
  const called = hop(212)

  test('attach to the gateway hop whose answer follows them in the log', () => {
    const lines = [challenge(AT + 6 * MS), challenge(AT + 11 * MS), joined(0, called, 200)]
    expect(said(attemptsOf([called], lines))).toEqual(['0 handshake of 0', '1 handshake of 0'])
  })

  test('attach where the answer was found by its time', () => {
    const lines = [challenge(AT + 6 * MS), challenge(AT + 11 * MS), line(called.atUs, 200)]
    expect(said(attemptsOf([called], lines))).toEqual(['0 handshake of 0', '1 handshake of 0'])
  })

  test('are likelier those of an answer on their own log than of one on another', () => {
    const lines = (stream: number): Line[] => [challenge(AT + 6 * MS), joined(0, called, 200, { stream })]
    const [own, other] = [0, 1].map(stream => attemptsOf([called], lines(stream))[0]?.probability ?? 0)
    expect(own).toBeGreaterThan(other ?? 1)
  })

  test('are those of the caller whose address they log', () => {
    const hops = [hop(212, { client: 7 }), hop(212, { client: 8 })]
    const lines = [
      challenge(AT + 6 * MS, { client: 8 }),
      joined(0, hops[0] ?? called, 200),
      joined(1, hops[1] ?? called, 200),
    ]
    const [first, second] = attemptsOf(hops, lines)
    expect([first?.gateway, second?.gateway]).toEqual([0, 1])
    expect(second?.probability).toBeGreaterThan(10 * (first?.probability ?? 1))
  })

  test.each<{ name: string; line: Line }>([
    { name: 'ended in a second after the answer', line: challenge(called.atUs + SECOND_US) },
    { name: 'ended before the gateway began', line: challenge(AT - 2 * SECOND_US) },
    { name: 'has another path or method', line: challenge(AT + 6 * MS, { key: 5 }) },
    { name: 'names another subject', line: challenge(AT + 6 * MS, { subject: 5 }) },
    { name: 'is a 401 of the app itself', line: challenge(AT + 6 * MS, { handshake: false }) },
    { name: 'must not be linked', line: challenge(AT + 6 * MS, { open: false }) },
  ])('a line that $name attaches to nobody', ({ line: other }) => {
    const lines = [other, joined(0, { ...called, subject: 4 }, 200)].sort((a, b) => a.fromUs - b.fromUs)
    expect(attemptsOf([{ ...called, subject: 4 }], lines)).toEqual([])
  }) // biome-ignore format: a table
})

describe('failures that the gateway tried again', () => {
  const failed = (endUs: number, more: Partial<Line> = {}): Line =>
    line(endUs, 50, { status: 503, stream: 1, ...more })

  test('attach from another host, where the stamps of the gateway cover all attempts', () => {
    const called = hop(252)
    const lines = [joined(0, called, 200), failed(AT + 53 * MS)]
    expect(said(attemptsOf([called], lines))).toEqual(['1 retry of 0'])
  })

  test('attach from another host, where they cover the last', () => {
    const called = hop(201, { sentUs: AT + 54 * MS, atUs: AT + 255 * MS })
    const lines = [joined(0, called, 200), failed(AT + 53 * MS)]
    expect(said(attemptsOf([called], lines))).toEqual(['1 retry of 0'])
  })

  test('a 503 that the gateway got too is the answer', () => {
    const called = hop(52, { status: 503 })
    const gateway = gatewaySide([called])
    const model = new Model()
    const matched = matchSlice(gateway, appSide([failed(called.atUs)]), model)
    expect(matched.probability[0]).toBeGreaterThan(0.5)
    expect(matchAttempts(matched, model)).toEqual([])
  })

  test('a second 503 beside the one that an id joined is no attempt', () => {
    const called = hop(252, { status: 503 })
    const lines = [joined(0, called, 200, { status: 503 }), failed(AT + 53 * MS)]
    expect(attemptsOf([called], lines)).toEqual([])
  })

  test('a failure that took longer than there was time for attaches to nobody', () => {
    const called = hop(252)
    const lines = [joined(0, called, 200), failed(AT + 53 * MS, { tookUs: 30 * SECOND_US })]
    expect(attemptsOf([called], lines)).toEqual([])
  })

  test('a 404 is no failed attempt', () => {
    const called = hop(252)
    expect(attemptsOf([called], [joined(0, called, 200), failed(AT + 53 * MS, { status: 404 })])).toEqual([])
  })
})

test('probabilities of a line add up to no more than one', () => {
  const hops = Array.from({ length: 20 }, (_, n) => hop(212, { client: n }))
  const lines = [challenge(AT + 6 * MS), ...hops.map((h, n) => joined(n, h, 200))]
  const sum = attemptsOf(hops, lines).reduce((total, a) => total + a.probability, 0)
  expect(sum).toBeGreaterThan(0)
  expect(sum).toBeLessThanOrEqual(1)
})

test('without lines or hops there are none', () => {
  expect(attemptsOf([], [])).toEqual([])
  expect(attemptsOf([], [challenge(AT)])).toEqual([])
  expect(attemptsOf([hop(200)], [])).toEqual([])
})
