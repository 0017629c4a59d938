import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScrubber } from '../model/scrub.ts'
import { DelimitedReader } from './apigee-export/delimited-reader.ts'
import { NdjsonReader } from './apigee-export/ndjson.ts'
import { EnvelopeReader } from './envelope/reader.ts'
import { SHAPES } from './envelope/shapes.fixture.ts'
import { HttperrReader } from './iis-httperr/reader.ts'
import { W3cReader } from './iis-w3c/reader.ts'
import { type OpenReader, outputOf, readBytes } from './reading.fixture.ts'

/** A limit small enough that random lines pass it. */
const MAX_LINE_BYTES = 120

const READERS: readonly { name: string; open: OpenReader; header: string; pieces: readonly string[] }[] = [
  {
    name: 'iis-w3c',
    open: (context, resume) => new W3cReader(context, resume, MAX_LINE_BYTES),
    header: '#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status X-Request-ID\n',
    pieces: [
      '2026-03-01 00:00:01 GET /a - 200 id-1\n', '2026-03-01 23:59:59 GET /a token=hunter2 500 -\r\n', '#Fields: date time\n',
      '#Fields: time sc-status\n', '00:00:01 200\n', '23:59:59 404\n', '#Date: 2026-03-01 10:00:00\n', '#Fields:\n', '#\n',
      '2026-02-30 00:00:01 GET /a - 200 id-1\n', '2026-03-01 00:00:01\n', '\0\0', '\ufeff', ' ', '\n', '\r', 'x'.repeat(130),
    ],
  },
  {
    name: 'iis-httperr',
    open: (context, resume) => new HttperrReader(context, resume, MAX_LINE_BYTES),
    header: '',
    pieces: [
      '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n',
      '#Fields: date time cs-uri s-reason\n', '#Fields:\n', '2026-03-01 00:00:01 /a?token=hunter2 QueueFull\n',
      '2026-03-01 00:00:01 10.0.0.9 5 10.0.0.5 80 HTTP/1.1 GET /a 503 1 QueueFull pool\r\n',
      '2026-03-01 00:00:01 10.0.0.9 5 10.0.0.5 80 HTTP/2.0 GET /a 1 503 1 QueueFull pool\n',
      '2026-03-01 00:00:01 10.0.0.9 5 10.0.0.5 80 - - - - - - - Timer_ConnectionIdle - TCP\n',
      '2026-03-01 00:00:01 10.0.0.9 5 10.0.0.5 80 - - - - - Timer_ConnectionIdle -\n', '2026-03-01 x 10.0.0.9 5 -\n', '\0\0', '\ufeff', ' ', '\n', '\r', 'x'.repeat(130),
    ],
  },
  {
    name: 'apigee-export',
    open: (context, resume) => new NdjsonReader(context, resume, MAX_LINE_BYTES),
    header: '',
    pieces: [
      '{"client_received_start_timestamp":"2026-03-01 10:00:00 UTC","apiproxy":"pay"}\n', '{"apiproxy":"pay"}\n',
      '{"client_received_start_timestamp":1772359200000,"dc_user_id":"ann","x":[1,{"a":null}]}\r\n', '{', '}', '"', ':', ',',
      '\\', '\\u00', 'null', '1e5', '[', ']', '\n', '\0', '\xff', ' ', '{}\n', '{"a":"b"', 'x'.repeat(130),
    ],
  },
  {
    name: 'apigee-export-delimited',
    open: (context, resume) => new DelimitedReader(context, resume, MAX_LINE_BYTES),
    header: 'client_received_start_timestamp,apiproxy,useragent\n',
    pieces: [
      '2026-03-01 10:00:00 UTC,pay,curl\n', '2026-03-01 10:00:00 UTC,pay,"a,b"\r\n', '2026-03-01 10:00:00 UTC,pay,"a\n', 'b"\n',
      'client_received_start_timestamp,apiproxy,useragent\n', 'client_received_start_timestamp|apiproxy\n', '"', '""', ',', '|',
      '\n', '\r', '\0', 'x', '2026-03-01 10:00:00 UTC|pay\n', 'x'.repeat(130),
    ],
  },
  {
    name: 'envelope',
    open: (context, resume) => new EnvelopeReader(context, resume, 3 * MAX_LINE_BYTES),
    header: '',
    pieces: [
      '{"message":"#Fields: date time cs-uri-query sc-status","host":"a","log.offset":1,"log.file.path":"p"}\n',
      '{"message":"2026-03-01 00:00:01 token=hunter2 200","host":{"name":"a"},"log":{"offset":50,"file.path":"p"}}\n',
      '{"message":"2026-03-01 00:00:01 /a 200 1","host":{"name":"a"},"log":{"offset":90,"file.path":"p"}}\r\n',
      '{"message":"#Date: 2026-03-01 23:59:59","host":"b"}\n', '{"message":"#Fields: time sc-status\\n00:00:01 200","host":"b"}\n',
      '{"_raw":"23:59:59 404","host":"b","source":"sid=hunter2"}\n', '{"message":"#Fields:","host":"b"}\n',
      '{"event.original":"23:59:59 404\\r","host":"b"}\n', '{"message":"2026-03-01 00:00:01 10.0.0.9 5 10.0.0.5 80 HTTP/1.1 GET /a 503 1 QueueFull pool"}\n',
      '{"message":""}\n', '{"message":"a\\u0000b"}\n', '{"message":7}\n', '{"message":"#Fields: c-ip x-session x-fullpath"}\n', '{', '}', '\\ud800', '"', '\n', '\r', '\0', '\ufeff', '\xff', 'x'.repeat(370),
    ],
  },
] // biome-ignore format: tables

const anyBytes = (pieces: readonly string[]): fc.Arbitrary<Buffer> =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...pieces).map(piece => Buffer.from(piece)) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map(bytes => Buffer.from(bytes)) },
      ),
      { maxLength: 24 },
    )
    .map(parts => Buffer.concat(parts))

describe.each(READERS)('$name', ({ open, header, pieces }) => {
  const input = anyBytes(pieces).map(bytes => Buffer.concat([Buffer.from(header), bytes]))

  test('for any bytes, every line is decoded, a directive or rejected with a reason', () => {
    fc.assert(
      fc.property(input, bytes => {
        const { accounting: a, sink } = readBytes(open, bytes)
        expect(a.decoded + a.directives + a.rejected).toBe(a.lines)
        expect(a.idle ?? 0).toBeLessThanOrEqual(a.directives)
        expect(Object.values(a.rejectedBy).reduce((sum, n) => sum + n, 0)).toBe(a.rejected)
        expect(sink.rejects.length).toBe(a.rejected)
        expect(sink.chunks.reduce((sum, chunk) => sum + chunk.rows, 0)).toBe(a.decoded)
        expect(a.bytes).toBe(bytes.length)
      }),
      { numRuns: 400 },
    )
  })

  test('for bytes without a quote, lines are what line feeds separate', () => {
    fc.assert(
      fc.property(input, bytes => {
        const text = bytes.toString('latin1').replaceAll('"', '')
        const { accounting } = readBytes(open, Buffer.from(text, 'latin1'))
        const lines = text.split('\n')
        expect(accounting.lines).toBe(lines.at(-1) === '' ? lines.length - 1 : lines.length)
      }),
      { numRuns: 200 },
    )
  })

  test('any cut into blocks gives the same rows, rejects, accounting and state', () => {
    fc.assert(
      fc.property(input, fc.array(fc.nat(600), { maxLength: 10 }), (bytes, cuts) => {
        expect(plain(readBytes(open, bytes, {}, cuts))).toEqual(plain(readBytes(open, bytes)))
      }),
      { numRuns: 400 },
    )
  })

  test('reading on from a state gives what reading at once gives', () => {
    fc.assert(
      fc.property(input, input, (first, second) => {
        const start = Buffer.concat([first, Buffer.from('\n')])
        const once = readBytes(open, Buffer.concat([start, second]))
        const { state } = readBytes(open, start)
        fc.pre(state.byteOffset === start.length)
        const before = readBytes(open, start)
        const after = readBytes(context => open(context, state), second)
        expect(before.accounting.decoded + after.accounting.decoded).toBe(once.accounting.decoded)
        expect([...before.sink.rejects, ...after.sink.rejects]).toEqual(once.sink.rejects)
        expect(after.state).toEqual(once.state)
      }),
      { numRuns: 200 },
    )
  })
})

function plain(result: ReturnType<typeof readBytes>): unknown {
  const { rows, accounting, state, sink } = result
  return { rows, accounting, state, rejects: sink.rejects }
}

describe('a secret is in nothing that a reader hands out', () => {
  const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ0189!*()~./$@-_'), minLength: 6, maxLength: 24 })
  const planted = (s: string): string[] => [
    `access_token=${s}&page=1`,
    `page=1&Password=${s}`,
    `back=${encodeURIComponent(`/cb?code=${s}&x=1`)}`,
    `lang=en;+sid=${s};+x=1`,
    `%74oken=${s}`,
    `Bearer+${s}`,
    `{"pin":"${s}"}`,
  ]
  const breaks = [
    (l: string) => l,
    (l: string) => `${l} extra`,
    (l: string) => l.slice(11),
    (l: string) => l.slice(0, -9),
  ]
  const carrier = fc.record({
    secret,
    place: fc.nat(6),
    damage: fc.constantFrom(...breaks),
    cuts: fc.array(fc.nat(400), { maxLength: 3 }),
  })
  const notTrivial = (s: string): void => fc.pre(!/^[-.]+$/.test(s))

  test('in IIS rows, whole or damaged', () => {
    fc.assert(
      fc.property(carrier, ({ secret: s, place, damage, cuts }) => {
        notTrivial(s)
        const query = planted(s)[place] ?? ''
        const row = damage(`2026-03-01 00:00:01 GET /a ${query} 200 Cookie=1;+sid=${s}`)
        const log = `#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status cs(Cookie)\n${row}\n`
        expect(outputOf(readBytes(c => new W3cReader(c), log, {}, cuts))).not.toContain(s)
      }),
      { numRuns: 400 },
    )
  })

  test('in HTTPERR rows, whole or damaged', () => {
    fc.assert(
      fc.property(carrier, ({ secret: s, place, damage, cuts }) => {
        notTrivial(s)
        const uri = `/a?${planted(s)[place] ?? ''}`
        const row = damage(
          `2026-03-01 00:00:01 10.0.0.9 5 10.0.0.5 80 HTTP/1.1 GET ${uri} 503 1 QueueFull pool`,
        )
        expect(outputOf(readBytes(c => new HttperrReader(c), `${row}\n`, {}, cuts))).not.toContain(s)
      }),
      { numRuns: 400 },
    )
  })

  test('in envelopes, around and inside the row, whole or damaged', () => {
    fc.assert(
      fc.property(carrier, ({ secret: s, place, damage, cuts }) => {
        notTrivial(s)
        const query = planted(s)[place] ?? ''
        const line = {
          text: `2026-03-01 00:00:01 GET /a ${query} 200`,
          host: `web?token=${s}`,
          path: `/x?${query}`,
        }
        const json = { ...SHAPES.filebeat({ ...line, offset: 9 }), headers: { authorization: `Bearer ${s}` } }
        const fields = 'date time cs-method cs-uri-stem cs-uri-query sc-status'.split(' ')
        const result = readBytes(
          c => new EnvelopeReader(c),
          `${damage(JSON.stringify(json))}\n`,
          { fields },
          cuts,
        )
        expect(outputOf(result) + JSON.stringify(result.state)).not.toContain(s)
      }),
      { numRuns: 400 },
    )
  })

  test('in JSON records, whole or damaged', () => {
    fc.assert(
      fc.property(carrier, ({ secret: s, place, damage, cuts }) => {
        notTrivial(s)
        const value = planted(s)[place] ?? ''
        const record = {
          client_received_start_timestamp: '2026-03-01 10:00:00 UTC',
          request_uri: `/a?${value}`,
          dc_session_id: s,
          dc_context: { auth: { token: s } },
          access_token: s,
        }
        const log = `${damage(JSON.stringify(record))}\n`
        expect(outputOf(readBytes(c => new NdjsonReader(c), log, {}, cuts))).not.toContain(s)
      }),
      { numRuns: 400 },
    )
  })

  test('in delimited records, whole or damaged', () => {
    fc.assert(
      fc.property(carrier, ({ secret: s, place, damage, cuts }) => {
        notTrivial(s)
        const value = (planted(s)[place] ?? '').replaceAll('"', '""')
        const log = `client_received_start_timestamp,request_uri,access_token\n${damage(`2026-03-01 10:00:00 UTC,"/a?${value}",${s}`)}\n`
        expect(outputOf(readBytes(c => new DelimitedReader(c), log, {}, cuts))).not.toContain(s)
      }),
      { numRuns: 400 },
    )
  })
})

describe('identity', () => {
  const ids = (open: OpenReader, log: string, overrides = {}): string[] => {
    const { sink } = readBytes(open, log, overrides)
    return sink.chunks.flatMap(chunk => {
      const column = chunk.layout.columns.indexOf('hop_id')
      const rows = chunk.buffer.toString('latin1', 0, chunk.length).trimEnd().split('\n')
      return rows.map(row => row.split(chunk.layout.delimiter)[column] ?? '')
    })
  }
  const w3c: OpenReader = context => new W3cReader(context)
  const json: OpenReader = context => new NdjsonReader(context)
  const csv: OpenReader = context => new DelimitedReader(context)
  const fields = '#Fields: date time cs-method cs-uri-query X-Badge\n'
  const row = '2026-03-01 00:00:01 GET badge=1&token=a 77\n'

  test('two equal lines have one id; the store numbers them', () => {
    const [first, second] = ids(w3c, fields + row + row)
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    expect(second).toBe(first)
  })

  test('the id of an IIS row depends on host, site and line', () => {
    const base = ids(w3c, fields + row)
    expect(ids(w3c, fields + row, { sourceId: 99 })).toEqual(base)
    expect(ids(w3c, fields + row, { host: 'WEB01' })).toEqual(base)
    expect(ids(w3c, fields + row, { host: 'web02' })).not.toEqual(base)
    expect(ids(w3c, fields + row, { site: 'other' })).not.toEqual(base)
    expect(ids(w3c, fields + row.replace('GET', 'PUT'))).not.toEqual(base)
  })

  test('neither the value of a secret nor a configured list of names changes an id', () => {
    const base = ids(w3c, fields + row)
    const configured = createScrubber(['badge', 'x-badge'], ['token'])
    expect(ids(w3c, fields + row.replace('token=a', 'token=b'))).toEqual(base)
    expect(ids(w3c, fields + row, { scrubber: configured })).toEqual(base)
    expect(ids(w3c, fields + row.replace('badge=1', 'badge=2'), { scrubber: configured })).not.toEqual(base)
    expect(ids(w3c, fields + row.replace(' 77', ' 78'), { scrubber: configured })).not.toEqual(base)
  })

  const record = {
    client_received_start_timestamp: '2026-03-01 10:00:00 UTC',
    organization: 'acme',
    environment: 'prod',
    request_uri: '/a?badge=1&token=a',
    dc_badge: '77',
    dc_reason: 'x',
  }
  const ndjson = (columns: Record<string, string>): string => `${JSON.stringify(columns)}\n`
  const reversed = Object.fromEntries(Object.entries(record).reverse())
  const delimited = `${Object.keys(record).join('|')}\n${Object.values(record).join('|')}\n`

  test.each([
    { name: 'column order', log: ndjson(reversed), open: json },
    { name: 'format', log: delimited, open: csv },
    { name: 'the rendering of stamps', log: ndjson({ ...record, client_received_start_timestamp: '1772359200000' }), open: json },
    { name: 'the access token', log: ndjson({ ...record, access_token: 'hunter2' }), open: json },
    { name: 'the value of a secret', log: ndjson({ ...record, request_uri: '/a?badge=1&token=b' }), open: json },
    { name: 'columns without a value', log: ndjson({ ...record, target: '(not set)', target_ip: '' }), open: json },
  ])('the id of a gateway row without an id of its own does not depend on $name', ({ log, open }) => {
    expect(ids(open, log)).toEqual(ids(json, ndjson(record)))
  }) // biome-ignore format: a table

  test('the id of a gateway row does not depend on configured secret names', () => {
    const scrubber = createScrubber(['badge'], ['token'])
    expect(ids(json, ndjson(record), { scrubber })).toEqual(ids(json, ndjson(record)))
    expect(ids(json, ndjson({ ...record, dc_badge: '78' }), { scrubber })).not.toEqual(
      ids(json, ndjson(record)),
    )
  })

  test('with a message id, organization, environment, message id and first stamp are the whole key', () => {
    const flow = { ...record, gateway_flow_id: 'rrt-1' }
    const base = ids(json, ndjson(flow))
    expect(ids(json, ndjson({ ...flow, dc_reason: 'y' }))).toEqual(base)
    expect(ids(json, ndjson({ ...flow, environment: 'test' }))).not.toEqual(base)
    expect(ids(json, ndjson({ ...flow, client_received_start_timestamp: '2026-03-01 10:00:01 UTC' }))).not.toEqual(base)
  }) // biome-ignore format: one line a case
})
