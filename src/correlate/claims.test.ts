import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOT_ID_HOPS } from '../model/ids.ts'
import { Database, sqlFile } from '../store/query.ts'
import { dropWindows, judgeByIds, warningsOf } from './claims.ts'

let db: Database
beforeAll(async () => {
  db = await Database.open({ threads: 1, memoryMiB: 256, spillFolder: '' })
  await db.run(sqlFile('../store/macros.sql', import.meta.url))
})
afterAll(() => db.close())

interface GatewayHop {
  readonly at?: string
  readonly proxy?: string
  readonly method?: string
  readonly path?: string | null
  readonly called?: boolean
  readonly id?: string | null
  readonly message?: string | null
  readonly others?: readonly string[]
}

interface AppHop {
  readonly at?: string
  readonly method?: string
  readonly path?: string | null
  readonly id?: string | null
  readonly others?: readonly string[]
  readonly peer?: string
}

const DAY = '2026-07-01'
const NOON = `${DAY} 12:00:00`
const DAY_US = 86_400_000_000

/** Hop ids are 1, 2, … for gateway hops and a1, a2, … for app hops, in the order given. */
const uuid = (digits: string): string => `00000000-0000-0000-0000-${digits.padStart(12, '0')}`

const text = (value: string | null | undefined): string =>
  value == null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
const list = (values: readonly string[] | undefined): string =>
  values ? `[${values.map(text).join(', ')}]` : 'NULL::VARCHAR[]'

function gatewayRow(hop: GatewayHop, index: number): string {
  const {
    at = NOON,
    proxy = 'p',
    method = 'GET',
    path = '/a',
    called = true,
    id = 'id-one',
    message = null,
    others,
  } = hop
  return `(UUID '${uuid(String(index + 1))}', TIMESTAMP '${at}', ${text(proxy)}, ${text(method)}, ${text(path)}::VARCHAR, ${called},
    ${text(id)}::VARCHAR, 'dc_id', ${text(message)}::VARCHAR, ${list(others)})`
}

function appRow(hop: AppHop, index: number): string {
  const { at = NOON, method = 'GET', path = '/a', id = 'id-one', others, peer = '10.0.0.1' } = hop
  return `(UUID '${uuid(`a${index + 1}`)}', TIMESTAMP '${at}', ${text(method)}, ${text(path)}::VARCHAR, ${text(id)}::VARCHAR, 'x-id',
    ${list(others)}, ${text(peer)})`
}

/** Columns that ids do not read. */
const GATEWAY_ABSENT = {
  client_received_end_ts: 'TIMESTAMP', target_sent_start_ts: 'TIMESTAMP', target_received_end_ts: 'TIMESTAMP',
  client_sent_start_ts: 'TIMESTAMP', target_status: 'INTEGER', subject_kind: 'VARCHAR', subject_issuer: 'VARCHAR',
  subject_name: 'VARCHAR', client_ip: 'VARCHAR', user_agent: 'VARCHAR', query: 'VARCHAR', bytes_out: 'BIGINT', target_ip: 'VARCHAR',
} // biome-ignore format: a table
const APP_ABSENT = {
  host: 'VARCHAR', server_ip: 'VARCHAR', site: 'VARCHAR', server_port: 'INTEGER', source_id: 'INTEGER', line_no: 'BIGINT',
  duration_us: 'BIGINT', status: 'INTEGER', handshake: 'BOOLEAN', subject_kind: 'VARCHAR', subject_issuer: 'VARCHAR',
  subject_name: 'VARCHAR', client_ip: 'VARCHAR', user_agent: 'VARCHAR', query: 'VARCHAR', bytes_out: 'BIGINT',
} // biome-ignore format: a table
const nulls = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, type]) => `NULL::${type} AS ${name}`)
    .join(', ')

interface Claim {
  /** App hop and gateway hop, such as `a1-1`. */
  readonly pair: string
  readonly verdict: string
  readonly how: string
  readonly reasons: string | null
  readonly posterior: number
}

async function claims(
  gateway: readonly GatewayHop[],
  app: readonly AppHop[],
  trustedProxies: readonly string[] = [],
): Promise<{ claims: Claim[]; warnings: string[] }> {
  const start = Date.parse(`${DAY}T00:00:00Z`) * 1000
  const values = (rows: readonly string[], columns: string): string =>
    `(SELECT * FROM (VALUES ${rows.join(', ')}) AS v(${columns}))`
  await judgeByIds(db, {
    application: 'default',
    isOnlyApplication: true,
    gateway: `(SELECT *, start_ts AS end_ts, ${nulls(GATEWAY_ABSENT)} FROM ${values(gateway.map(gatewayRow), 'hop_id, start_ts, proxy, method, path_key, target_called, correlation_id, correlation_field, message_id, other_ids')})`,
    hasKernel: false,
    hasShipped: false,
    server: `(SELECT *, FALSE AS kernel, 1000 AS resolution_ms, ${nulls(APP_ABSENT)} FROM ${values(app.map(appRow), 'hop_id, end_ts, method, path_key, correlation_id, correlation_field, other_ids, peer_ip')})`,
    fromUs: start - DAY_US,
    toUs: start + 2 * DAY_US,
    day: DAY,
    trustedProxies,
  })
  const rows = await db.rows<Record<string, string | null> & { posterior: number }>(
    'SELECT hex_id(app_hop_id) AS app, hex_id(gateway_hop_id) AS gateway, verdict, how, reasons, posterior FROM verdicts WHERE in_day ORDER BY ALL',
  )
  const warnings = await warningsOf(db)
  await dropWindows(db)
  const short = (id: string | null | undefined): string => (id ?? '').replace(/^0+/, '')
  return {
    warnings,
    claims: rows.map(row => ({
      pair: `${short(row.app)}-${short(row.gateway)}`,
      verdict: row.verdict ?? '',
      how: row.how ?? '',
      reasons: row.reasons ?? null,
      posterior: row.posterior,
    })),
  }
}

/** Claims as `pair verdict how reasons`. */
async function said(
  gateway: readonly GatewayHop[],
  app: readonly AppHop[],
  trusted: readonly string[] = [],
): Promise<string[]> {
  const { claims: found } = await claims(gateway, app, trusted)
  return found.map(c => [c.pair, c.verdict, c.how, c.reasons].filter(part => part !== null).join(' '))
}

const LONG = 'x'.repeat(400)
const HEX = '0123456789abcdef0123456789abcdef'

describe('ways in which ids agree', () => {
  test.each<{ name: string; gateway: GatewayHop; app: AppHop; want: string[] }>([
    { name: 'equal', gateway: {}, app: {}, want: ['a1-1 linked equal'] },
    { name: 'different', gateway: {}, app: { id: 'id-two' }, want: [] },
    { name: 'absent on both sides', gateway: { id: null }, app: { id: null }, want: [] },
    { name: 'a segment of what the app logged', gateway: { id: 'segment-1' }, app: { id: 'segment-1.rrt-1234' }, want: ['a1-1 linked segment'] },
    { name: 'the last segment', gateway: { id: 'segment-1' }, app: { id: 'other-id.segment-1' }, want: ['a1-1 linked segment'] },
    { name: 'a segment of under eight characters is no id', gateway: { id: 'seven-1' }, app: { id: 'seven-1.rrt-1234' }, want: [] },
    { name: 'a UUID as a segment, whatever its case and dashes', gateway: { id: HEX }, app: { id: '01234567-89AB-CDEF-0123-456789ABCDEF.rrt' }, want: ['a1-1 linked segment'] },
    { name: 'a value that the gateway cut at 400 characters', gateway: { id: LONG }, app: { id: `${LONG}y` }, want: ['a1-1 linked cut'] },
    { name: 'a value of 399 characters is not cut', gateway: { id: LONG.slice(1) }, app: { id: `${LONG}y` }, want: [] },
    { name: 'the message id', gateway: { id: null, message: 'rrt-1-2-3' }, app: { id: 'rrt-1-2-3' }, want: ['a1-1 linked equal'] },
    { name: 'the message id as a UUID', gateway: { id: null, message: '01234567-89AB-CDEF-0123-456789ABCDEF' }, app: { id: HEX }, want: ['a1-1 linked equal'] },
    { name: 'the message id as a segment', gateway: { id: null, message: 'rrt-1-2-3' }, app: { id: 'unknown.rrt-1-2-3' }, want: ['a1-1 linked segment'] },
    { name: 'a trace id among further ids of both sides', gateway: { id: null, others: [`traceparent=${HEX}`] }, app: { id: null, others: [`traceparent=${HEX}`] }, want: ['a1-1 linked equal'] },
    { name: 'a trace id that is a further id of one side', gateway: { id: HEX }, app: { id: 'own-id-1', others: [`traceparent=${HEX}`] }, want: ['a1-1 linked equal'] },
  ])('$name', async ({ gateway, app, want }) => {
    expect(await said([gateway], [app])).toEqual(want)
  }) // biome-ignore format: a table

  test('an equal id counts before a segment, whatever hop has it', async () => {
    const gateway = [{ id: 'first-id', message: 'rrt-1-2-3' }, { id: 'first-id.rrt-1-2-3' }]
    expect(await said(gateway, [{ id: 'first-id.rrt-1-2-3' }])).toEqual(['a1-2 linked equal'])
  })
})

describe('how many hops share an id', () => {
  test('all app hops of one gateway hop are linked: retries, logon handshakes', async () => {
    expect(await said([{}], [{}, {}, {}])).toEqual([
      'a1-1 linked equal',
      'a2-1 linked equal',
      'a3-1 linked equal',
    ])
  })

  test('two gateway hops that look alike leave the app hop ambiguous', async () => {
    const { claims: found } = await claims([{}, {}], [{}])
    expect(found.map(c => [c.pair, c.verdict, c.posterior])).toEqual([
      ['a1-1', 'ambiguous', 0.5],
      ['a1-2', 'ambiguous', 0.5],
    ])
  })

  test('of two gateway hops with one id the one of the same method and path is the candidate, and times decide', async () => {
    expect(await said([{ path: '/b' }, { path: '/a' }], [{}])).toEqual(['a1-2 ambiguous equal'])
    expect(await said([{ method: 'POST' }, {}], [{}])).toEqual(['a1-2 ambiguous equal'])
  })

  test.each([
    { gateway: HOT_ID_HOPS, app: 1, warned: false },
    { gateway: HOT_ID_HOPS + 1, app: 1, warned: true },
    { gateway: 1, app: HOT_ID_HOPS, warned: false },
    { gateway: 1, app: HOT_ID_HOPS + 1, warned: true },
  ])('an id on $gateway gateway and $app app hops is no id: $warned', async ({ gateway, app, warned }) => {
    const found = await claims(Array<GatewayHop>(gateway).fill({}), Array<AppHop>(app).fill({}))
    expect(found.warnings.some(w => w.includes(`id-one stands on ${HOT_ID_HOPS + 1} hops`))).toBe(warned)
    expect(found.claims.length > 0).toBe(!warned)
  })
})

describe('what contradicts an id', () => {
  test.each<{ name: string; gateway?: GatewayHop; app?: AppHop; trusted?: string[]; want: string[] }>([
    { name: 'another method', app: { method: 'POST' }, want: ['a1-1 contradicted equal method'] },
    { name: 'the method in another case is the same', app: { method: 'get' }, want: ['a1-1 linked equal'] },
    { name: 'another path', app: { path: '/b' }, want: ['a1-1 contradicted equal path'] },
    { name: 'a path that is not known is no evidence', gateway: { path: null }, app: { path: '/b' }, want: ['a1-1 linked equal'] },
    { name: 'a target that was not called', gateway: { called: false }, want: ['a1-1 contradicted equal target-not-called'] },
    { name: 'a peer that is not trusted', trusted: ['10.1.0.0/16'], want: ['a1-1 contradicted equal untrusted-peer'] },
    { name: 'a peer that is trusted', trusted: ['10.0.0.0/16'], want: ['a1-1 linked equal'] },
    { name: 'several things at once', app: { method: 'POST', path: '/b' }, want: ['a1-1 contradicted equal method path'] },
  ])('$name', async ({ gateway = {}, app = {}, trusted = [], want }) => {
    expect(await said([gateway], [app], trusted)).toEqual(want)
  }) // biome-ignore format: a table

  test('where most pairs of a proxy disagree in their paths, paths are no evidence, and a warning says so', async () => {
    const pairs = (different: number, same: number) => {
      const ids = Array.from({ length: different + same }, (_, i) => `id-of-pair-${i}`)
      return claims(
        ids.map(id => ({ id })),
        ids.map((id, i) => ({ id, path: i < different ? '/b' : '/a' })),
      )
    }
    const verdicts = (found: Claim[]): string[] => [...new Set(found.map(c => c.verdict))].sort()
    const weak = await pairs(7, 2)
    expect([verdicts(weak.claims), weak.warnings.length]).toEqual([['linked'], 1])
    expect(weak.warnings[0]).toContain('proxy p: most paths differ')
    const strong = await pairs(6, 2)
    expect([verdicts(strong.claims), strong.warnings.length]).toEqual([['contradicted', 'linked'], 0])
  })

  test('a contradicted pair is told once', async () => {
    expect(
      await said([{ message: 'rrt-1-2-3' }], [{ id: 'id-one', path: '/b', others: ['x=rrt-1-2-3'] }]),
    ).toHaveLength(1)
  })
})

describe('the window of 24 hours', () => {
  test.each([
    { at: '2026-07-02 12:00:00', linked: false },
    { at: '2026-07-02 11:59:59', linked: true },
    { at: '2026-06-30 12:00:01', linked: true },
    { at: '2026-06-30 12:00:00', linked: false },
  ])('an app hop at $at belongs to a gateway hop at noon: $linked', async ({ at, linked }) => {
    expect(await said([{}], [{ at }])).toEqual(linked ? ['a1-1 linked equal'] : [])
  })

  test('a day claims for its own gateway hops only', async () => {
    expect(await said([{ at: '2026-06-30 23:59:59' }], [{ at: '2026-07-01 00:00:01' }])).toEqual([])
    expect(await said([{ at: '2026-07-01 23:59:59' }], [{ at: '2026-07-02 00:00:01' }])).toEqual([
      'a1-1 linked equal',
    ])
  })
})
