import { describe, expect, test } from 'vitest'
import { ThroughlineError } from '../../errors.ts'
import { bindFilter } from './bind.ts'
import type { BoundFilter } from './bound.ts'
import { type FilterField, nearestName } from './fields.ts'
import { field } from './filters.fixture.ts'
import { parseFilter } from './parse.ts'
import { lowerCase } from './values.ts'

const NOW = new Date('2026-07-15T10:20:30.456Z')

const subject = field('subject', 'keyword', {
  aliases: ['enduser.id'],
  caseInsensitive: true,
  freeText: true,
})
const path = field('path', 'path', { freeText: true })
const status = field('status', 'integer', { aliases: ['http.response.status_code'] })
const start = field('start', 'timestamp', { aliases: ['@timestamp'] })
const day = field('day', 'date')
const secure = field('secure', 'boolean')
const confidence = field('confidence', 'decimal')
const correlation = field('correlation_id', 'keyword')
const FIELDS = [subject, path, status, start, day, secure, confidence, correlation]

const bind = (text: string, fields = FIELDS): BoundFilter => bindFilter(parseFilter(text), fields, NOW)
const compare = (of: FilterField, operator: string, value: unknown) => ({
  kind: 'compare',
  field: of,
  operator,
  value,
})
const us = (text: string): bigint => BigInt(Date.parse(text)) * 1000n
const and = (...items: unknown[]) => ({ kind: 'and', items })
const or = (...items: unknown[]) => ({ kind: 'or', items })

describe('values', () => {
  test.each([
    { name: 'all', text: '', want: { kind: 'all' } },
    { name: 'integer', text: 'status:401', want: compare(status, '=', 401n) },
    {
      name: 'quoted integer',
      text: 'status >= "-9223372036854775807"',
      want: compare(status, '>=', -9223372036854775807n),
    },
    { name: 'decimal', text: 'confidence < 0.95', want: compare(confidence, '<', 0.95) },
    { name: 'decimal with exponent', text: 'confidence:-1e-3', want: compare(confidence, '=', -0.001) },
    { name: 'minus zero is zero', text: 'confidence:-0', want: compare(confidence, '=', 0) },
    { name: 'boolean', text: 'secure:true', want: compare(secure, '=', true) },
    { name: 'alias', text: 'http.response.status_code:401', want: compare(status, '=', 401n) },
    {
      name: 'case does not count',
      text: 'subject:"DOMAIN\\\\Alice"',
      want: compare(subject, '=', 'domain\\alice'),
    },
    { name: 'case counts', text: 'path:/Payroll', want: compare(path, '=', '/Payroll') },
    { name: 'text range', text: 'subject >= B', want: compare(subject, '>=', 'b') },
    { name: 'exists', text: 'status:*', want: { kind: 'exists', field: status } },
    { name: 'wildcard', text: 'subject:A*B', want: { kind: 'wildcard', field: subject, parts: ['a', 'b'] } },
    { name: 'not', text: 'not status:401', want: { kind: 'not', item: compare(status, '=', 401n) } },
  ])('$name', ({ text, want }) => expect(bind(text)).toEqual(want))
})

// As Elasticsearch fills up what a time leaves out: down for >= and <, up for > and <=, both for equality.
describe('times', () => {
  test.each([
    { text: '@timestamp >= "2026-07-01"', want: compare(start, '>=', us('2026-07-01T00:00:00Z')) },
    { text: '@timestamp < "2026-10-01"', want: compare(start, '<', us('2026-10-01T00:00:00Z')) },
    { text: '@timestamp <= "2026-09-30"', want: compare(start, '<', us('2026-10-01T00:00:00Z')) },
    { text: '@timestamp > "2026-09-30"', want: compare(start, '>=', us('2026-10-01T00:00:00Z')) },
    {
      text: 'start <= 2026-07-01T00:00:00.5Z',
      want: compare(start, '<', us('2026-07-01T00:00:00.500Z') + 1n),
    },
    { text: 'start >= now-7d', want: compare(start, '>=', us('2026-07-08T10:20:30.456Z')) },
    {
      text: '@timestamp:"2026-07-01"',
      want: and(
        compare(start, '>=', us('2026-07-01T00:00:00Z')),
        compare(start, '<', us('2026-07-02T00:00:00Z')),
      ),
    },
    {
      text: 'start:2026-07-01T08:30 and status:401',
      want: and(
        compare(start, '>=', us('2026-07-01T08:30:00Z')),
        compare(start, '<', us('2026-07-01T08:31:00Z')),
        compare(status, '=', 401n),
      ),
    },
    { text: 'day >= 2026-07-01', want: compare(day, '>=', us('2026-07-01T00:00:00Z')) },
    { text: 'day >= now-1d', want: compare(day, '>=', us('2026-07-15T00:00:00Z')) },
    { text: 'day < now', want: compare(day, '<', us('2026-07-16T00:00:00Z')) },
    { text: 'day <= now/d', want: compare(day, '<', us('2026-07-16T00:00:00Z')) },
    {
      text: 'day:now/M',
      want: and(
        compare(day, '>=', us('2026-07-01T00:00:00Z')),
        compare(day, '<', us('2026-08-01T00:00:00Z')),
      ),
    },
  ])('$text', ({ text, want }) => expect(bind(text)).toEqual(want))
})

describe('free text', () => {
  test('a value is looked for in each free text field', () =>
    expect(bind('Alice')).toEqual(or(compare(subject, '=', 'alice'), compare(path, '=', 'Alice'))))
  test('wildcards as well', () =>
    expect(bind('/Pay*')).toEqual(
      or(
        { kind: 'wildcard', field: subject, parts: ['/pay', ''] },
        { kind: 'wildcard', field: path, parts: ['/Pay', ''] },
      ),
    ))
  test('an equals sign in quotes is text', () =>
    expect(bind('"status=401"', [path])).toEqual(compare(path, '=', 'status=401')))
})

function messageOf(text: string, fields = FIELDS): string {
  try {
    bind(text, fields)
  } catch (error) {
    if (error instanceof ThroughlineError && error.code === 'FILTER_FIELD') return error.message
    throw error
  }
  return 'no error'
}

const TYPES = 'list all fields and their types with: throughline query --fields'

describe('errors', () => {
  test.each([
    {
      text: 'subject:alice and statsu:401',
      want: [
        'the filter names the field "statsu" at character 19, which does not exist',
        '  subject:alice and statsu:401',
        '                    ^',
        'did you mean status? list all fields with: throughline query --fields',
      ],
    },
    {
      text: 'shoe_size:44',
      want: [
        'the filter names the field "shoe_size" at character 1, which does not exist',
        '  shoe_size:44',
        '  ^',
        'list all fields with: throughline query --fields',
      ],
    },
    {
      text: 'status:(401 or abc)',
      want: [
        'status cannot be "abc" at character 16, expected a whole number such as 401',
        '  status:(401 or abc)',
        '                 ^',
        TYPES,
      ],
    },
    {
      text: 'status:9223372036854775808',
      want: [
        'status cannot be "9223372036854775808" at character 8, expected a whole number such as 401',
        '  status:9223372036854775808',
        '         ^',
        TYPES,
      ],
    },
    {
      text: 'status:401 403',
      want: [
        'status cannot be "401 403" at character 8, expected a whole number such as 401',
        '  status:401 403',
        '         ^',
        'put "and" or "or" between conditions; several values are written as in status:(401 or 403)',
      ],
    },
    {
      text: 'status:4*',
      want: [
        'status cannot be "4*" at character 8, expected a whole number such as 401',
        '  status:4*',
        '         ^',
        '* inside a value works in text fields only; status:* means any value',
      ],
    },
    {
      text: 'secure:yes',
      want: [
        'secure cannot be "yes" at character 8, expected true or false',
        '  secure:yes',
        '         ^',
        TYPES,
      ],
    },
    {
      text: 'secure > false',
      want: [
        'secure is true or false: found > at character 1',
        '  secure > false',
        '           ^',
        'write secure:true or secure:false',
      ],
    },
    {
      text: 'confidence > 1e999',
      want: [
        'confidence cannot be "1e999" at character 14, expected a number such as 0.95',
        '  confidence > 1e999',
        '               ^',
        TYPES,
      ],
    },
    {
      text: 'start >= yesterday',
      want: [
        'start cannot be "yesterday" at character 10, expected a UTC time such as 2026-07-01, 2026-07-01T08:30:00Z, now-15m or now-7d/d',
        '  start >= yesterday',
        '           ^',
        TYPES,
      ],
    },
    {
      text: 'day:now',
      want: [
        'day cannot be "now" at character 5, expected a day such as 2026-07-01, now/d or now-7d/d',
        '  day:now',
        '      ^',
        TYPES,
      ],
    },
    {
      text: 'status = 401',
      want: [
        'found "=" at character 8, expected : or < <= > >=',
        '  status = 401',
        '         ^',
        'write status:401',
      ],
    },
    {
      text: 'subject:a or status!=401',
      want: [
        'found "!=" at character 20, expected : or < <= > >=',
        '  subject:a or status!=401',
        '                     ^',
        'write not status:401',
      ],
    },
  ])('$text', ({ text, want }) => expect(messageOf(text).split('\n')).toEqual(want))

  test('free text of several words with a star', () =>
    expect(messageOf('subject:a or Mozilla 5*').split('\n')).toEqual([
      'found white space in a value with * and without a field at character 14',
      '  subject:a or Mozilla 5*',
      '               ^',
      'name the field, as in user_agent:Mozilla 5*, or join words with "and" or "or"',
    ]))

  test('free text without fields for it', () =>
    expect(messageOf('alice', [status]).split('\n')).toEqual([
      'found a value without a field at character 1',
      '  alice',
      '  ^',
      'name the field, as in subject:alice',
    ]))
})

test.each([
  ['statsu', 'status'],
  ['Status', 'status'],
  ['corr', 'correlation_id'],
  ['subjct', 'subject'],
  ['st', undefined],
  ['zzz', undefined],
])('the name nearest to %s is %s', (typed, want) =>
  expect(nearestName(typed, ['status', 'subject', 'start_time', 'correlation_id'])).toBe(want),
)

test('lower case is by character', () => expect(lowerCase('ΟΔΟΣ İSTANBUL ẞ 𐐀')).toBe('οδοσ istanbul ß 𐐨'))
