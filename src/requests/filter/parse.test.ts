import { describe, expect, test } from 'vitest'
import { parseFilter } from './parse.ts'

/** The tree without positions, in a short form: field=value, with * for what a wildcard matches. */
function short(text: string): unknown {
  const strip = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || !('kind' in value)) return value
    const { at: _at, ...rest } = value as Record<string, unknown>
    return rest
  }
  return JSON.parse(JSON.stringify(parseFilter(text), strip))
}

const literal = (text: string) => ({ kind: 'literal', text })
const wildcard = (...parts: string[]) => ({ kind: 'wildcard', parts })
const free = (value: unknown) => ({ kind: 'text', value })
const named = (name: string) => expect.objectContaining({ name })
const match = (name: string, value: unknown) => ({ kind: 'match', field: named(name), value })
const range = (name: string, operator: string, text: string) => ({
  kind: 'range',
  field: named(name),
  operator,
  value: literal(text),
})
const and = (...items: unknown[]) => ({ kind: 'and', items })
const or = (...items: unknown[]) => ({ kind: 'or', items })
const not = (item: unknown) => ({ kind: 'not', item })
const [a, b, c] = ['a', 'b', 'c'].map(text => free(literal(text)))
const all = { kind: 'all' }

describe('operators', () => {
  test.each([
    { name: 'nothing matches all', text: '', want: all },
    { name: 'white space matches all', text: ' \t\n\u00a0', want: all },
    { name: 'a bare star matches all', text: '*', want: all },
    { name: 'any field with any value matches all', text: '*:*', want: all },
    { name: 'and binds closer than or', text: 'a or b and c', want: or(a, and(b, c)) },
    { name: 'not binds closer than and', text: 'not a and b', want: and(not(a), b) },
    { name: 'parentheses come first', text: '(a or b) and c', want: and(or(a, b), c) },
    { name: 'not of a group', text: 'not (a or b)', want: not(or(a, b)) },
    { name: 'not without space before the group', text: 'not(a)', want: not(a) },
    { name: 'not twice', text: 'not not a', want: not(not(a)) },
    { name: 'operators in any case', text: 'a AND b Or NOT c', want: or(and(a, b), not(c)) },
    { name: 'needless parentheses vanish', text: '((a) and ((b and c)))', want: and(a, b, c) },
    {
      name: 'words that begin with an operator are words',
      text: 'android or northern',
      want: or(free(literal('android')), free(literal('northern'))),
    },
  ])('$name', ({ text, want }) => expect(short(text)).toEqual(want))
})

describe('values', () => {
  test.each([
    { name: 'plain', text: 'state:app-only', want: match('state', literal('app-only')) },
    { name: 'space around the colon', text: 'state : app-only', want: match('state', literal('app-only')) },
    { name: 'a path with a star', text: 'path:/payroll/*', want: match('path', wildcard('/payroll/', '')) },
    {
      name: 'a star in quotes is a star',
      text: 'path:"/payroll/*"',
      want: match('path', literal('/payroll/*')),
    },
    { name: 'an escaped star is a star', text: 'path:a\\*', want: match('path', literal('a*')) },
    { name: 'two stars are one', text: 'path:a**b*', want: match('path', wildcard('a', 'b', '')) },
    { name: 'exists', text: 'correlation_id:*', want: match('correlation_id', wildcard('', '')) },
    { name: 'an empty value', text: 'query:""', want: match('query', literal('')) },
    {
      name: 'several words are one value',
      text: 'agent:foo  bar or b',
      want: or(match('agent', literal('foo  bar')), b),
    },
    { name: 'free text in quotes', text: '"foo bar"', want: free(literal('foo bar')) },
    { name: 'a dotted field', text: 'url.path:a', want: match('url.path', literal('a')) },
    {
      name: 'escaped backslash',
      text: 'subject:DOMAIN\\\\alice',
      want: match('subject', literal('DOMAIN\\alice')),
    },
    {
      name: 'a lone backslash in quotes is one',
      text: '"DOMAIN\\alice"',
      want: free(literal('DOMAIN\\alice')),
    },
    { name: 'escaped quote in quotes', text: '"a\\"b\\\\"', want: free(literal('a"b\\')) },
    {
      name: 'escaped special characters',
      text: 'a\\:b\\(c\\)\\<\\>\\{\\}\\"',
      want: free(literal('a:b(c)<>{}"')),
    },
    {
      name: 'escaped operators',
      text: '\\and or foo \\OR',
      want: or(free(literal('and')), free(literal('foo OR'))),
    },
    {
      name: 'character codes',
      text: 'caf\\u00e9 or "\\u00E9"',
      want: or(free(literal('café')), free(literal('é'))),
    },
    { name: 'operators in quotes are text', text: '"and"', want: free(literal('and')) },
    {
      name: 'text beyond the basic plane',
      text: 'subject:渡辺🦊',
      want: match('subject', literal('渡辺🦊')),
    },
  ])('$name', ({ text, want }) => expect(short(text)).toEqual(want))

  test.each([
    { name: 'a list', text: 's:(1 or 2)', want: or(match('s', literal('1')), match('s', literal('2'))) },
    {
      name: 'a list with and, not and groups',
      text: 's:(a* and not (b or "c"))',
      want: and(match('s', wildcard('a', '')), not(or(match('s', literal('b')), match('s', literal('c'))))),
    },
    {
      name: 'a list joins its surroundings',
      text: 'a or s:(1 OR 2)',
      want: or(a, match('s', literal('1')), match('s', literal('2'))),
    },
    { name: 'a list of one', text: 's:((1))', want: match('s', literal('1')) },
  ])('$name', ({ text, want }) => expect(short(text)).toEqual(want))
})

describe('ranges and times', () => {
  test.each([
    { name: 'without space', text: 'status>=400', want: range('status', '>=', '400') },
    { name: 'with space', text: 'status < 400', want: range('status', '<', '400') },
    { name: 'in quotes', text: '@timestamp > "2026-07-01"', want: range('@timestamp', '>', '2026-07-01') },
    {
      name: 'a time with colons',
      text: 'start >= 2026-07-01T00:00:00Z',
      want: range('start', '>=', '2026-07-01T00:00:00Z'),
    },
    {
      name: 'a time with an offset',
      text: 'start<=2026-07-01T00:00:00.5+02:00',
      want: range('start', '<=', '2026-07-01T00:00:00.5+02:00'),
    },
    {
      name: 'a time after a colon',
      text: '(start:2026-07-01T10:15)',
      want: match('start', literal('2026-07-01T10:15')),
    },
    { name: 'date math', text: 'start >= now-7d/d', want: range('start', '>=', 'now-7d/d') },
    {
      name: 'a half-open range',
      text: '@timestamp >= "2026-07-01" and @timestamp < "2026-10-01"',
      want: and(range('@timestamp', '>=', '2026-07-01'), range('@timestamp', '<', '2026-10-01')),
    },
  ])('$name', ({ text, want }) => expect(short(text)).toEqual(want))
})

test('nodes know where they stand', () => {
  expect(parseFilter(' status >= 400 ')).toMatchObject({
    at: { text: ' status >= 400 ', start: 1, end: 14 },
    field: { at: { start: 1, end: 7 } },
    value: { at: { start: 11, end: 14 } },
  })
  expect(parseFilter('s:(1 or 22)')).toMatchObject({
    items: [{ value: { at: { start: 3, end: 4 } } }, { value: { at: { start: 8, end: 10 } } }],
  })
})
