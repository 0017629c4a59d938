import { describe, expect, test } from 'vitest'
import { offsetText, sparkline, zoneText } from './clock-words.ts'

describe('offsetText', () => {
  test.each([
    { name: 'ahead, in milliseconds', low: 12_000, high: 40_000, want: '12..40 ms ahead' },
    { name: 'behind: the nearer bound first', low: -40_000, high: -12_000, want: '12..40 ms behind' },
    { name: 'seconds from one second on', low: 3_699_000, high: 3_704_000, want: '3.699..3.704 s ahead' },
    { name: 'on both sides', low: -30_000, high: 52_000, want: '30 ms behind to 52 ms ahead' },
    { name: 'one number where both bounds read alike', low: 5000, high: 5400, want: '5 ms ahead' },
    { name: 'hours as grouped seconds', low: -7_200_016_000, high: -7_199_980_000, want: '7,199.980..7,200.016 s behind' },
  ])('$name', ({ low, high, want }) => expect(offsetText(low, high)).toBe(want)) // biome-ignore format: a table
})

test.each([
  { hours: -2, want: '7,200 s behind: two hours; a time zone?' },
  { hours: 1, want: '3,600 s ahead: one hour; a time zone?' },
  { hours: 5.5, want: '19,800 s ahead: five and a half hours; a time zone?' },
  { hours: -0.5, want: '1,800 s behind: half an hour; a time zone?' },
])('a zone of $hours hours in words', ({ hours, want }) => expect(zoneText(hours)).toBe(want))

test('a sparkline goes from the lowest to the highest, with dots where nothing is known', () => {
  expect(sparkline([0, Number.NaN, 7, 14])).toBe('▁·▅█')
  expect(sparkline([5, 5])).toBe('▄▄')
  expect(sparkline([Number.NaN])).toBe('·')
})
