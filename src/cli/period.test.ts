import { expect, test } from 'vitest'
import { parsePeriod } from './period.ts'

const NOW = Date.UTC(2026, 6, 10, 12)
const us = (...at: [number, number, number, number?, number?, number?, number?]): number =>
  Date.UTC(...at) * 1000

test.each([
  { name: 'a date is its first moment', from: '2026-07-01', want: us(2026, 6, 1) },
  { name: 'a time without a zone is UTC', from: '2026-07-01T08:30', want: us(2026, 6, 1, 8, 30) },
  { name: 'a blank instead of T', from: '2026-07-01 08:30:15', want: us(2026, 6, 1, 8, 30, 15) },
  { name: 'an offset', from: '2026-07-01T08:30:00+02:00', want: us(2026, 6, 1, 6, 30) },
  { name: 'milliseconds', from: '2026-07-01T00:00:00.250Z', want: us(2026, 6, 1, 0, 0, 0, 250) },
  { name: 'now', from: 'now', want: NOW * 1000 },
  { name: 'seven days ago', from: 'now-7d', want: us(2026, 6, 3, 12) },
  { name: 'ninety minutes ago', from: 'now-90m', want: us(2026, 6, 10, 10, 30) },
  { name: 'a leap day', from: '2028-02-29', want: us(2028, 1, 29) },
])('$name: $from', ({ from, want }) => {
  expect(parsePeriod({ from }, NOW)).toEqual({ fromUs: want, toUs: Number.POSITIVE_INFINITY })
})

test.each(['2026-02-29', '2026-13-01', '2026-02-30T08:00:00Z', '08:00', 'now-', 'now+1d', '1782900000', ''])(
  'no time: %s',
  to => {
    expect(() => parsePeriod({ to }, NOW)).toThrow(/--to .*: no time; expected a date/)
  },
)

test('a period without ends is none; one that is empty or reversed is refused', () => {
  expect(parsePeriod({}, NOW)).toBeUndefined()
  expect(parsePeriod({ from: '2026-07-01', to: '2026-07-02' }, NOW)).toEqual({
    fromUs: us(2026, 6, 1),
    toUs: us(2026, 6, 2),
  })
  for (const from of ['2026-07-02', '2026-07-03'])
    expect(() => parsePeriod({ from, to: '2026-07-02' }, NOW)).toThrow(/half-open/)
})
