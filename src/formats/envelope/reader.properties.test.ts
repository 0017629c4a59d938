import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Chunk } from '../chunk.ts'
import { W3cReader } from '../iis-w3c/reader.ts'
import { readBytes } from '../reading.fixture.ts'
import { EnvelopeReader } from './reader.ts'
import { SHAPES, type ShippedLine, shipped, wrapped } from './shapes.fixture.ts'

/** Few texts, so that equal lines and layouts of one width come up often. */
const LINE = fc.constantFrom(
  '2026-03-02 08:00:00 /a 200', '2026-03-02 08:00:00 /b 404', '2026-03-02 08:00:01 /a 200 7', '2026-03-02 /torn', '',
  '#Fields: date time cs-uri-stem sc-status', '#Fields: date time c-ip sc-substatus', '#Date: 2026-03-02 08:00:00',
  '#Fields: date time cs-uri-stem sc-status time-taken', '#Software: Microsoft Internet Information Services 10.0',
) // biome-ignore format: a table
const LOG = fc.array(LINE, { minLength: 1, maxLength: 12 }).map(lines => `${lines.join('\r\n')}\r\n`)
const PLACES = [
  { host: 'web01', path: 'C:\\a\\u_ex260302.log' },
  { host: 'web01', path: 'C:\\b\\u_ex260302.log' },
  { host: 'web02', path: 'C:\\a\\u_ex260302.log' },
] as const

/** A row as it is stored: layout, id, where it stood in its log. */
interface Row {
  readonly columns: string
  readonly id: string
  readonly at: number | string
}

function rowsOf(chunks: readonly Chunk[], at: (values: Map<string, string>) => Row['at']): Row[] {
  return chunks.flatMap(({ layout, buffer, length }) =>
    buffer.toString('latin1', 0, length).trimEnd().split('\n').map(text => {
      const values = new Map(text.split(' ').map((value, index) => [layout.columns[index] ?? '', value]))
      return { columns: layout.key, id: values.get('hop_id') ?? '', at: at(values) }
    }),
  ) // biome-ignore format: one chain
}

/** The slow way: each log put together again, and read by the reader of logs. */
function directly(log: string, host: string): Row[] {
  const { sink } = readBytes(context => new W3cReader(context), log, { host })
  return rowsOf(sink.chunks, values => `${host} ${values.get('byte_offset')}`)
}

function throughEnvelopes(lines: readonly ShippedLine[], host: string): Row[] {
  const own = lines.filter(line => line.host === host)
  const { sink } = readBytes(context => new EnvelopeReader(context), wrapped(SHAPES.filebeat, own))
  return rowsOf(sink.chunks, values => {
    const { 'log.offset': offset } = JSON.parse(values.get('attributes') ?? '{}') as Record<string, string>
    return `${host} ${offset}`
  })
}

const distinct = (rows: readonly Row[]): string[] => [...new Set(rows.map(row => JSON.stringify(row)))].sort()

/** Logs side by side as a shipper sends them: in order each, mixed as the numbers say. */
function mix(logs: readonly (readonly ShippedLine[])[], order: readonly number[]): ShippedLine[] {
  const left = logs.map(lines => [...lines])
  const mixed: ShippedLine[] = []
  for (let step = 0; left.some(lines => lines.length > 0); step++) {
    const open = left.filter(lines => lines.length > 0)
    mixed.push(...(open[(order[step % order.length] ?? 0) % open.length]?.splice(0, 1) ?? []))
  }
  return mixed
}

const ORDER = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 })

test('logs that are mixed line by line, some of it sent twice, give the rows of each log', () => {
  fc.assert(
    fc.property(fc.tuple(LOG, LOG, LOG), ORDER, fc.array(fc.tuple(fc.nat(30), fc.nat(9)), { maxLength: 3 }), (logs, order, again) => {
      const lines = mix(logs.map((log, i) => shipped(log, PLACES[i]?.host, PLACES[i]?.path)), order)
      // A batch whose answer was lost is sent again, behind what followed it.
      const sent = [...lines, ...again.flatMap(([from, size]) => lines.slice(from, from + size))]
      for (const host of ['web01', 'web02']) {
        const own = logs.flatMap((log, i) => (PLACES[i]?.host === host ? directly(log, host) : []))
        expect(distinct(throughEnvelopes(sent, host))).toEqual(distinct(own))
      }
    }),
    { numRuns: 500 },
  )
}) // biome-ignore format: long lines

test('in order and sent once, what is counted is what the logs count', () => {
  fc.assert(
    fc.property(fc.tuple(LOG, LOG, LOG), ORDER, fc.constantFrom(...Object.values(SHAPES)), (logs, order, shape) => {
      const lines = mix(logs.map((log, i) => shipped(log, PLACES[i]?.host, PLACES[i]?.path)), order)
      const { accounting } = readBytes(context => new EnvelopeReader(context), wrapped(shape, lines))
      const own = logs.map(log => readBytes(context => new W3cReader(context), log).accounting)
      for (const name of ['lines', 'decoded', 'directives', 'rejected'] as const)
        expect(accounting[name]).toBe(own.reduce((sum, a) => sum + a[name], 0))
    }),
    { numRuns: 500 },
  )
}) // biome-ignore format: long lines
