import { describe, expect, test } from 'vitest'
import { canonicalFilter } from './canonical.ts'
import { parseFilter } from './parse.ts'

describe('one text for all ways to type the same', () => {
  test.each([
    { texts: ['', '  ', '*', '*:*', '(*)'], want: '*' },
    { texts: ['status:401', ' status : "401" ', '((status:401))'], want: 'status:401' },
    { texts: ['a and b or c', '(a and b) OR c', 'a AND(b)Or c'], want: 'a and b or c' },
    { texts: ['status:(401 OR 403)', 'status:401 or (status:403)'], want: 'status:401 or status:403' },
    { texts: ['s:(a or b) and c', '(s:a or s:b)\nAND c'], want: '(s:a or s:b) and c' },
    { texts: ['not not a', 'NOT (not a)'], want: 'not (not a)' },
    { texts: ['not(a and b)'], want: 'not (a and b)' },
    { texts: ['start>=2026-07-01T00:00:00Z'], want: 'start >= "2026-07-01T00:00:00Z"' },
    { texts: ['start >= now-7d/d', 'start >= "now-7d/d"'], want: 'start >= now-7d/d' },
    { texts: ['path:/payroll/*', 'path:/payroll/**'], want: 'path:/payroll/*' },
    { texts: ['path:"/payroll/*"', 'path:/payroll/\\*'], want: 'path:"/payroll/*"' },
    { texts: ['DOMAIN\\\\alice', '"DOMAIN\\alice"', '"DOMAIN\\\\alice"'], want: '"DOMAIN\\\\alice"' },
    { texts: ['foo bar', '"foo bar"'], want: '"foo bar"' },
    { texts: ['foo bar*'], want: 'foo\\u0020bar*' },
    { texts: ['"and"', '\\and'], want: '"and"' },
    { texts: ['cannot'], want: '"cannot"' },
    { texts: ['can*not'], want: 'can*no\\u0074' },
    { texts: ['a:"\n"'], want: 'a:"\\u000a"' },
    { texts: ['"status=401"'], want: '"status=401"' },
    { texts: ['status\\u003d4*'], want: 'status\\u003d4*' },
    { texts: ['café', 'caf\\u00e9'], want: 'café' },
  ])('$want', ({ texts, want }) => {
    for (const text of texts) expect(canonicalFilter(parseFilter(text))).toBe(want)
  })
})
