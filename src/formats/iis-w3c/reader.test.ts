import { describe, expect, test } from 'vitest'
import type { RejectReason } from '../../model/source.ts'
import type { ReaderContext } from '../format.ts'
import { type ReadResult, readBytes } from '../reading.fixture.ts'
import { W3cReader } from './reader.ts'

const FIELDS = '#Fields: date time cs-method cs-uri-stem sc-status time-taken\n'
const ROW = '2026-03-01 10:00:00 GET /a 200 15'

function read(log: string | Buffer, overrides: Partial<ReaderContext> = {}): ReadResult {
  return readBytes(context => new W3cReader(context), log, overrides)
}

/** Stored seconds of the rows in UTC, in the order of the lines. */
function times(result: ReadResult): string[] {
  return columns(result, 'end_s')
    .map(Number)
    .map(second => new Date(second * 1000).toISOString().slice(0, 19))
}

function columns({ sink }: ReadResult, name: string): string[] {
  const rows = sink.chunks.flatMap(({ layout, buffer, length }) =>
    buffer
      .toString('latin1', 0, length)
      .trimEnd()
      .split('\n')
      .map(row => row.split(' '))
      .map(row => ({
        line: Number(row[layout.columns.indexOf('line_no')]),
        value: row[layout.columns.indexOf(name)] ?? '',
      })),
  )
  return rows.sort((a, b) => a.line - b.line).map(row => row.value)
}

interface Counts {
  readonly name: string
  readonly log: string
  readonly decoded: number
  readonly directives: number
  readonly rejected?: Partial<Record<RejectReason, number>>
}

describe('what becomes of every line', () => {
  test.each<Counts>([
    { name: 'LF', log: `${FIELDS}${ROW}\n`, decoded: 1, directives: 1 },
    { name: 'CRLF', log: `${FIELDS}${ROW}\n`.replaceAll('\n', '\r\n'), decoded: 1, directives: 1 },
    { name: 'a byte order mark', log: `\ufeff${FIELDS}${ROW}\n`, decoded: 1, directives: 1 },
    { name: 'a repeated header', log: `${FIELDS}${ROW}\n${FIELDS}${ROW}\n`, decoded: 2, directives: 2 },
    { name: 'directives in any order', log: `#Date: 2026-03-01 10:00:00\n${FIELDS}#Software: x\n${ROW}\n#Version: 1.0\n`, decoded: 1, directives: 4 },
    { name: 'blank lines', log: `\r\n${FIELDS}\n  \n${ROW}\n\n`, decoded: 1, directives: 5 },
    { name: 'a trailing space on #Fields', log: `${FIELDS.trimEnd()} \n${ROW}\n`, decoded: 1, directives: 1 },
    { name: 'tabs and doubled spaces in #Fields', log: `#Fields:\tdate  time cs-method\n2026-03-01 10:00:00 GET\n`, decoded: 1, directives: 1 },
    { name: 'a # inside a value', log: `${FIELDS}${ROW.replace('/a', '/#a#Fields:')}\n`, decoded: 1, directives: 1 },
    { name: 'a quote is an ordinary character', log: `${FIELDS}${ROW.replace('/a', '"/a')}\n`, decoded: 1, directives: 1 },
    { name: 'a last row without a line feed, which may be cut', log: `${FIELDS}${ROW}`, decoded: 0, directives: 1, rejected: { truncated: 1 } },
    { name: 'a last row that is cut', log: `${FIELDS}2026-03-01 10:00:00 GET`, decoded: 0, directives: 1, rejected: { truncated: 1 } },
    { name: 'a last directive that is cut', log: `${FIELDS}#Soft`, decoded: 0, directives: 2 },
    { name: 'rows above the first header', log: `${ROW}\n${FIELDS}`, decoded: 0, directives: 1, rejected: { 'no-fields': 1 } },
    { name: 'an empty #Fields', log: `${FIELDS}#Fields:\n${ROW}\n`, decoded: 0, directives: 2, rejected: { 'no-fields': 1 } },
    { name: 'more fields than can be', log: `${FIELDS}#Fields: ${'x '.repeat(600)}\n${ROW}\n`, decoded: 0, directives: 2, rejected: { 'no-fields': 1 } },
    { name: 'a row with more columns than can be', log: `${FIELDS}${'x '.repeat(600)}\n`, decoded: 0, directives: 1, rejected: { 'too-many-columns': 1 } },
    { name: 'a raw space in a value', log: `${FIELDS}${ROW.replace('/a', '/a b')}\n`, decoded: 0, directives: 1, rejected: { 'too-many-columns': 1 } },
    { name: 'a doubled space', log: `${FIELDS}${ROW.replace('/a', ' /a')}\n`, decoded: 0, directives: 1, rejected: { 'too-many-columns': 1 } },
    { name: 'a doubled space that hides a missing column', log: `${FIELDS}${ROW.replace('GET /a', ' /a')}\n`, decoded: 0, directives: 1, rejected: { 'too-few-columns': 1 } },
    { name: 'a trailing space', log: `${FIELDS}${ROW} \n`, decoded: 0, directives: 1, rejected: { 'too-many-columns': 1 } },
    { name: 'a short row', log: `${FIELDS}2026-03-01 10:00:00 GET\n`, decoded: 0, directives: 1, rejected: { 'too-few-columns': 1 } },
    { name: 'leading NULs', log: `${FIELDS}\0\0\0${ROW}\n`, decoded: 1, directives: 1 },
    { name: 'a NUL tail', log: `${FIELDS}${ROW}\r\n\0\0\0\0`, decoded: 1, directives: 2 },
    { name: 'a row without a line feed before a NUL tail', log: `${FIELDS}${ROW}\0\0\0\0`, decoded: 0, directives: 1, rejected: { truncated: 1 } },
    { name: 'a row that NULs cut', log: `${FIELDS}2026-03-01 10:00:00 GET\0\0\0`, decoded: 0, directives: 1, rejected: { truncated: 1 } },
    { name: 'NULs inside a row', log: `${FIELDS}2026-03-01 10:00:00 \0\0${ROW}\n`, decoded: 0, directives: 1, rejected: { 'nul-bytes': 1 } },
    { name: 'a header behind NULs of a torn row is in force', log: `${FIELDS}2026-03\0\0#Fields: date time\n2026-03-01 10:00:00\n`, decoded: 1, directives: 1, rejected: { 'nul-bytes': 1 } },
  ])('$name', ({ log, decoded, directives, rejected = {} }) => {
    const { accounting: a } = read(log)
    expect({ decoded: a.decoded, directives: a.directives, rejected: a.rejectedBy }).toEqual({ decoded, directives, rejected })
    expect(a.lines).toBe(a.decoded + a.directives + a.rejected)
  }) // biome-ignore format: a table
})

describe('dates and numbers', () => {
  test.each<{ name: string; row: string; want: RejectReason | 'read' }>([
    { name: 'a leap day', row: '2024-02-29 23:59:59 GET /a 200 15', want: 'read' },
    { name: 'a day that does not exist', row: '2026-02-30 10:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'no leap year', row: '2026-02-29 10:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'month 13', row: '2026-13-01 10:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'hour 24', row: '2026-03-01 24:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'hour 25', row: '2026-03-01 25:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'a leap second', row: '2026-03-01 23:59:60 GET /a 200 15', want: 'bad-date' },
    { name: 'a date of another order', row: '01-03-2026 10:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'a date that is not logged', row: '- 10:00:00 GET /a 200 15', want: 'bad-date' },
    { name: 'a time with milliseconds', row: '2026-03-01 10:00:00.5 GET /a 200 15', want: 'bad-date' },
    { name: 'a status that is text', row: '2026-03-01 10:00:00 GET /a OK 15', want: 'bad-number' },
    { name: 'a negative number', row: '2026-03-01 10:00:00 GET /a -200 15', want: 'bad-number' },
    { name: 'a status beyond 32 bits', row: '2026-03-01 10:00:00 GET /a 4294967296 15', want: 'bad-number' },
    { name: 'no status', row: '2026-03-01 10:00:00 GET /a - 15', want: 'read' },
    { name: 'no time-taken', row: '2026-03-01 10:00:00 GET /a 200 -', want: 'read' },
    { name: 'a time-taken beyond 32 bits', row: '2026-03-01 10:00:00 GET /a 200 5000000000', want: 'read' },
    { name: 'a time-taken with decimals', row: '2026-03-01 10:00:00 GET /a 200 59.9171', want: 'read' },
    { name: 'a time-taken of centuries', row: '2026-03-01 10:00:00 GET /a 200 1234567890123', want: 'bad-number' },
    { name: 'a time-taken that is no number', row: '2026-03-01 10:00:00 GET /a 200 1.2.3', want: 'bad-number' },
  ])('$name: $want', ({ row, want }) => {
    const { accounting } = read(`${FIELDS}${row}\n`)
    expect(accounting.decoded === 1 ? 'read' : Object.keys(accounting.rejectedBy)[0]).toBe(want)
  }) // biome-ignore format: a table

  test('decimals of time-taken are kept to the microsecond', () => {
    expect(columns(read(`${FIELDS}${ROW.replace(/15$/, '59.9171')}\n${ROW}\n`), 'duration_us')).toEqual(['59917', '15000'])
  }) // biome-ignore format: one line
})

describe('rows without a date column', () => {
  const fields = '#Fields: time sc-status\n'
  test.each([
    { name: 'take the day of #Date', log: `#Date: 2026-03-01 10:00:00\n${fields}10:00:05 200\n`, want: ['2026-03-01T10:00:05'] },
    { name: 'pass midnight', log: `#Date: 2026-03-01 23:59:58\n${fields}23:59:59 200\n00:00:01 200\n00:00:02 200\n`, want: ['2026-03-01T23:59:59', '2026-03-02T00:00:01', '2026-03-02T00:00:02'] },
    { name: 'may stand out of order around midnight', log: `#Date: 2026-03-01 23:59:58\n${fields}00:00:01 200\n23:59:59 200\n00:00:02 200\n`, want: ['2026-03-02T00:00:01', '2026-03-01T23:59:59', '2026-03-02T00:00:02'] },
    { name: 'may be a second older than #Date, which is written after them', log: `#Date: 2026-03-02 00:00:00\n${fields}23:59:59 200\n`, want: ['2026-03-01T23:59:59'] },
    { name: 'go on with the next #Date', log: `#Date: 2026-03-01 10:00:00\n${fields}10:00:00 200\n#Date: 2026-03-05 09:00:00\n09:00:01 200\n`, want: ['2026-03-01T10:00:00', '2026-03-05T09:00:01'] },
    { name: 'are not moved on by a row that is rejected', log: `#Date: 2026-03-01 22:00:00\n${fields}00:00:05 x\n22:00:01 200\n`, want: ['2026-03-01T22:00:01'] },
  ])('$name', ({ log, want }) => expect(times(read(log))).toEqual(want)) // biome-ignore format: a table

  test.each([
    { name: 'no #Date', log: `${fields}10:00:00 200\n`, want: { 'no-date': 1 } },
    { name: 'a #Date that does not exist', log: `#Date: 2026-02-30 10:00:00\n${fields}10:00:00 200\n`, want: { 'no-date': 1 } },
    { name: 'no time column', log: '#Date: 2026-03-01 10:00:00\n#Fields: cs-method\nGET\n', want: { 'bad-date': 1 } },
  ])('are rejected with $name', ({ log, want }) => expect(read(log).accounting.rejectedBy).toEqual(want)) // biome-ignore format: a table
})

test('#Fields governs the rows below it, not those above', () => {
  const log = `${FIELDS}${ROW}\n#Fields: sc-status date time\n404 2026-03-01 10:00:01\n`
  const result = read(log)
  expect(columns(result, 'status')).toEqual(['200', '404'])
  expect(columns(result, 'duration_us')).toEqual(['15000', '-'])
})

test('configured fields read rows without a header, until a header says otherwise', () => {
  const log = `${ROW}\n#Fields: sc-status date time\n404 2026-03-01 10:00:01\n`
  expect(columns(read(log, { fields: FIELDS.slice(9).trim().split(' ') }), 'status')).toEqual(['200', '404'])
})

test('invalid UTF-8 is kept as \\xHH and counted', () => {
  const row = Buffer.from(`${FIELDS}2026-03-01 10:00:00 GET /caf\xe9/\xc3\xa9/\xc0\xaf 200 15\n`, 'latin1')
  const result = read(row)
  expect(columns(result, 'stem')).toEqual(['/caf\\xe9/\xc3\xa9/\\xc0\\xaf'])
  expect(result.accounting.invalidUtf8).toBe(1)
})

test('a carriage return inside a row is kept as \\x0d', () => {
  expect(columns(read(`${FIELDS}${ROW.replace('/a', '/a\rb')}\n`), 'stem')).toEqual(['/a\\x0db'])
})

describe('rejects', () => {
  test('tell where the line stands, and digest its raw bytes', () => {
    const { sink } = read(`${FIELDS}${ROW}\r\n\0\0short row\r\n`)
    expect(sink.rejects).toEqual([
      {
        lineNo: 3,
        byteOffset: FIELDS.length + ROW.length + 2,
        length: 11,
        sha256: '32e22300b34a9264e5a4f9c20bab6b5a70a4987a01b307788b896d5b7b966440',
        reason: 'too-few-columns',
        detail: '2 columns, #Fields names 6',
        excerpt: '[scrubbed] row',
      },
    ])
  })

  test('do not quote a value that is no number, as it may be part of a secret', () => {
    const { sink } = read(
      `${FIELDS}2026-03-01 10:00:00 GET /a hunter2 15\n2026-03-01 10:00:00 GET /a 1.5 15\n`,
    )
    expect(sink.rejects.map(reject => reject.detail)).toEqual(['sc-status is text', 'sc-status is 1.5'])
  })

  test('a torn line may begin inside a secret: its first word goes', () => {
    const { sink } = read(`${FIELDS}nter2&x=1 200 15\n`)
    expect(sink.rejects[0]?.excerpt).toBe('[scrubbed]&x=1 200 15')
  })
})

test('a custom secret column is replaced as a whole', () => {
  const log = '#Fields: date time sc-status Authorization X-Api-Key cs(Cookie)\n2026-03-01 10:00:00 200 Digest+hunter2 hunter3 a=1;+sid=hunter4;+b=2\n'
  const { accounting, ...result } = read(log)
  expect(columns({ accounting, ...result }, 'attributes')).toEqual([
    '{"authorization":"[scrubbed]","x-api-key":"[scrubbed]","cookie":"a=1;+sid=[scrubbed];+b=2"}',
  ])
  expect(accounting.scrubbed).toBe(3)
}) // biome-ignore format: one log

test('fields that name an id are counted, in the order of preference', () => {
  const log =
    '#Fields: date time X-Request-ID X-Correlation-ID\n2026-03-01 10:00:00 r1 c1\n2026-03-01 10:00:00 r2 -\n'
  expect(read(log).accounting.idFields).toEqual({ 'x-correlation-id': 1, 'x-request-id': 2 })
})

describe('the stamps of header blocks', () => {
  const seconds = (text: string): number => Date.parse(`${text}Z`) / 1000
  const header = (text: string): string => `#Date: ${text.replace('T', ' ')}\n${FIELDS}`

  test.each<{ name: string; log: string; want: number[] }>([
    { name: 'are noted in order', log: `${header('2026-03-01T10:00:00')}${ROW}\n${header('2026-03-01T11:30:07')}${ROW}\n`, want: [seconds('2026-03-01T10:00:00'), seconds('2026-03-01T11:30:07')] },
    { name: 'that repeat one after the other are one', log: `${header('2026-03-01T10:00:00')}${header('2026-03-01T10:00:00')}${ROW}\n`, want: [seconds('2026-03-01T10:00:00')] },
    { name: 'are not noted where they are no time', log: `#Date: 2026-03-01\n#Date: 2026-13-41 10:00:00\n#Date: 2026-03-01 10:00:0\n${FIELDS}${ROW}\n`, want: [] },
    { name: 'of a log without any are an empty list', log: `${FIELDS}${ROW}\n`, want: [] },
  ])('$name', ({ log, want }) => expect(read(log).accounting.headers).toEqual(want)) // biome-ignore format: a table

  test('of a log with too many are none: what is missing among them would be taken for lost lines', () => {
    const many = (n: number): string =>
      Array.from({ length: n }, (_, i) => `#Date: 2026-03-01 ${new Date(i * 1000).toISOString().slice(11, 19)}\n`).join('') // biome-ignore format: one line
    expect(read(many(2000) + FIELDS).accounting.headers).toHaveLength(2000)
    expect(read(many(2001) + FIELDS).accounting.headers).toBeUndefined()
  })
})
