import { expect, test } from 'vitest'
import { csvLine, jsonRow, rfc3339Text } from './rows.ts'

test.each([
  { values: ['a', 1, null, undefined, true], want: 'a,1,,,true\r\n' },
  { values: ['a,b', 'say "x"', 'two\nlines', 'a\rb'], want: '"a,b","say ""x""","two\nlines","a\rb"\r\n' },
  { values: [['a', 'b'], []], want: '"[""a"",""b""]",[]\r\n' },
  { values: ['=1+1', '+1', '-1', '@x', '\tx'], want: "'=1+1,'+1,'-1,'@x,'\tx\r\n" },
  { values: [-1, '1-1'], want: '-1,1-1\r\n' },
])('$values is the CSV record $want', ({ values, want }) => {
  expect(csvLine(values)).toBe(want)
})

test('times of a row are RFC 3339 in UTC; everything else and the order of keys stay', () => {
  const row = { start_ts: '2026-07-01 22:00:00.5', end_ts: null, path: '2026-07-01 22:00:00', status: 200 }
  expect(JSON.stringify(jsonRow(row))).toBe(
    '{"start_ts":"2026-07-01T22:00:00.5Z","end_ts":null,"path":"2026-07-01 22:00:00","status":200}',
  )
  expect(rfc3339Text('2026-07-01 22:00:00.000001')).toBe('2026-07-01T22:00:00.000001Z')
})
