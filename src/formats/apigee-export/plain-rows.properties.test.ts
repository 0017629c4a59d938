import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createScrubber } from '../../model/scrub.ts'
import type { Position } from '../lines.ts'
import { readBytes } from '../reading.fixture.ts'
import { DelimitedReader } from './delimited-reader.ts'

let plainRows = 0

class CountingReader extends DelimitedReader {
  protected override takePlain(buffer: Buffer, start: number, end: number, at: Position): boolean {
    const isPlain = super.takePlain(buffer, start, end, at)
    if (isPlain) plainRows++
    return isPlain
  }
}

/** Reads every row in the way of those that are not plain. */
class AnyRowReader extends DelimitedReader {
  protected override takePlain(): boolean {
    return false
  }
}

const NONE = ['', '(not set)', 'Not set', 'null', '\\N', '-', '0', '-1', 'nil']
const STAMPS = [
  '2026-03-01 10:00:00.123 UTC', '2026-03-01 10:00:00 UTC', '2026-03-01T23:59:59.123456Z', '2026-03-01 10:00:00.1234567 UTC',
  '2026-03-02 00:00:00.5', '1772359200123', '1772359200123456', '1772359200', '1772359200.5', '2026-02-30 10:00:00 UTC',
  '2026-03-01 24:00:00 UTC', '2026-03-01 10:00:00+02:00', '2026-03-01 10:00:00. UTC', '2026-03-01', 'soon', '0', '1969-01-01 00:00:00 UTC',
] // biome-ignore format: a table
const IDS = [
  '0f8fad5b-d9cb-469f-a165-70867728950e', '0F8FAD5B-D9CB-469F-A165-70867728950E', '0f8fad5bd9cb469fa16570867728950e',
  '00000000-0000-0000-0000-000000000000', '{0f8fad5b-d9cb-469f-a165-70867728950e}', 'uuid', 'R-1', ' R-1 ', '[scrubbed]', '4bf92f3577b34da6A3ce929d0e0e4736',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
] // biome-ignore format: a table
const TEXTS = [
  'a', 'GET', '/v1/pay/42', '/v1/pay?id=7', '/v1/pay?token=hunter2hunter2', 'Bearer abcdefgh', 'basic', 'x%3Dy', "it's", 'a "b"', 'a\\b', 'é', '\xa0',
  'https://u:secret@host/', 'ann@corp.example', 'CORP\\ann', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', 'say eyJ', 'a\x1fb', 'a\tb', '200', '007', '3.5', '-5', '1234567890123',
  'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
] // biome-ignore format: a table
const COLUMNS = [
  'client_received_start_timestamp', 'target_sent_start_timestamp', 'target_received_end_timestamp', 'client_sent_end_timestamp',
  'organization', 'environment', 'gateway_flow_id', 'apiproxy', 'request_uri', 'response_status_code', 'target_response_code',
  'request_size', 'cache_hit', 'ax_edge_execution_fault_code', 'client_id', 'developer_email', 'client_ip', 'access_token',
  'dc_correlation_id', 'dc_request_id', 'traceparent', 'dc_user_id', 'dc_sub', 'dc_api_key', 'ax_geo', 'dc_pin_code', 'APIPROXY',
] // biome-ignore format: a table

/** Values that leave a row plain, by what stands in the name. */
const PLAIN: readonly [RegExp, readonly string[]][] = [
  [/timestamp$/, STAMPS.slice(0, 7)],
  [/code$|size$/, ['200', '0', '404']],
  [/^dc_(?:api|pin)|token/, ['']],
  [/id$|traceparent/, IDS],
  [/./, ['a', 'GET', '/v1/pay/42', '/v1/pay?id=7', 'é', 'ann@corp.example', '(not set)', '']],
]

const value = (column: string): fc.Arbitrary<string> => {
  const plain = PLAIN.find(([name]) => name.test(column))?.[1] ?? []
  return fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(...plain) },
    { weight: 4, arbitrary: fc.constantFrom(...NONE) },
    { weight: 1, arbitrary: fc.constantFrom(...TEXTS, ...IDS, ...STAMPS) },
  )
}

const log = fc
  .record({
    columns: fc
      .shuffledSubarray(COLUMNS, { minLength: 4 })
      .map(c => [...new Set(['client_received_start_timestamp', 'gateway_flow_id', ...c])]),
    delimiter: fc.constantFrom(',', '|', '\t'),
  })
  .chain(({ columns, delimiter }) =>
    fc
      .array(fc.tuple(...columns.map(value)), { minLength: 1, maxLength: 12 })
      .map(rows => [columns, ...rows].map(row => `${row.join(delimiter)}\n`).join('')),
  )

test('a row is read alike from its bytes and in the way of any row', () => {
  const scrubber = createScrubber(['dc_pin*'])
  fc.assert(
    fc.property(log, text => {
      const bytes = Buffer.from(text, 'latin1')
      const plain = readBytes(context => new CountingReader(context), bytes, { scrubber })
      const any = readBytes(context => new AnyRowReader(context), bytes, { scrubber })
      expect(plain.rows).toEqual(any.rows)
      expect(plain.accounting).toEqual(any.accounting)
      expect(plain.sink.rejects).toEqual(any.sink.rejects)
    }),
    { numRuns: 400 },
  )
  expect(plainRows).toBeGreaterThan(300)
})
