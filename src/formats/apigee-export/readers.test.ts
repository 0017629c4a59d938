import { describe, expect, test } from 'vitest'
import type { RejectReason } from '../../model/source.ts'
import { type OpenReader, type ReadResult, readBytes } from '../reading.fixture.ts'
import { DelimitedReader } from './delimited-reader.ts'
import { NdjsonReader } from './ndjson.ts'

const json: OpenReader = context => new NdjsonReader(context)
const csv: OpenReader = context => new DelimitedReader(context)

const STAMP = '2026-03-01 10:00:00 UTC'
const RECORD = `{"client_received_start_timestamp":"${STAMP}","apiproxy":"pay"}`
const HEADER = 'client_received_start_timestamp,apiproxy,useragent\n'
const ROW = `${STAMP},pay,curl`

interface Counts {
  readonly name: string
  readonly log: string | Buffer
  readonly decoded: number
  readonly directives?: number
  readonly rejected?: Partial<Record<RejectReason, number>>
}

function counts({ accounting: a }: ReadResult): Omit<Counts, 'name' | 'log'> {
  expect(a.lines).toBe(a.decoded + a.directives + a.rejected)
  return { decoded: a.decoded, directives: a.directives, rejected: a.rejectedBy }
}

describe('what becomes of every line of NDJSON', () => {
  test.each<Counts>([
    { name: 'a record', log: `${RECORD}\n`, decoded: 1 },
    { name: 'CRLF, blanks and a byte order mark', log: `\ufeff ${RECORD} \r\n`, decoded: 1 },
    { name: 'a last record without a line feed', log: RECORD, decoded: 1 },
    { name: 'a last record that is cut', log: `${RECORD}\n${RECORD.slice(0, -9)}`, decoded: 1, rejected: { truncated: 1 } },
    { name: 'blank lines and NUL padding', log: `${RECORD}\n\n  \n${'\0'.repeat(200)}`, decoded: 1, directives: 3 },
    { name: 'a trailing NUL, as syslog leaves it', log: `${RECORD}\0\n`, decoded: 1 },
    { name: 'two objects on a line', log: `${RECORD}${RECORD}\n`, decoded: 0, rejected: { 'bad-json': 1 } },
    { name: 'an array', log: `[${RECORD}]\n`, decoded: 0, rejected: { 'bad-json': 1 } },
    { name: 'a trailing comma', log: `${RECORD},\n`, decoded: 0, rejected: { 'bad-json': 1 } },
    { name: 'a value without quotes', log: '{"apiproxy":pay}\n', decoded: 0, rejected: { 'bad-json': 1 } },
    { name: 'a bad escape', log: '{"apiproxy":"\\x"}\n', decoded: 0, rejected: { 'bad-json': 1 } },
    { name: 'no first stamp', log: '{"apiproxy":"pay"}\n', decoded: 0, rejected: { 'no-timestamp': 1 } },
    { name: 'a first stamp of zero', log: '{"client_received_start_timestamp":0}\n', decoded: 0, rejected: { 'no-timestamp': 1 } },
    { name: 'a first stamp that is null', log: '{"client_received_start_timestamp":null}\n', decoded: 0, rejected: { 'no-timestamp': 1 } },
    { name: 'an empty object', log: '{}\n', decoded: 0, rejected: { 'no-timestamp': 1 } },
  ])('$name', ({ log, decoded, directives = 0, rejected = {} }) => {
    expect(counts(readBytes(json, log))).toEqual({ decoded, directives, rejected })
  }) // biome-ignore format: a table
})

describe('what becomes of every record of a delimited export', () => {
  test.each<Counts>([
    { name: 'a row', log: `${HEADER}${ROW}\n`, decoded: 1, directives: 1 },
    { name: 'CRLF and a byte order mark', log: `\ufeff${HEADER}${ROW}\n`.replaceAll('\n', '\r\n'), decoded: 1, directives: 1 },
    { name: 'the repeated header of a concatenated shard', log: `${HEADER}${ROW}\n${HEADER}${ROW}\n`, decoded: 2, directives: 2 },
    { name: 'a shard with other columns', log: `${HEADER}${ROW}\napiproxy|client_received_start_timestamp\npay|${STAMP}\n`, decoded: 2, directives: 2 },
    { name: 'a quoted comma and doubled quotes', log: `${HEADER}${STAMP},pay,"a ""b"", c"\n`, decoded: 1, directives: 1 },
    { name: 'a line feed in quotes is one record', log: `${HEADER}${STAMP},pay,"a\nb"\n${ROW}\n`, decoded: 2, directives: 1 },
    { name: 'a stray quote in a plain value', log: `${HEADER}${STAMP},pay,5" screen\n${ROW}\n`, decoded: 2, directives: 1 },
    { name: 'a quote that never closes costs its own line', log: `${HEADER}${STAMP},pay,"a\n${ROW}\n${ROW}\n`, decoded: 2, directives: 1, rejected: { truncated: 1 } },
    { name: 'a quote that a later line seems to close', log: `${HEADER}${STAMP},pay,"a\n${ROW}\n${STAMP},p"ay,b\n`, decoded: 2, directives: 1, rejected: { 'bad-quotes': 1 } },
    { name: 'text behind a closing quote', log: `${HEADER}${STAMP},pay,"a"b\n${ROW}\n`, decoded: 1, directives: 1, rejected: { 'bad-quotes': 1 } },
    { name: 'a short row', log: `${HEADER}${STAMP},pay\n`, decoded: 0, directives: 1, rejected: { 'too-few-columns': 1 } },
    { name: 'a long row', log: `${HEADER}${ROW},x\n`, decoded: 0, directives: 1, rejected: { 'too-many-columns': 1 } },
    { name: 'a last row that is cut', log: `${HEADER}${STAMP},pa`, decoded: 0, directives: 1, rejected: { truncated: 1 } },
    { name: 'rows above the header', log: `${ROW}\n${HEADER}${ROW}\n`, decoded: 1, directives: 1, rejected: { 'no-fields': 1 } },
    { name: 'a bad first stamp', log: `${HEADER}soon,pay,curl\n`, decoded: 0, directives: 1, rejected: { 'no-timestamp': 1 } },
    { name: 'blank lines', log: `\n${HEADER}\n${ROW}\n \n`, decoded: 1, directives: 4 },
  ])('$name', ({ log, decoded, directives = 0, rejected = {} }) => {
    expect(counts(readBytes(csv, log))).toEqual({ decoded, directives, rejected })
  }) // biome-ignore format: a table

  test('configured fields read rows without a header, whatever their delimiter', () => {
    const fields = ['client_received_start_timestamp', 'apiproxy']
    for (const delimiter of [',', '|', '\t']) {
      expect(readBytes(csv, `${STAMP}${delimiter}pay\n`, { fields }).accounting.decoded).toBe(1)
    }
  })
})

test('a rejected record of two lines is located and digested as it stands in the file', () => {
  const { sink } = readBytes(csv, `${HEADER}soon,pay,"a\r\nb"\r\n`)
  expect(sink.rejects).toMatchObject([
    {
      lineNo: 2,
      byteOffset: HEADER.length,
      length: 15,
      reason: 'no-timestamp',
      sha256: 'a001983b80bb30561786957675c925fc1912f355abba2a75eb4d99764ece6cb5',
    },
  ])
})

test('no excerpt is kept where the layout has a credential column and the row does not fit', () => {
  const { sink } = readBytes(csv, 'apiproxy,request_verb,access_token\npay,hunter2\n')
  expect(sink.rejects[0]?.excerpt).toBe('(withheld: the layout has a credential column)')
})

test('the state of a reader inside a quoted value is before the record', () => {
  const { state } = readBytes(csv, `${HEADER}${STAMP},pay,"a\nb`)
  expect(state).toMatchObject({ lineNo: 2, byteOffset: HEADER.length })
})
