import { expect, test } from 'vitest'
import { parseStamp } from './stamps.ts'

/** 2014-09-01T14:40:41Z, from `date -ud '2014-09-01 14:40:41' +%s`. */
const SECONDS = 1_409_582_441

test.each([
  { name: 'BigQuery without a fraction', text: '2014-09-01 14:40:41 UTC', micros: 0, rule: 'text' },
  {
    name: 'BigQuery with a trimmed fraction',
    text: '2014-09-01 14:40:41.1 UTC',
    micros: 100_000,
    rule: 'text',
  },
  { name: 'microseconds', text: '2014-09-01 14:40:41.123456 UTC', micros: 123_456, rule: 'text' },
  { name: 'nanoseconds are cut', text: '2014-09-01 14:40:41.123456999 UTC', micros: 123_456, rule: 'text' },
  { name: 'ISO 8601 with Z', text: '2014-09-01T14:40:41Z', micros: 0, rule: 'text' },
  { name: 'ISO 8601 in lower case', text: '2014-09-01t14:40:41.5z', micros: 500_000, rule: 'text' },
  { name: 'no zone is UTC', text: '2014-09-01 14:40:41', micros: 0, rule: 'text' },
  { name: 'an offset with colon', text: '2014-09-01T16:40:41+02:00', micros: 0, rule: 'text' },
  { name: 'an offset without colon', text: '2014-09-01T09:10:41-0530', micros: 0, rule: 'text' },
  {
    name: 'an offset in hours, as Postgres writes it',
    text: '2014-09-01 14:40:41+00',
    micros: 0,
    rule: 'text',
  },
  { name: 'GMT', text: '2014-09-01 14:40:41 GMT', micros: 0, rule: 'text' },
  { name: '10 digits are seconds', text: '1409582441', micros: 0, rule: 's' },
  { name: 'seconds with a fraction', text: '1409582441.25', micros: 250_000, rule: 's' },
  { name: '13 digits are milliseconds', text: '1409582441007', micros: 7000, rule: 'ms' },
  { name: '16 digits are microseconds', text: '1409582441000123', micros: 123, rule: 'us' },
  { name: '19 digits are nanoseconds', text: '1409582441000123999', micros: 123, rule: 'us' },
  { name: 'seconds in scientific notation', text: '1.409582441E9', micros: 0, rule: 's' },
  { name: 'milliseconds in scientific notation', text: '1.409582441007E12', micros: 7000, rule: 'ms' },
  { name: 'microseconds in scientific notation', text: '1.409582441000123e+15', micros: 123, rule: 'us' },
])('$name', ({ text, micros, rule }) => {
  expect(parseStamp(text)).toEqual({ us: SECONDS * 1_000_000 + micros, rule })
})

test.each(
  [
    '', '0', '-1', '00', '0.0', '1', '-1409582441', 'null', 'NaN', 'yesterday', '2014-09-01', '14:40:41', '12345678',
    '2014-02-30 14:40:41 UTC', '2014-13-01 14:40:41 UTC', '2014-09-01 24:00:00 UTC', '2014-09-01 14:60:00 UTC',
    '2014-09-01 14:40:60 UTC', '2014-09-01 14:40:41 CET', '2014-09-01 14:40:41.1234567890 UTC', '1970-01-01 00:00:00 UTC',
    '0001-01-01 00:00:00 UTC', '01/09/2014 14:40:41', '1e99', '14095824411234567890123',
  ], // biome-ignore format: a table
)('%o is no time', text => expect(parseStamp(text)).toBeUndefined())
