import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FACT_COLUMNS } from '../../model/hop.ts'
import { quoteText } from '../../store/query.ts'
import { type ReadResult, readBytes, StageBench } from '../reading.fixture.ts'
import { HttperrReader } from './reader.ts'

/**
 * The shapes of rows are those of public logs: 13 columns of Windows Server 2012, 14 of 2016, 16 of 2022, rows of
 * scanners, and connections that were closed. Columns are said in "Error logging in HTTP APIs" of Microsoft (KB820729).
 */
const THIRTEEN =
  '#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename'
const FOURTEEN = THIRTEEN.replace('cs-uri', 'cs-uri streamid')
const SIXTEEN = `${THIRTEEN.replace('cs-uri', 'cs-uri streamid streamid_ex')} transport`
const HEAD = '#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-03-01 10:00:00\r\n'
const REFUSED =
  '2026-03-01 10:00:07 10.0.0.9 50123 10.0.0.5 443 HTTP/1.1 GET /pay/Slips?year=2025&token=hunter2'

const read = (log: string | Buffer, overrides = {}): ReadResult =>
  readBytes(context => new HttperrReader(context), log, overrides)

let bench: StageBench
beforeAll(async () => {
  bench = await StageBench.open()
})
afterAll(() => bench.close())
const stored = (log: string | Buffer, overrides = {}) => bench.rows(read(log, overrides))

describe('columns', () => {
  test.each([
    { name: '13 columns', log: `${HEAD}${THIRTEEN}\r\n${REFUSED} 503 2 AppOffline PayPool\r\n`, rest: null },
    { name: '14 columns', log: `${HEAD}${FOURTEEN}\r\n${REFUSED} 3 503 2 AppOffline PayPool\r\n`, rest: { streamid: '3' } },
    { name: '16 columns', log: `${HEAD}${SIXTEEN}\r\n${REFUSED} 3 - 503 2 AppOffline PayPool TCP\r\n`, rest: { streamid: '3', transport: 'TCP' } },
    { name: '13 columns without a header', log: `${REFUSED} 503 2 AppOffline PayPool\r\n`, rest: null },
    { name: '14 columns without a header', log: `${REFUSED} 3 503 2 AppOffline PayPool\r\n`, rest: { streamid: '3' } },
    { name: '16 columns without a header', log: `${REFUSED} - - 503 2 AppOffline PayPool TCP\r\n`, rest: { transport: 'TCP' } },
  ])('$name', async ({ log, rest }) => {
    const [row, ...more] = await stored(log)
    expect(more).toEqual([])
    expect(row).toMatchObject({
      end_ts: '2026-03-01 10:00:07', resolution_ms: 1000, host: 'web01', clock: 'web01', site: 'w3svc2', site_id: '2',
      server_ip: '10.0.0.5', server_port: 443, queue: 'PayPool', application: 'default', method: 'GET', path: '/pay/Slips',
      path_key: '/pay/slips', query: 'year=2025&token=[scrubbed]', status: 503, reason: 'AppOffline', peer_ip: '10.0.0.9',
      peer_port: 50123, protocol: 'HTTP/1.1', host_header: null, user_agent: null,
    })
    expect(JSON.parse(String(row?.attributes))).toEqual(rest)
  }) // biome-ignore format: a table

  test('optional columns are bound by name, in any order', async () => {
    const log = '#Fields: s-reason time date s-computername cs-host cs(User-Agent) cs-method cs-uri time-taken sc-bytes\nHostname 10:00:07 2026-03-01 WEB09 pay.example curl/8 GET /a 12 334\n'
    expect(await stored(log)).toMatchObject([
      { host: 'web09', clock: 'web09', host_header: 'pay.example', user_agent: 'curl/8', reason: 'Hostname', status: null, site: null },
    ])
    const [row] = await stored(log)
    expect(JSON.parse(String(row?.attributes))).toEqual({ 'time-taken': '12', 'sc-bytes': '334' })
  }) // biome-ignore format: long lines

  test('#Fields may change in mid-file', async () => {
    const log = `${THIRTEEN}\n${REFUSED} 503 2 QueueFull A\n${SIXTEEN}\n${REFUSED} - - 503 2 QueueFull B TCP\n`
    expect(await stored(log)).toMatchObject([{ queue: 'A' }, { queue: 'B' }])
  })

  test('a dropped connection has no status, and its reason', async () => {
    const log = `${REFUSED} - 2 Connection_Abandoned_By_ReqQueue PayPool\n`
    expect(await stored(log)).toMatchObject([{ status: null, reason: 'Connection_Abandoned_By_ReqQueue' }])
  })

  test('a connection without a request is a hop without method, path and status', async () => {
    const log = '2026-03-01 11:12:13 81.2.69.143 64388 127.0.0.1 80 - - - - - Timer_MinBytesPerSecond -\n'
    expect(await stored(log)).toMatchObject([
      { method: null, path: null, path_key: null, query: null, status: null, site: null, reason: 'Timer_MinBytesPerSecond', queue: null },
    ])
  }) // biome-ignore format: long lines

  test('addresses of IPv6 keep their zone', async () => {
    const log = '2026-03-01 11:12:13 ::1%0 64388 fe80::5efe:10.0.0.5%3 80 HTTP/1.1 GET /a 400 - Hostname -\n'
    expect(await stored(log)).toMatchObject([{ peer_ip: '::1%0', server_ip: 'fe80::5efe:10.0.0.5%3' }])
  })

  test.each([
    { uri: '*', path: '*', key: '*', query: null },
    { uri: '12.2.1', path: '12.2.1', key: '12.2.1', query: null },
    { uri: '/a%20b/C?q=1?2', path: '/a%20b/C', key: '/a b/c', query: 'q=1?2' },
    { uri: '?q=1', path: null, key: null, query: 'q=1' },
    { uri: '/a?', path: '/a', key: '/a', query: null },
  ])('cs-uri $uri', async ({ uri, path, key, query }) => {
    const log = `2026-03-01 11:12:13 10.0.0.9 1 10.0.0.5 80 HTTP/0.9 t3 ${uri} 400 - URL -\n`
    expect(await stored(log)).toMatchObject([{ method: 't3', path, path_key: key, query }])
  })
})

test('the columns and types that are stored are those of the schema, in order', async () => {
  for (const log of [
    `${REFUSED} 503 2 QueueFull A\n`,
    '#Fields: time date s-reason\n10:00:00 2026-03-01 URL\n',
  ]) {
    const [chunk] = read(log).sink.chunks
    if (!chunk) throw new Error('no chunk')
    const columns = await bench.db.rows<{ column_name: string; column_type: string }>(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${quoteText(await bench.parquet(chunk))}))`,
    )
    const want = FACT_COLUMNS.kernel.map(column => `${column.name} ${column.sql}`)
    expect(columns.map(c => `${c.column_name} ${c.column_type}`)).toEqual(want)
  }
})

describe('every line is accounted for', () => {
  test('an idle connection is no request: counted as a directive, and by itself', async () => {
    const idle = '2026-03-01 10:00:07 10.0.0.9 50123 10.0.0.5 443 - - - - - Timer_ConnectionIdle -'
    const result = read(`${HEAD}${THIRTEEN}\r\n${idle}\r\n${REFUSED} 503 2 QueueFull A\r\n${idle}\r\n`)
    expect(result.accounting).toMatchObject({ lines: 7, decoded: 1, directives: 6, idle: 2, rejected: 0 })
    expect(await bench.rows(result)).toHaveLength(1)
  })

  test('an idle row that is broken is rejected like any other', () => {
    const { accounting } = read(`${THIRTEEN}\n2026-02-30 10:00:07 10.0.0.9 1 10.0.0.5 443 - - - - - Timer_ConnectionIdle -\n`)
    expect(accounting).toMatchObject({ directives: 1, rejectedBy: { 'bad-date': 1 } })
    expect(accounting.idle).toBeUndefined()
  }) // biome-ignore format: long lines

  test.each([
    { name: 'a column too many', row: `${REFUSED} 503 2 QueueFull A B`, reason: 'too-many-columns' },
    { name: 'a column too few', row: `${REFUSED} 503 2 QueueFull`, reason: 'too-few-columns' },
    { name: 'a port that is no number', row: `${REFUSED} 503 2 QueueFull A`.replace('50123', 'x'), reason: 'bad-number' },
    { name: 'a status that is no number', row: `${REFUSED} abc 2 QueueFull A`, reason: 'bad-number' },
    { name: 'two spaces', row: `${REFUSED} 503  QueueFull A`, reason: 'too-few-columns' },
  ])('$name is rejected', ({ row, reason }) => {
    expect(read(`${THIRTEEN}\n${row}\n`).accounting.rejectedBy).toEqual({ [reason]: 1 })
  }) // biome-ignore format: a table

  test('without a header, rows of any other number of columns are rejected', () => {
    const { accounting } = read(`${REFUSED} 503 2 QueueFull A\n${REFUSED} 503 QueueFull A B C D E F\n`)
    expect(accounting).toMatchObject({ decoded: 1, rejectedBy: { 'no-fields': 1 } })
  })

  test('below a #Fields that names nothing no row is guessed', () => {
    expect(read(`#Fields:\n${REFUSED} 503 2 QueueFull A\n`).accounting.rejectedBy).toEqual({ 'no-fields': 1 })
  })

  test('bytes that are not UTF-8 are kept as \\xHH', async () => {
    const row = Buffer.concat([Buffer.from('2026-03-01 10:00:07 10.0.0.9 1 10.0.0.5 80 HTTP/1.1 GET /'), Buffer.from([0xc0, 0xaf]), Buffer.from('win.ini 404 - NotFound -\n')])
    const result = read(row)
    expect(result.accounting.invalidUtf8).toBe(1)
    expect(await bench.rows(result)).toMatchObject([{ path: '/\\xc0\\xafwin.ini' }])
  }) // biome-ignore format: long lines

  test('columns that are configured for IIS rows are not those of HTTPERR', () => {
    const fields = 'date time s-ip cs-method cs-uri-stem'.split(' ')
    expect(read(`${REFUSED} 503 2 QueueFull A\n`, { fields }).accounting.decoded).toBe(1)
    const own = 'date time cs-uri s-reason'.split(' ')
    expect(read('2026-03-01 10:00:07 /a QueueFull\n', { fields: own }).accounting.decoded).toBe(1)
  })
})

describe('identity', () => {
  const ids = async (log: string, overrides = {}) => (await stored(log, overrides)).map(row => row.hop_id)
  const row = `${REFUSED} 503 2 QueueFull A\n`

  test('depends on host and line, not on the source, the site or a secret', async () => {
    const base = await ids(row)
    expect(await ids(row, { sourceId: 9, site: 'other' })).toEqual(base)
    expect(await ids(row.replace('hunter2', 'hunter3'))).toEqual(base)
    expect(await ids(row, { host: 'web02' })).not.toEqual(base)
    expect(await ids(row.replace('50123', '50124'))).not.toEqual(base)
  })

  test('a header makes no difference', async () => {
    expect(await ids(`${HEAD}${THIRTEEN}\r\n${row}`)).toEqual(await ids(row))
  })
})
