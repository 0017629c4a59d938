import { expect, test } from 'vitest'
import { emptyAccounting } from '../../model/source.ts'
import { HEADERS, type HopBatch, SCHEMA_VERSION } from './header.ts'
import { decodeBatch, encodeBatch } from './message.ts'

const ROWS = [Buffer.from('1 a b\n'), Buffer.from('1 ü c\n')]
const BATCH: HopBatch = {
  schema: SCHEMA_VERSION, kind: 'hops', application: 'payroll', collector: 'web01', source: '00000000-0000-4000-8000-000000000001',
  before: 7, first: { lineNo: 5, byteOffset: 100 }, last: { lineNo: 6, byteOffset: 106 },
  record: {
    path: '/logs/a.log', format: 'iis-w3c', gzip: false, sha256: '', rawBytes: 112, head: '',
    state: { lineNo: 7, byteOffset: 112, format: {} }, accounting: emptyAccounting(), status: 'partial',
  },
  layouts: [{ kind: 'app', delimiter: ' ', nullText: '-', columns: ['source_id', 'hop_id', 'line_no', 'byte_offset', 'host', 'site'] }],
  parts: [{ layout: 0, day: 20_000, firstUs: 1, lastUs: 2 }, { layout: 0, day: 20_001, firstUs: 3, lastUs: 4 }],
  part: [0, 1], lengths: ROWS.map(row => row.length),
} // biome-ignore format: one batch

const received = ({ key, value, headers }: ReturnType<typeof encodeBatch>) => ({
  key: key === null ? null : Buffer.from(key),
  value,
  headers,
})

test('a message says what was put into it, and its headers say where it is from', () => {
  const message = encodeBatch(BATCH, ROWS)
  expect(decodeBatch(received(message), 'hops[0]@1')).toEqual({ batch: BATCH, rows: Buffer.concat(ROWS) })
  expect(message.key).toBe('payroll')
  expect(message.headers).toEqual({
    [HEADERS.schema]: '1',
    [HEADERS.source]: BATCH.source,
    [HEADERS.first]: '5:100',
    [HEADERS.last]: '6:106',
  })
})

test.each<{ name: string; batch: Partial<HopBatch>; says: RegExp }>([
  {
    name: 'lengths that are not those of its rows',
    batch: { lengths: [6, 6] },
    says: /13 bytes of rows, its lengths add up to 12/,
  },
  { name: 'rows that name no part', batch: { part: [0] }, says: /rows do not name their parts/ },
  { name: 'a part that is not there', batch: { part: [0, 2] }, says: /names a part that is not there/ },
  {
    name: 'a layout that is not there',
    batch: { parts: [{ layout: 1, day: 1, firstUs: 1, lastUs: 1 }], part: [0, 0] },
    says: /names a layout that is not there/,
  },
  {
    name: 'a number that is none',
    batch: { before: -1 },
    says: /its before is not what schemas\/hop-batch\.json says/,
  },
])('$name is refused with its place', ({ batch, says }) => {
  const message = received(encodeBatch({ ...BATCH, ...batch }, ROWS))
  expect(() => decodeBatch(message, 'hops[0]@1')).toThrow(says)
  expect(() => decodeBatch(message, 'hops[0]@1')).toThrow(/^message hops\[0\]@1: .*--dead-letter/)
})

test('a key that is not its application is refused: its partition is by the key', () => {
  const message = { ...received(encodeBatch(BATCH, ROWS)), key: Buffer.from('orders') }
  expect(() => decodeBatch(message, 'hops[0]@1')).toThrow(/its key is "orders", its application "payroll"/)
}) // biome-ignore format: one message a line
