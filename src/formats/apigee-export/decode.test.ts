import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FACT_COLUMNS } from '../../model/hop.ts'
import { quoteText } from '../../store/query.ts'
import { type ReadResult, readBytes, StageBench } from '../reading.fixture.ts'
import { DelimitedReader } from './delimited-reader.ts'
import { NdjsonReader } from './ndjson.ts'

let bench: StageBench
beforeAll(async () => {
  bench = await StageBench.open()
})
afterAll(() => bench.close())

type Columns = Readonly<Record<string, unknown>>

const STAMP = '2026-03-01 10:00:00 UTC'
const BASE: Columns = { client_received_start_timestamp: STAMP, gateway_flow_id: 'rrt-1' }
const sha512 = (text: string): string => createHash('sha512').update(text).digest('hex')

function read(log: string | Buffer): ReadResult {
  return readBytes(context => new NdjsonReader(context), log)
}

/** The stored row of one record. */
async function stored(columns: Columns): Promise<Record<string, unknown>> {
  const result = read(`${JSON.stringify({ ...BASE, ...columns })}\n`)
  expect(result.sink.rejects).toEqual([])
  const [row = {}] = await bench.rows(result)
  return row
}

async function attributes(columns: Columns): Promise<unknown> {
  const row = await stored(columns)
  return row.attributes === null ? null : JSON.parse(String(row.attributes))
}

test('the columns and types that are stored are those of the schema, in order', async () => {
  const [chunk] = read(`${JSON.stringify(BASE)}\n`).sink.chunks
  if (!chunk) throw new Error('no chunk')
  const file = quoteText(await bench.parquet(chunk))
  const columns = await bench.db.rows<{ column_name: string; column_type: string }>(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${file}))`,
  )
  const want = FACT_COLUMNS.gateway.map(column => `${column.name} ${column.sql}`)
  expect(columns.map(c => `${c.column_name} ${c.column_type}`)).toEqual(want)
})

const FULL: Columns = {
  CLIENT_SENT_END_TIMESTAMP: '2026-03-01 10:00:00.25 UTC', organization: 'acme', environment: 'prod', Apiproxy: 'pay',
  apiproxy_revision: 3, api_product: 'Payments', developer: 'acme@@@6f', developer_app: 'app', developer_email: 'dev@acme.example',
  client_id: 'KEY', access_token: 'hunter2hunter2', request_verb: 'GET', request_uri: '/v1/pay/42?id=7&token=hunter2', request_path: '/v1/pay/42',
  proxy_basepath: '/v1', proxy_pathsuffix: '/pay/42', response_status_code: '200', target_response_code: 200, target: 'default',
  target_host: 'app.corp', target_ip: '10.0.0.5', target_url: 'https://app.corp/api', target_basepath: '/api',
  target_sent_start_timestamp: '2026-03-01 10:00:00.01 UTC', target_sent_end_timestamp: '2026-03-01 10:00:00.02 UTC',
  target_received_start_timestamp: '2026-03-01 10:00:00.1 UTC', target_received_end_timestamp: '2026-03-01 10:00:00.2 UTC',
  client_ip: '10.1.1.1', ax_resolved_client_ip: '203.0.113.7', useragent: 'a "b", c', cache_hit: 0, is_error: false,
  policy_error: '0', target_error: 'true', total_response_time: 250, target_response_time: '190', request_size: 5, response_size: '6',
  dc_user_id: 'CORP\\Ann', dc_correlation_id: 'C-1', dc_request_id: 'R-1', ax_edge_execution_fault_code: '(not set)', sla: null,
} // biome-ignore format: a record

const STORED = {
  start_ts: '2026-03-01 10:00:00', end_ts: '2026-03-01 10:00:00.25', target_sent_start_ts: '2026-03-01 10:00:00.01',
  target_received_end_ts: '2026-03-01 10:00:00.2', stamp_rule: 'text', resolution_ms: 1, clock: 'gateway', target_called: true,
  obfuscated: false, organization: 'acme', environment: 'prod', message_id: 'rrt-1', proxy: 'pay', proxy_revision: '3',
  product: 'Payments', client_id: 'KEY', access_token: 'hmac:14', method: 'GET', path: '/v1/pay/42', path_key: '/api/pay/42',
  query: 'id=7&token=[scrubbed]', status: 200, target_status: 200, target_host: 'app.corp', target_basepath: '/api',
  cache_hit: false, fault_code: null, is_error: false, policy_error: false, target_error: true, total_ms: '250', target_ms: '190',
  correlation_id: 'C-1', correlation_raw: 'C-1', correlation_field: 'dc_correlation_id', other_ids: ['dc_request_id=R-1'],
  subject_kind: 'user', subject_issuer: 'corp', subject_name: 'ann', peer_ip: '10.1.1.1', client_ip: '203.0.113.7',
  user_agent: 'a "b", c', bytes_in: '5', bytes_out: '6',
} // biome-ignore format: a record

test('a full record, names in any case, numbers as numbers or text', async () => {
  expect(await stored(FULL)).toMatchObject(STORED)
  expect(await attributes(FULL)).toEqual({
    dc_user_id: 'CORP\\Ann',
    dc_request_id: 'R-1',
  })
})

test.each([',', '|', '\t'])('the same record delimited by %o, columns in another order', async delimiter => {
  const columns = Object.entries({ ...BASE, ...FULL }).reverse()
  const quoted = (value: unknown): string =>
    value === null ? '' : `"${String(value).replaceAll('"', '""')}"`
  const log = [columns.map(([name]) => name), columns.map(([, value]) => quoted(value))]
    .map(values => `${values.join(delimiter)}\n`)
    .join('')
  const [row = {}] = await bench.rows(readBytes(context => new DelimitedReader(context), log))
  expect(row).toMatchObject(STORED)
  const whole = await stored(FULL)
  for (const column of ['hop_id', 'attributes', 'field_count']) expect(row[column]).toEqual(whole[column])
})

describe('values', () => {
  test.each<{ name: string; columns: Columns; want: Columns }>([
    { name: '(not set), Not set, null, \\N and empty are no value', columns: { target: '(not set)', target_ip: 'Not set', target_host: null, target_url: '\\N', developer: '', product: 'null' }, want: { target: null, target_ip: null, target_host: null, target_url: null, developer: null, attributes: null } },
    { name: 'except that an unmatched proxy keeps its mark', columns: { apiproxy: '(not set)' }, want: { proxy: '(not set)' } },
    { name: 'booleans', columns: { is_error: true, cache_hit: true, policy_error: 1, target_error: '1' }, want: { is_error: true, cache_hit: true, policy_error: true, target_error: true } },
    { name: 'booleans in upper case', columns: { is_error: 'TRUE', cache_hit: 'FALSE' }, want: { is_error: true, cache_hit: false } },
    { name: 'no booleans', columns: {}, want: { is_error: null, cache_hit: false, policy_error: null } },
    { name: 'a size beyond 32 bits', columns: { response_size: '9007199254740993' }, want: { bytes_out: '9007199254740993' } },
    { name: 'whole numbers with decimals', columns: { total_response_time: '12.0' }, want: { total_ms: '12' } },
    { name: 'a microgateway puts an address into request_uri', columns: { request_uri: 'https://api.acme.example/v1/pay?id=7' }, want: { path: '/v1/pay', query: 'id=7' } },
    { name: 'a path from base path and suffix', columns: { proxy_basepath: '/v1', proxy_pathsuffix: '/pay' }, want: { path: '/v1/pay', query: null } },
    { name: 'a forwarded list as client address', columns: { client_ip: '203.0.113.7:4711, 10.0.0.1' }, want: { client_ip: '203.0.113.7', peer_ip: '203.0.113.7:4711, 10.0.0.1' } },
    { name: 'unicode escapes and control characters', columns: { useragent: '\u00e9\u2028"\\\n\u001f\u001e' }, want: { user_agent: '\u00e9\u2028"\\\n\u001f\u001e' } },
    { name: 'client id where no user is known', columns: { client_id: 'Key', dc_user_id: '0' }, want: { subject_kind: 'client', subject_name: 'Key' } },
    { name: 'developer where not even that is known', columns: { developer_email: 'dev@acme.example' }, want: { subject_kind: 'client', subject_name: 'dev@acme.example' } },
  ])('$name', async ({ columns, want }) => expect(await stored(columns)).toMatchObject(want)) // biome-ignore format: a table

  test('unknown columns, nested values and values that do not fit are kept as JSON', async () => {
    const columns = {
      DC_Reason: 'x "y"', nested: { a: [1, null, 'é'] }, on: true, n: 1.5, response_status_code: 'OK', request_size: 1e20,
      target_response_code: 4294967296, target_sent_start_timestamp: 'soon', 'dc_\u00c9': 'ü',
    } // biome-ignore format: a record
    expect(await attributes(columns)).toEqual({
      dc_reason: 'x "y"', nested: '{"a":[1,null,"é"]}', on: 'true', n: '1.5', response_status_code: 'OK', request_size: '100000000000000000000',
      target_response_code: '4294967296', target_sent_start_timestamp: 'soon', 'dc_\u00c9': 'ü',
    }) // biome-ignore format: a record
  })

  test('secrets in columns of their own, in nested values and in addresses go', async () => {
    const columns = {
      dc_session_id: 'hunter2', dc_context: { token: 'hunter2', n: 1 }, dc_auth: 'hunter2', dc_note: 'Bearer hunter2',
      target_url: 'https://ann:hunter2@app.corp/api', ax_cache_key: 'k?sid=hunter2',
    } // biome-ignore format: a record
    const row = await stored(columns)
    expect(JSON.stringify(row)).not.toContain('hunter2')
    expect(row.target_url).toBe('https://ann:[scrubbed]@app.corp/api')
  })

  test('an access token that stands for none is none', async () => {
    expect((await stored({ access_token: 'null' })).access_token).toBeNull()
    expect((await stored({ access_token: '-' })).access_token).toBeNull()
  })

  test('bytes that are not UTF-8 are kept as \\xHH', async () => {
    const log = Buffer.from(
      `${JSON.stringify({ ...BASE, useragent: 'caf#' }).replace('#', '\xe9')}\n`,
      'latin1',
    )
    const result = read(log)
    expect(result.accounting.invalidUtf8).toBe(1)
    expect((await bench.rows(result))[0]?.user_agent).toBe('caf\\xe9')
  })

  test('a value that the capture limit has cut is kept as it is', async () => {
    const cut = 'c'.repeat(400)
    expect(await stored({ dc_correlation_id: cut })).toMatchObject({
      correlation_id: cut,
      correlation_raw: cut,
    })
  })
})

describe('stamps', () => {
  test.each<{ name: string; columns: Columns; want: Columns }>([
    { name: 'milliseconds', columns: { client_received_start_timestamp: 1772359200007 }, want: { start_ts: '2026-03-01 10:00:00.007', stamp_rule: 'ms', resolution_ms: 1 } },
    { name: 'whole seconds are as fine as that', columns: { client_received_start_timestamp: 1772359200 }, want: { stamp_rule: 's', resolution_ms: 1000 } },
    { name: 'seconds with a fraction are finer', columns: { client_received_start_timestamp: 1772359200.25 }, want: { start_ts: '2026-03-01 10:00:00.25', stamp_rule: 's', resolution_ms: 1 } },
    { name: 'an end from the total time', columns: { total_response_time: 250 }, want: { end_ts: '2026-03-01 10:00:00.25' } },
    { name: 'an end before the start', columns: { client_sent_end_timestamp: '2026-03-01 09:59:59 UTC' }, want: { end_ts: '2026-03-01 10:00:00' } },
    { name: '0, -1 and null are no stamps', columns: { target_sent_start_timestamp: 0, target_sent_end_timestamp: '-1', client_sent_end_timestamp: null }, want: { target_sent_start_ts: null, target_sent_end_ts: null, client_sent_end_ts: null, attributes: null } },
  ])('$name', async ({ columns, want }) => expect(await stored(columns)).toMatchObject(want)) // biome-ignore format: a table
})

describe('target_called', () => {
  const LATER = '2026-03-01 10:00:00.01 UTC'
  const EARLIER = '2026-03-01 09:59:59 UTC'
  const at = (sent: unknown, received: unknown): Columns => ({
    target_sent_start_timestamp: sent,
    target_received_end_timestamp: received,
  })
  test.each<{ name: string; columns: Columns; want: boolean }>([
    { name: 'stamps and a code', columns: { ...at(LATER, LATER), target_response_code: 200 }, want: true },
    { name: 'a code alone, where an export has no stamps', columns: { target_response_code: 200 }, want: true },
    { name: 'stamps alone', columns: at(LATER, LATER), want: true },
    { name: 'a call without an answer', columns: at(LATER, null), want: true },
    { name: 'a call in the millisecond of the request, answered later', columns: at(STAMP, LATER), want: true },
    { name: 'a call in the millisecond of the request that timed out', columns: { ...at(STAMP, null), ax_edge_execution_fault_code: 'messaging.adaptors.http.flow.GatewayTimeout' }, want: true },
    { name: 'no keys at all', columns: {}, want: false },
    { name: 'null stamps', columns: { ...at(null, null), target_response_code: null }, want: false },
    { name: 'zero stamps', columns: at(0, 0), want: false },
    { name: 'stamps of -1', columns: at(-1, -1), want: false },
    { name: 'stamps equal to the start of the request, as adapters fill them', columns: at(STAMP, STAMP), want: false },
    { name: 'a call sent before the request came', columns: at(EARLIER, LATER), want: false },
    { name: 'a code of zero', columns: { target_response_code: 0 }, want: false },
    { name: 'an answer from the cache', columns: { ...at(LATER, LATER), cache_hit: 1 }, want: false },
  ])('$name: $want', async ({ columns, want }) => expect((await stored(columns)).target_called).toBe(want)) // biome-ignore format: a table
})

describe('the path that the target should have seen', () => {
  test.each<{ name: string; columns: Columns; want: string | null }>([
    { name: 'base path and suffix', columns: { target_basepath: '/api', proxy_pathsuffix: '/pay' }, want: '/api/pay' },
    { name: 'the path of the target address', columns: { target_url: 'https://app.corp/api?x=1', proxy_pathsuffix: '/pay' }, want: '/api/pay' },
    { name: 'a target address without a path', columns: { target_url: 'https://app.corp', proxy_pathsuffix: '/Pay%20Roll' }, want: '/pay roll' },
    { name: 'a suffix cut from the request path', columns: { target_basepath: '/api', request_path: '/v1/pay', proxy_basepath: '/v1' }, want: '/api/pay' },
    { name: 'a suffix cut from the request address', columns: { target_basepath: '/api', request_uri: '/v1/pay?x=1', proxy_basepath: '/v1' }, want: '/api/pay' },
    { name: 'a target host only', columns: { target_host: 'app.corp', proxy_pathsuffix: '/pay' }, want: '/pay' },
    { name: 'no target', columns: { proxy_pathsuffix: '/pay' }, want: null },
    { name: 'hashed paths', columns: { target_basepath: sha512('/api'), proxy_pathsuffix: sha512('/pay') }, want: null },
    { name: 'a hashed suffix', columns: { target_basepath: '/api', proxy_pathsuffix: sha512('/pay') }, want: null },
  ])('$name', async ({ columns, want }) => expect((await stored(columns)).path_key).toBe(want)) // biome-ignore format: a table
})

test('an obfuscated record: hashes are kept, the hash of nothing is nothing', async () => {
  const empty = 'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e'
  expect(sha512('')).toBe(empty)
  const row = await stored({ client_id: sha512('KEY'), proxy_pathsuffix: empty, x_forwarded_for_ip: empty, ax_true_client_ip: sha512('10.10.0.99') })
  expect(row).toMatchObject({ obfuscated: true, client_id: sha512('KEY'), proxy_pathsuffix: null })
  expect(JSON.parse(String(row.attributes))).toEqual({ ax_true_client_ip: sha512('10.10.0.99') })
  expect((await stored({ useragent: sha512('x') })).obfuscated).toBe(false)
}) // biome-ignore format: long hashes

test('whatever values are, DuckDB stores as many rows as were decoded, with their values', async () => {
  const value = fc.string({ unit: fc.constantFrom(...'ab"\'\r\n\x1f\x1e\\-+%=,|\x7f\b\x1aéà\u00a0\u2028\u{1f600}'), maxLength: 6 })
  const record = fc.record({
    request_path: value, useragent: value, dc_correlation_id: value, dc_user_id: value, client_id: value, access_token: value,
    response_status_code: value, dc_any: value,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async records => {
      const result = read(records.map(columns => `${JSON.stringify({ ...BASE, ...columns })}\n`).join(''))
      expect(result.accounting.decoded).toBe(records.length)
      const paths = (await bench.rows(result)).map(row => row.request_path ?? row.path)
      const wanted = records.map(({ request_path }) => (request_path === '' ? null : request_path))
      expect(paths).toEqual(wanted)
    }),
    { numRuns: 60 },
  )
}) // biome-ignore format: one property
