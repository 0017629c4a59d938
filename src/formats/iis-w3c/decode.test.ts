import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FACT_COLUMNS } from '../../model/hop.ts'
import { quoteText } from '../../store/query.ts'
import { type ReadResult, readBytes, StageBench } from '../reading.fixture.ts'
import { W3cReader } from './reader.ts'

let bench: StageBench
beforeAll(async () => {
  bench = await StageBench.open()
})
afterAll(() => bench.close())

const DEFAULT =
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken'
const AZURE =
  'date time s-sitename cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken'

function read(fields: string, ...rows: string[]): ReadResult {
  return readBytes(context => new W3cReader(context), `#Fields: ${fields}\n${rows.join('\n')}\n`)
}

/** Columns of the only row. */
async function stored(fields: string, row: string): Promise<Record<string, unknown>> {
  const result = read(fields, row)
  expect(result.sink.rejects).toEqual([])
  const [first = {}] = await bench.rows(result)
  return first
}

test('the columns and types that are stored are those of the schema, in order', async () => {
  const row = `2026-03-01 10:00:00 ${'1 '.repeat(13)}`.trimEnd()
  for (const result of [read(DEFAULT, row), read('time date', '10:00:00 2026-03-01')]) {
    const [chunk] = result.sink.chunks
    if (!chunk) throw new Error('no chunk')
    const file = quoteText(await bench.parquet(chunk))
    const columns = await bench.db.rows<{ column_name: string; column_type: string }>(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${file}))`,
    )
    const want = FACT_COLUMNS.app.map(column => `${column.name} ${column.sql}`)
    expect(columns.map(c => `${c.column_name} ${c.column_type}`)).toEqual(want)
  }
})

test('a row of the default fields', async () => {
  const row =
    '2026-03-01 10:00:06 10.0.0.5 POST /Pay+Roll/Run id=7&token=hunter2 443 CORP\\Ann 10.0.0.9 curl/8.0+(x) https://a.b/c 401 1 2148074254 45208'
  expect(await stored(DEFAULT, row)).toMatchObject({
    source_id: 7,
    line_no: '2',
    start_ts: '2026-03-01 09:59:20.792',
    end_ts: '2026-03-01 10:00:06',
    duration_us: '45208000',
    resolution_ms: 1000,
    clock: 'web01',
    host: 'web01',
    site: 'shop',
    server_ip: '10.0.0.5',
    server_port: 443,
    host_header: null,
    method: 'POST',
    path: '/Pay+Roll/Run',
    path_key: '/pay roll/run',
    query: 'id=7&token=[scrubbed]',
    arr_log_id: null,
    status: 401,
    substatus: 1,
    win32_status: '2148074254',
    handshake: false,
    correlation_id: null,
    other_ids: null,
    username: 'CORP\\Ann',
    subject_kind: 'user',
    subject_issuer: 'corp',
    subject_name: 'ann',
    subject_raw: 'CORP\\Ann',
    peer_ip: '10.0.0.9',
    client_ip: null,
    user_agent: 'curl/8.0+(x)',
    referer: 'https://a.b/c',
    bytes_in: null,
    attributes: null,
  })
})

test('a row of dashes has no values', async () => {
  const row = await stored(DEFAULT, `2026-03-01 10:00:00 ${'- '.repeat(13)}`.trimEnd())
  const filled = Object.entries(row).filter(([, value]) => value !== null && value !== false)
  expect(filled.map(([name]) => name)).toEqual([
    'hop_id', 'source_id', 'line_no', 'byte_offset', 'start_ts', 'end_ts', 'resolution_ms', 'clock', 'host', 'site', 'application',
  ]) // biome-ignore format: a table
})

describe('columns of one field', () => {
  const fields = 'date time sc-status sc-substatus cs-username cs-uri-query cs-uri-stem X-Forwarded-For'
  const row = (values: Partial<Record<string, string>>): string =>
    `2026-03-01 10:00:00 ${fields.split(' ').slice(2).map(name => values[name] ?? '-').join(' ')}` // biome-ignore format: one row

  test.each([
    { name: '401.2 without a user is a handshake', values: { 'sc-status': '401', 'sc-substatus': '2' }, want: { handshake: true } },
    { name: '401.1 without a user is a handshake', values: { 'sc-status': '401', 'sc-substatus': '1' }, want: { handshake: true } },
    { name: '401.3 is none', values: { 'sc-status': '401', 'sc-substatus': '3' }, want: { handshake: false } },
    { name: '401.1 with a user is a failed logon', values: { 'sc-status': '401', 'sc-substatus': '1', 'cs-username': 'ann' }, want: { handshake: false } },
    { name: 'the id that Azure appends', values: { 'cs-uri-query': 'a=1&X-ARR-LOG-ID=6a0d-4c' }, want: { query: 'a=1', arr_log_id: '6a0d-4c' } },
    { name: 'the id that Azure appends to nothing', values: { 'cs-uri-query': 'X-ARR-LOG-ID=6a0d-4c' }, want: { query: null, arr_log_id: '6a0d-4c' } },
    { name: 'the status that Azure appends', values: { 'cs-uri-query': '&a=1&SERVER-STATUS=200' }, want: { query: '&a=1', arr_log_id: null } },
    { name: 'both', values: { 'cs-uri-query': 'X-ARR-LOG-ID=6a0d&SERVER-STATUS=200' }, want: { query: null, arr_log_id: '6a0d' } },
    { name: 'a parameter of the client that looks alike', values: { 'cs-uri-query': 'MY-SERVER-STATUS=200' }, want: { query: 'MY-SERVER-STATUS=200' } },
    { name: 'a query that holds # and a quote', values: { 'cs-uri-query': 'a="#1"|;' }, want: { query: 'a="#1"|;' } },
    { name: 'one forwarded address', values: { 'X-Forwarded-For': '203.0.113.7' }, want: { client_ip: '203.0.113.7' } },
    { name: 'a forwarded list with ports', values: { 'X-Forwarded-For': '203.0.113.7:33453,+172.16.0.1:49770' }, want: { client_ip: '203.0.113.7' } },
    { name: 'a forwarded IPv6 address', values: { 'X-Forwarded-For': '2001:db8::1' }, want: { client_ip: '2001:db8::1' } },
    { name: 'a forwarded IPv6 address with a port', values: { 'X-Forwarded-For': '[2001:db8::1]:443,+10.0.0.1' }, want: { client_ip: '2001:db8::1' } },
    { name: 'user@domain', values: { 'cs-username': 'Ann@Corp.example' }, want: { subject_issuer: null, subject_name: 'ann@corp.example' } },
    { name: 'domain/user', values: { 'cs-username': 'corp/ann' }, want: { subject_issuer: 'corp', subject_name: 'ann' } },
    { name: 'a machine', values: { 'cs-username': 'CORP\\WEB01$' }, want: { subject_kind: 'host', subject_name: 'web01$' } },
    { name: 'domain.user', values: { 'cs-username': 'corp.ann' }, want: { subject_kind: 'user', subject_name: 'corp.ann' } },
    { name: 'nobody', values: { 'cs-username': 'Anonymous' }, want: { username: 'Anonymous', subject_kind: null, subject_name: null } },
    { name: 'a path in UTF-8', values: { 'cs-uri-stem': '/Caf\u00c9' }, want: { path: '/Caf\u00c9', path_key: '/caf\u00e9' } },
  ])('$name', async ({ values, want }) => {
    expect(await stored(fields, row(values))).toMatchObject(want)
  }) // biome-ignore format: a table
})

test('an Azure row', async () => {
  const row =
    '2026-03-01 10:00:00 ~1SHOP GET / X-ARR-LOG-ID=6a0d 80 - fe80::1%3 Mozilla/5.0+(X) ARRAffinity=ab;+x=1 - shop.example 200 0 0 3000000000 789 5000000000'
  expect(await stored(AZURE, row)).toMatchObject({
    site: '~1shop',
    host_header: 'shop.example',
    peer_ip: 'fe80::1%3',
    bytes_out: '3000000000',
    bytes_in: '789',
    duration_us: '5000000000000',
    attributes: '{"cookie":"ARRAffinity=ab;+x=1"}',
  })
})

test('custom fields anywhere and of any name, twice or like our own, lose nothing', async () => {
  const fields = 'X-Request-ID date __proto__ time constructor hop_id x(My-Field) sc-status sc-status traceparent é X-Forwarded-User'
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const row = `R-1 2026-03-01 p 10:00:00 c h "q"\\ 200 404 ${trace} \u00fc ann`
  const found = await stored(fields, row)
  expect(found).toMatchObject({
    correlation_id: 'R-1', correlation_raw: 'R-1', correlation_field: 'x-request-id', traceparent: trace, status: 200,
    other_ids: ['traceparent=4bf92f3577b34da6a3ce929d0e0e4736'], subject_name: 'ann',
  }) // biome-ignore format: a table
  expect(JSON.parse(String(found.attributes))).toEqual(
    JSON.parse('{"__proto__":"p","constructor":"c","hop_id":"h","my-field":"\\"q\\"\\\\","sc-status#2":"404","é":"ü","x-forwarded-user":"ann"}'),
  )
}) // biome-ignore format: one row

test('ids in braces, of another case or absent are compared by what they are', async () => {
  const rows = await bench.rows(
    read('date time X-Correlation-ID', ...['{6F9619FF-8B86-D011-B42D-00C04FC964FF}', 'Order-7', '-', '(not+set)', '00000000-0000'].map(id => `2026-03-01 10:00:00 ${id}`)),
  )
  expect(rows.map(row => row.correlation_id)).toEqual(['6f9619ff8b86d011b42d00c04fc964ff', 'Order-7', null, null, null])
}) // biome-ignore format: one table

describe('path_key makes one of what IIS logs and what the gateway received', () => {
  test.each([
    { name: 'a space', stem: '/a+b', gateway: '/a%20b' },
    { name: 'a plus', stem: '/a+b', gateway: '/a+b' },
    { name: 'an encoded plus', stem: '/a+b', gateway: '/a%2Bb' },
    { name: 'letters in UTF-8', stem: '/caf\u00e9', gateway: '/caf%C3%A9' },
    { name: 'an escaped letter', stem: '/nice+ports,/Trinity.txt.bak', gateway: '/nice%20ports%2C/Tri%6Eity.txt%2ebak' },
    { name: 'an encoded slash', stem: '/a/b', gateway: '/a%2Fb' },
    { name: 'an escape that IIS left when decoding once', stem: '/a%41', gateway: '/a%2541' },
    { name: 'case', stem: '/Pay/Run', gateway: '/pay/RUN' },
    { name: 'a trailing slash', stem: '/pay/', gateway: '/pay' },
    { name: 'repeated slashes', stem: '/a/b', gateway: '//a///b' },
    { name: 'the root', stem: '/', gateway: '' },
    { name: 'a percent sign', stem: '/100%', gateway: '/100%25' },
    { name: 'escapes that are not UTF-8', stem: '/%E9t%E9', gateway: '/%e9t%e9' },
  ])('$name', async ({ stem, gateway }) => {
    const [row] = await bench.db.rows('SELECT path_key($stem) AS app, path_key($gateway) AS gateway', { stem, gateway })
    expect(row?.app).toBe(row?.gateway)
  }) // biome-ignore format: a table

  test.each([
    { path: '/Pay+Roll/', want: '/pay roll' },
    { path: '/', want: '/' },
    { path: '/x%FFy', want: '/x%ffy' },
  ])('$path is $want', async ({ path, want }) => {
    expect(await bench.db.rows('SELECT path_key($path) AS key', { path })).toEqual([{ key: want }])
  })
})

test('whatever a row holds, DuckDB stores as many rows as were decoded, with their values', async () => {
  const value = fc
    .string({
      unit: fc.constantFrom(...'ab"\'\r\0\x1f\x1e\\-+%=,|\x7f#\b\x1aéà\u00a0\u2028\u{1f600}'),
      minLength: 1,
      maxLength: 6,
    })
    .filter(text => !text.includes('\0'))
  const fields =
    'date time cs-method cs-uri-stem X-Correlation-ID cs-username X-Forwarded-For X-Any sc-status'
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(value, { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 30 }), async rows => {
      const result = read(fields, ...rows.map(values => `2026-03-01 10:00:00 ${values.join(' ')} 200`))
      expect(result.accounting.decoded).toBe(rows.length)
      const wanted = rows.map(([, path = '']) => (path === '-' ? null : path.replaceAll('\r', '\\x0d')))
      const paths = (await bench.rows(result)).map(row => row.path)
      expect(paths).toEqual(wanted)
    }),
    { numRuns: 60 },
  ) // biome-ignore format: one property
})
