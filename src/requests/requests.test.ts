import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requestsOf } from '../../test/support/fingerprint.ts'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { ingestInto, withStore } from '../../test/support/store.ts'
import type { Store } from '../store/store.ts'
import { findById } from './lookup.ts'
import { populationOf } from './population.ts'

type Values = Readonly<Record<string, string>>

/** One gateway record: a call that reached its target and was answered 200 in 20 ms. */
const record = (changes: Values = {}): string =>
  JSON.stringify({
    organization: 'o', environment: 'e', apiproxy: 'p', gateway_flow_id: 'rrt-1-2-3', request_verb: 'GET', request_uri: '/v1/a?x=1',
    request_path: '/v1/a', proxy_basepath: '/v1', proxy_pathsuffix: '/a', target_host: 't', target_url: 'https://t',
    response_status_code: '200', target_response_code: '200', client_received_start_timestamp: '2026-07-01 12:00:00.000 UTC',
    target_sent_start_timestamp: '2026-07-01 12:00:00.005 UTC', target_received_end_timestamp: '2026-07-01 12:00:00.015 UTC',
    client_sent_end_timestamp: '2026-07-01 12:00:00.020 UTC', dc_correlation_id: 'id-one-0123456789', client_id: 'Client7', ...changes,
  }) // biome-ignore format: a record

const NOT_CALLED = {
  target_response_code: '',
  target_sent_start_timestamp: '',
  target_received_end_timestamp: '',
}

const FIELDS =
  '#Fields: date time s-computername cs-method cs-uri-stem cs-username sc-status sc-substatus time-taken X-Correlation-ID traceparent'
const line = ({
  at = '12:00:00',
  user = '-',
  status = '200 0',
  id = 'id-one-0123456789',
  trace = '-',
} = {}): string => `2026-07-01 ${at} web01 GET /a ${user} ${status} 10 ${id} ${trace}`

async function withLogs<T>(
  records: readonly string[],
  lines: readonly string[],
  action: (store: Store) => Promise<T>,
): Promise<T> {
  return inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const files: Record<string, string> = {}
      if (records.length) files['a.json'] = `${records.join('\n')}\n`
      if (lines.length) files['a.log'] = [FIELDS, ...lines, ''].join('\r\n')
      await ingestInto(store, writeFiles(folder, files))
      return action(store)
    }),
  )
}

const requests = (records: readonly string[], lines: readonly string[]) =>
  withLogs(records, lines, requestsOf)

describe('who decided', () => {
  test.each<{ name: string; changes: Values; want: string }>([
    { name: 'a cache hit', changes: { ...NOT_CALLED, cache_hit: '1' }, want: 'gateway-cache' },
    { name: 'a policy that failed', changes: { ...NOT_CALLED, response_status_code: '401', policy_error: '1', ax_execution_fault_policy_name: 'OAuth' }, want: 'gateway-policy' },
    { name: 'a target that cannot be reached', changes: { ...NOT_CALLED, response_status_code: '503', target_error: '1' }, want: 'target-unreachable' },
    { name: 'a proxy that answers by itself', changes: NOT_CALLED, want: 'gateway' },
    { name: 'a target that did not answer in time', changes: { target_response_code: '', target_received_end_timestamp: '', response_status_code: '504' }, want: 'target-timeout' },
    { name: 'a time-out within the millisecond after the call began', changes: { target_response_code: '', target_received_end_timestamp: '', response_status_code: '504', target_sent_start_timestamp: '2026-07-01 12:00:00.000 UTC', ax_edge_execution_fault_code: 'messaging.adaptors.http.flow.GatewayTimeout' }, want: 'target-timeout' },
    { name: 'the application', changes: {}, want: 'app' },
    { name: 'an application that failed', changes: { response_status_code: '500', target_response_code: '500' }, want: 'app' },
    { name: 'a policy after the application', changes: { response_status_code: '502' }, want: 'gateway-policy' },
  ])('$name: $want', async ({ changes, want }) => {
    expect((await requests([record(changes)], [])).map(r => r.decided_by)).toEqual([want])
  }) // biome-ignore format: a table
})

describe('one request', () => {
  test('of both legs has the times of the gateway, the status of both and the app hop', async () => {
    const [request, ...more] = await requests([record()], [line()])
    expect(more).toEqual([])
    expect(request).toMatchObject({
      state: 'joined', method: 'GET', path: '/v1/a', query: 'x=1', status: 200, gateway_status: 200, target_status: 200, app_status: 200,
      start_ts: '2026-07-01 12:00:00', end_ts: '2026-07-01 12:00:00.02', duration_us: '20000', target_us: '10000', gateway_us: '10000',
      app_us: '10000', host: 'web01', app_hops: 1, outcome: 'success', link_method: 'id', confidence: 1,
    }) // biome-ignore format: one row
  })

  test('with a logon handshake has all three app hops, and the last decides, whatever the order of the lines', async () => {
    const lines = [
      line({ status: '200 0', user: 'CORP\\eva' }),
      line({ status: '401 2' }),
      line({ status: '401 1' }),
    ]
    for (const order of [lines, [...lines].reverse()]) {
      const [request] = await requests([record()], order)
      expect(request).toMatchObject({ app_hops: 3, app_status: 200, app_subject: 'eva' })
    }
  })

  test('names the person that one side knows before the client application', async () => {
    const named = await requests([record()], [line({ user: 'CORP\\Eva' })])
    expect(named).toMatchObject([
      { subject: 'eva', subject_kind: 'user', subject_issuer: 'corp', client_id: 'Client7' },
    ])
    const both = await requests([record({ dc_subject: 'Max@corp.example' })], [line({ user: 'CORP\\Eva' })])
    expect(both).toMatchObject([
      { subject: 'max@corp.example', subject_kind: 'user', subject_issuer: null, app_subject: 'eva' },
    ])
    expect(await requests([record()], [line()])).toMatchObject([
      { subject: 'client7', subject_kind: 'client' },
    ])
  })

  test.each([
    {
      name: 'an app hop whose gateway hop may still come',
      records: [],
      lines: [line()],
      want: 'awaiting-gateway',
    },
    {
      name: 'a gateway hop whose app hop may still come',
      records: [record()],
      lines: [],
      want: 'awaiting-app',
    },
    {
      name: 'a gateway hop that called no target',
      records: [record(NOT_CALLED)],
      lines: [],
      want: 'gateway-only',
    },
  ])('$name is $want', async ({ records, lines, want }) => {
    expect((await requests(records, lines)).map(r => r.state)).toEqual([want])
  })
})

describe('an id finds its request', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c'
  const UUID = '6e5b1b6e-0f6e-4e55-9f3e-6b5d2bb0a001'
  test.each([
    { name: 'correlation id', id: UUID },
    { name: 'correlation id without dashes, in upper case', id: UUID.replaceAll('-', '').toUpperCase() },
    { name: 'gateway message id', id: 'rrt-1-2-3' },
    { name: 'trace id', id: TRACE },
    { name: 'traceparent', id: `00-${TRACE}-b7ad6b7169203331-01` },
    { name: 'id with blanks around it', id: ` ${UUID} ` },
  ])('$name', async ({ id }) => {
    const trace = `00-${TRACE}-b7ad6b7169203331-01`
    const records = [
      record({ dc_correlation_id: UUID }),
      record({ gateway_flow_id: 'rrt-9-9-9', dc_correlation_id: 'other-id-01' }),
    ]
    await withLogs(records, [line({ id: UUID, trace })], async store => {
      const found = await findById(store, id)
      expect(found.requests.map(r => [r.message_id, r.state])).toEqual([['rrt-1-2-3', 'joined']])
      expect([found.gatewayHops.length, found.appHops.length, found.links.length]).toEqual([1, 1, 1])
      const own = found.requests.flatMap(r => [String(r.request_id), ...(r.app_hop_ids as string[])])
      expect(own).toHaveLength(2)
      for (const hop of own) expect((await findById(store, hop)).requests).toEqual(found.requests)
    })
  })

  test('an id that nothing carries finds nothing', async () => {
    await withLogs([record()], [line()], async store => {
      for (const id of ['no-such-id', '', "'", '%']) expect((await findById(store, id)).requests).toEqual([])
    })
  })
})

// docs/store.md documents what the hash covers; this is a second implementation of it.
test('the population hash covers the parts of each record, in the order of request ids', async () => {
  const records = [
    record(),
    record({ gateway_flow_id: 'rrt-4-5-6', dc_correlation_id: 'id-two-0123456789', request_uri: '/v1/ü' }),
  ]
  await withLogs(records, [line(), line({ id: '-', at: '12:05:00' })], async store => {
    const parts = [
      'request_id', 'state', 'start_ts', 'end_ts', 'method', 'path', 'query', 'status', 'gateway_status', 'target_status', 'app_status',
      'app_substatus', 'subject_kind', 'subject_issuer', 'subject', 'app_subject', 'client_id', 'outcome', 'decided_by', 'gateway_hop_id',
      'app_hop_ids',
    ] // biome-ignore format: a list
    const text = (name: string, value: unknown): string => {
      if (value === null || value === undefined) return '\\N'
      if (Array.isArray(value)) return value.join(',')
      return name.endsWith('_ts')
        ? String(Date.parse(`${String(value).replace(' ', 'T')}Z`) * 1000)
        : String(value)
    }
    const sha256 = (of: string): string => createHash('sha256').update(of).digest('hex')
    const rows = (await requestsOf(store)).sort((a, b) =>
      String(a.request_id) < String(b.request_id) ? -1 : 1,
    )
    const hashes = rows.map(row => `${sha256(parts.map(name => text(name, row[name])).join('\x1f'))}\n`)
    expect(hashes).toHaveLength(3)
    expect(await populationOf(store, { filter: '', nowMs: 0 })).toEqual({
      requests: 3,
      sha256: sha256(hashes.join('')),
    })
  })
})
