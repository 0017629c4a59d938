import { expect, test } from 'vitest'
import { bytes, count, createOutput, duration, percent, safe, table, wantsColor } from './output.ts'

test('text of logs cannot drive the terminal', () => {
  expect(safe('a\x1b[31mb\x07\r\n\u009b\u202e')).toBe('a\\u001b[31mb\\u0007\\u000d\\u000a\\u009b\\u202e')
  expect(safe('Müller 東京')).toBe('Müller 東京')
  expect(safe(undefined)).toBe('')
})

test.each([
  { got: count(0), want: '0' },
  { got: count(999), want: '999' },
  { got: count(1_234_567), want: '1,234,567' },
  { got: bytes(0), want: '0 B' },
  { got: bytes(1023), want: '1023 B' },
  { got: bytes(1024), want: '1.00 KiB' },
  { got: bytes(10 * 1024 ** 3), want: '10.0 GiB' },
  { got: percent(0, 0), want: '-' },
  { got: percent(0, 9), want: '0.0 %' },
  { got: percent(1, 1_000_000), want: '<0.1 %' },
  { got: percent(999_999, 1_000_000), want: '99.9 %' },
  { got: percent(5, 5), want: '100.0 %' },
  { got: duration(999), want: '999 µs' },
  { got: duration(1000), want: '1 ms' },
  { got: duration(999_000), want: '999 ms' },
  { got: duration(1_000_000), want: '1.00 s' },
  { got: duration(120_000_000), want: '2.0 min' },
])('$want', ({ got, want }) => {
  expect(got).toBe(want)
})

test.each([
  { choice: 'auto', env: {}, terminal: true, want: true },
  { choice: 'auto', env: {}, terminal: false, want: false },
  { choice: 'auto', env: { NO_COLOR: '1' }, terminal: true, want: false },
  { choice: 'auto', env: { NO_COLOR: '' }, terminal: true, want: true },
  { choice: 'auto', env: { TERM: 'dumb' }, terminal: true, want: false },
  { choice: 'always', env: { NO_COLOR: '1' }, terminal: false, want: true },
  { choice: 'never', env: {}, terminal: true, want: false },
] as const)(
  '--color=$choice with $env on a terminal ($terminal) is colour: $want',
  ({ choice, env, terminal, want }) => {
    expect(wantsColor(choice, env, terminal)).toBe(want)
  },
)

test('columns are aligned by the width that characters have on a terminal, without blanks at the end', () => {
  const out = createOutput({ NO_COLOR: '1' })
  const columns = [{ title: 'name' }, { title: 'n', align: 'right' as const }, { title: 'x' }]
  expect(table(columns, [['東京', '1', ''], ['ab', '1,000', 'y']], out)).toEqual([
    'name      n  x',
    '東京      1',
    'ab    1,000  y',
  ]) // biome-ignore format: a picture
})
