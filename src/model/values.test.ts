import { describe, expect, test } from 'vitest'
import { fieldKey, normalizeId, traceIdOf } from './ids.ts'
import { parseSubject } from './subject.ts'
import { dayNumber, dayText, epochDay, rfc3339 } from './time.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

describe('normalizeId', () => {
  test.each([
    { name: 'a UUID', raw: '6F9619FF-8B86-D011-B42D-00C04FC964FF', want: '6f9619ff8b86d011b42d00c04fc964ff' },
    { name: 'a UUID in braces and blanks', raw: ' {6F9619FF-8B86-D011-B42D-00C04FC964FF} ', want: '6f9619ff8b86d011b42d00c04fc964ff' },
    { name: 'a hex trace id', raw: TRACE.toUpperCase(), want: TRACE },
    { name: 'a traceparent', raw: `00-${TRACE}-00f067aa0ba902b7-01`, want: TRACE },
    { name: 'an opaque id keeps its case', raw: 'rrt329EA-12575-114653952-1', want: 'rrt329EA-12575-114653952-1' },
    { name: 'quotes go', raw: '"Order-7"', want: 'Order-7' },
    { name: 'the bytes of \u00e0 stay whole', raw: 'x\xc3\xa0', want: 'x\xc3\xa0' },
    { name: '(not set)', raw: '(not set)', want: undefined },
    { name: 'Not set', raw: 'Not set', want: undefined },
    { name: 'zeros', raw: '00000000-0000-0000-0000-000000000000', want: undefined },
    { name: 'empty quotes', raw: '""', want: undefined },
    { name: 'nothing', raw: '', want: undefined },
  ])('$name', ({ raw, want }) => expect(normalizeId(raw)).toBe(want)) // biome-ignore format: a table
})

// Trace Context, section 3.2: version, trace-id, parent-id, trace-flags; all-zero ids and version ff are invalid.
test.each([
  { name: 'version 00', text: `00-${TRACE}-00f067aa0ba902b7-01`, want: TRACE },
  { name: 'a later version may say more', text: `01-${TRACE}-00f067aa0ba902b7-01-x`, want: TRACE },
  { name: 'version 00 may not', text: `00-${TRACE}-00f067aa0ba902b7-01-x`, want: undefined },
  { name: 'version ff', text: `ff-${TRACE}-00f067aa0ba902b7-01`, want: undefined },
  { name: 'a trace id of zeros', text: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, want: undefined },
  { name: 'a parent id of zeros', text: `00-${TRACE}-${'0'.repeat(16)}-01`, want: undefined },
])('traceIdOf: $name', ({ text, want }) => expect(traceIdOf(text)).toBe(want))

test('field names compare without case, dash, underscore and dot', () => {
  expect(['X-Correlation-ID', 'x_correlation_id', 'xCorrelation.Id'].map(fieldKey)).toEqual(
    Array(3).fill('xcorrelationid'),
  )
})

describe('parseSubject', () => {
  test.each([
    { raw: 'CORP\\Ann', want: { kind: 'user', issuer: 'corp', name: 'ann' } },
    { raw: 'corp/ann', want: { kind: 'user', issuer: 'corp', name: 'ann' } },
    { raw: 'Ann@Corp.example', want: { kind: 'user', issuer: '', name: 'ann@corp.example' } },
    { raw: 'CORP\\WEB01$', want: { kind: 'host', issuer: 'corp', name: 'web01$' } },
    {
      raw: 'https://idp.example/users/7',
      want: { kind: 'user', issuer: '', name: 'https://idp.example/users/7' },
    },
    { raw: 'Anonymous', want: undefined },
    { raw: '0', want: undefined },
    { raw: '-', want: undefined },
  ])('$raw', ({ raw, want }) => expect(parseSubject(raw)).toEqual(want))
})

describe('days', () => {
  test.each([
    { text: '1970-01-01', want: 0 },
    { text: '2000-02-29', want: 11_016 },
    { text: '2026-03-01', want: 20_513 },
    { text: '1900-02-29', want: Number.NaN },
    { text: '2026-04-31', want: Number.NaN },
    { text: '2026-00-10', want: Number.NaN },
    { text: '26-03-01', want: Number.NaN },
  ])('$text is day $want', ({ text, want }) => {
    expect(dayNumber(text)).toBe(want)
    if (!Number.isNaN(want)) expect(dayText(want)).toBe(text)
  })

  test('a year below 100 is that year, not one of the last century', () => {
    expect(epochDay(50, 1, 1)).toBeLessThan(epochDay(1949, 1, 1))
  })

  test('RFC 3339 has as many digits as the value needs', () => {
    expect([0, 1_500_000, 1_000_001].map(rfc3339)).toEqual([
      '1970-01-01T00:00:00Z',
      '1970-01-01T00:00:01.500Z',
      '1970-01-01T00:00:01.000001Z',
    ])
  })
})
