import { expect, test } from 'vitest'
import { findCandidates } from './candidates.ts'
import { appSide, gatewaySide, type Hop, type Line } from './sides.fixture.ts'

const SECOND = 1_000_000
const CHOICE = { score: () => 0, aboutUs: () => 0 }

/** The calls that a line may belong to, with its expected end. */
function found(line: Line, hops: readonly Hop[]): { hop: number; atUs: number }[] {
  const { gateway, atUs } = findCandidates(gatewaySide(hops), appSide([line]), CHOICE)
  return [...gateway].map((hop, e) => ({ hop, atUs: atUs[e] ?? Number.NaN }))
}

/** A call of 300 ms that was answered 503, and one that the gateway gave up after as long. */
const ANSWERED: Hop = { startUs: 4_900_000, sentUs: 5_000_000, atUs: 5_300_000, status: 503 }
const GIVEN_UP: Hop = { ...ANSWERED, status: -1, isAnswered: false }
const KERNEL: Line = { fromUs: 5 * SECOND, kernel: true }

test('a row with a status belongs to an answered call with that status', () => {
  expect(found({ ...KERNEL, status: 503 }, [ANSWERED, GIVEN_UP])).toEqual([{ hop: 0, atUs: 5_300_000 }])
  expect(found({ ...KERNEL, status: 400 }, [ANSWERED, GIVEN_UP])).toEqual([])
})

test('a row without one belongs to a call that got no answer, at the moment at which the gateway gave up', () => {
  expect(found({ ...KERNEL, status: -1 }, [ANSWERED, GIVEN_UP])).toEqual([{ hop: 1, atUs: 5_300_000 }])
})

test('a line of IIS without time-taken is compared as ever', () => {
  expect(found({ fromUs: 5 * SECOND, status: 503 }, [ANSWERED])).toEqual([{ hop: 0, atUs: 5_300_000 }])
  expect(found({ fromUs: 5 * SECOND, status: -1, tookUs: 0 }, [GIVEN_UP])).toEqual([
    { hop: 0, atUs: 5_000_000 },
  ])
})

test.each([
  { name: '0.3 s before its second', atUs: 4_700_000, want: 1 },
  { name: 'more than that', atUs: 4_699_999, want: 0 },
  { name: '0.3 s after it', atUs: 6_300_000, want: 1 },
  { name: 'more than that after it', atUs: 6_300_001, want: 0 },
])('a call that ended $name', ({ atUs, want }) => {
  const call: Hop = { ...GIVEN_UP, startUs: 0, sentUs: 1000, atUs }
  expect(found({ ...KERNEL, status: -1 }, [call])).toHaveLength(want)
})
