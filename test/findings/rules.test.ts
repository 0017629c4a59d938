import { expect, test } from 'vitest'
import type { RuleId } from '../../src/findings/registry.ts'
import { RULES } from '../../src/findings/registry.ts'
import type { Exchange } from '../support/exchanges.ts'
import { type JudgedSetting, judged } from '../support/judged.ts'

const GATEWAY = '10.30.0.11'
const STRANGER = '10.40.7.9'
const TRUSTED = { trustedProxies: ['10.30.0.8/29'] }

/** An exchange, and whether the rule is to find it. Both sides have an id of their own unless one says otherwise. */
interface Case extends Exchange {
  readonly name: string
  readonly fires: boolean
}

interface RuleCases {
  readonly config?: JudgedSetting['config']
  readonly cases: readonly Case[]
  /** Exchanges around them of which the rule finds none. */
  readonly others?: readonly Exchange[]
  /** What the first incident says of itself. */
  readonly title?: string
}

const both = (name: string, fires: boolean, more: Partial<Exchange> = {}): Case => ({
  name,
  fires,
  atMs: 0,
  ...more,
})
const direct = (name: string, fires: boolean, app: Record<string, string>): Case =>
  both(name, fires, { recorded: 'app', app: { 'c-ip': STRANGER, ...app } })
const USER = (gateway: string, app: string): Partial<Exchange> => ({
  gateway: { dc_subject: gateway, client_id: 'client-7' },
  app: { 'X-Forwarded-User': app },
}) // biome-ignore format: short
const REFUSED = { response_status_code: '401', target_response_code: '401' }
const minutes = (n: number): number => n * 60_000
/** Calls that are in order, so many, a second apart. */
const plain = (count: number, of: (n: number) => Partial<Exchange> = () => ({})): Exchange[] =>
  Array.from({ length: count }, (_, n) => ({ atMs: minutes(30) + n * 1000, path: `/plain/${n}`, ...of(n) }))

/** Calls around others, so that a line that is missing is one of many. */
const around = (count = 90): Exchange[] =>
  Array.from({ length: count }, (_, n) => ({ atMs: 1 + n * 10_000, path: `/around/${n}` }))
/** A stranger that HTTP.sys turned away, so that its log is there. */
const SCANNER: Exchange = {
  atMs: 1500,
  path: '/scan',
  recorded: 'app',
  kernel: {
    'c-ip': STRANGER,
    'sc-status': '400',
    's-siteid': '-',
    's-reason': 'Hostname',
    's-queuename': '-',
  },
}
const UNAVAILABLE = { target_response_code: '503', response_status_code: '503' }

const CASES: Readonly<Record<RuleId, RuleCases>> = {
  'gateway-bypass': {
    config: { ...TRUSTED, findings: { expectedDirect: [{ peers: ['10.40.7.8/31'], paths: ['*/healthz'] }] } },
    title: 'Reached past the gateway: address 10.40.7.9',
    cases: [
      direct('a line from elsewhere', true, {}),
      direct('a line from elsewhere that was refused', true, { 'sc-status': '401' }),
      both('a call through the gateway', false),
      both('a line from the gateway whose record is missing', false, { recorded: 'app' }),
      both('a stranger that HTTP.sys refused', false, { recorded: 'app', kernel: { 'c-ip': STRANGER } }),
      { ...direct('a probe that may come directly', false, {}), path: '/7/healthz' },
    ],
  },
  'unclaimed-app': {
    config: TRUSTED,
    title: "The gateway's record is missing: host web01",
    cases: [
      both('a line from the gateway without a record', true, { recorded: 'app' }),
      both('a call with both', false),
      direct('a line from elsewhere', false, {}),
      both('a row of HTTP.sys without a record', false, { recorded: 'app', kernel: {} }),
    ],
  },
  'id-contradicted': {
    config: TRUSTED,
    cases: [
      direct('an id of a call, from elsewhere', true, { 'X-Correlation-ID': 'taken-00000001' }),
      direct('an id of its own, from elsewhere', false, { 'X-Correlation-ID': 'own-0000000001' }),
      both('the call that the id belongs to', false, { gateway: { dc_correlation_id: 'taken-00000001' }, app: { 'X-Correlation-ID': 'taken-00000001' } }),
      both('a line of the gateway whose id no call has', false, { recorded: 'app' }),
    ],
  },
  ghost: {
    title: 'Called, and nobody logged it: target one.corp.example, proxy one',
    others: [...around(), SCANNER],
    cases: [
      both('called and answered, no line', true, { recorded: 'gateway' }),
      both('called, no answer, no line', true, { recorded: 'gateway', gateway: { target_response_code: '', response_status_code: '504' } }),
      both('refused below IIS', false, { gateway: UNAVAILABLE, kernel: {} }),
      both('dropped below IIS', false, { gateway: { target_response_code: '', response_status_code: '502' }, kernel: { 'sc-status': '-', 's-reason': 'Connection_Dropped' } }),
      both('answered from the cache', false, { recorded: 'gateway', gateway: { cache_hit: '1', target_sent_start_timestamp: '', target_received_end_timestamp: '', target_response_code: '' } }),
      both('a call with both', false),
    ],
  },
  'identity-mismatch': {
    cases: [
      both('two people', true, USER('ann@corp.example', 'bob@corp.example')),
      both('one person, in other letters', false, USER('ann@corp.example', 'Ann@CORP.example')),
      both('names of another form', false, USER('ann@corp.example', 'CORP\\bob')),
      both('nobody at the application', false, USER('ann@corp.example', '-')),
      both('the client application at the gateway', false, { gateway: { client_id: 'client-7' }, app: { 'X-Forwarded-User': 'bob@corp.example' } }),
    ],
  },
  'identity-header-from-untrusted-proxy': {
    config: TRUSTED,
    cases: [
      direct('a header from elsewhere', true, { 'X-Forwarded-User': 'ann@corp.example' }),
      direct('a Windows account from elsewhere', false, { 'cs-username': 'CORP\\ann' }),
      direct('nobody from elsewhere', false, {}),
      both('a header from the gateway', false, { recorded: 'app', app: { 'X-Forwarded-User': 'ann@corp.example' } }),
    ],
  },
  'token-rejected-downstream': {
    cases: [
      both('401 at the application', true, { gateway: { ...REFUSED, client_id: 'c' }, app: { 'sc-status': '401' } }),
      both('403 at the application', true, { gateway: { response_status_code: '403', target_response_code: '403', client_id: 'c' }, app: { 'sc-status': '403' } }),
      both('refused by a policy', false, { recorded: 'gateway', gateway: { response_status_code: '401', target_response_code: '', target_sent_start_timestamp: '', target_received_end_timestamp: '', client_id: 'c' } }),
      both('nobody was let in', false, { gateway: REFUSED, app: { 'sc-status': '401' } }),
      both('not found', false, { gateway: { response_status_code: '404', target_response_code: '404', client_id: 'c' }, app: { 'sc-status': '404' } }),
    ],
  },
  'status-mismatch': {
    cases: [
      both('502 at the gateway, 200 at IIS', true, { gateway: { target_response_code: '502', response_status_code: '502' } }),
      both('given up, and fulfilled', true, { gateway: { target_response_code: '', response_status_code: '504' } }),
      both('given up, and failed', false, { gateway: { target_response_code: '', response_status_code: '504' }, app: { 'sc-status': '500' } }),
      both('the client got another status than the gateway', false, { gateway: { response_status_code: '500' } }),
      both('equal', false),
    ],
  },
  'retried-target': {
    cases: [
      both('503, then 200', true, { app: { 'X-Correlation-ID': 'again-00000001' }, gateway: { dc_correlation_id: 'again-00000001' }, path: '/again' }),
      both('one line', false),
      both('a challenge, then the answer', false, { app: { 'X-Correlation-ID': 'chall-00000001' }, gateway: { dc_correlation_id: 'chall-00000001' }, path: '/challenge' }),
    ],
    others: [
      { atMs: -15, tookMs: 5, path: '/again', recorded: 'app', host: 'web02', app: { 'sc-status': '503', 'sc-substatus': '2', 'X-Correlation-ID': 'again-00000001' } },
      { atMs: 119_985, tookMs: 5, path: '/challenge', recorded: 'app', app: { 'sc-status': '401', 'sc-substatus': '2', 'X-Correlation-ID': 'chall-00000001' } },
    ],
  },
  'missing-correlation-id': {
    title: 'Calls without an id at the application: host web01',
    cases: [
      both('an id that does not reach the application', true, { app: { 'X-Correlation-ID': '-' } }),
      both('an id on both sides', false),
      both('a row of HTTP.sys, which logs no id', false, { gateway: UNAVAILABLE, kernel: {} }),
      both('a host that lost one of two hundred', false, { host: 'web02', app: { 'X-Correlation-ID': '-' } }),
    ],
    others: [...plain(20), ...plain(200, n => ({ host: 'web02', path: `/other/${n}` }))],
  },
  'header-alias': {
    cases: [
      both('another spelling than usual', true, { app: { 'X-Correlation-ID': '-', X_Correlation_ID: 'alias-00000001' }, gateway: { dc_correlation_id: 'alias-00000001' } }),
      both('the usual spelling', false),
      both('another name', false, { app: { 'X-Correlation-ID': '-', 'X-Request-ID': 'other-00000001' }, gateway: { dc_correlation_id: 'other-00000001' } }),
    ],
    others: plain(5),
  },
  'reused-correlation-id': {
    cases: [
      both('an id of two calls', true, { gateway: { dc_correlation_id: 'twice-00000001', developer_app: 'a' }, app: { 'X-Correlation-ID': 'twice-00000001' } }),
      both('the other one', true, { gateway: { dc_correlation_id: 'twice-00000001', developer_app: 'a' }, app: { 'X-Correlation-ID': 'twice-00000001' } }),
      both('an id of one', false),
      both('a trace', false, { gateway: { dc_correlation_id: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } }),
      both('another call of the trace', false, { gateway: { dc_correlation_id: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01' } }),
    ],
  },
  'unauthenticated-access': {
    config: { findings: { publicPaths: ['*/open'] } },
    cases: [
      both('nobody, and answered', true, { recorded: 'app' }),
      both('nobody, and refused', false, { recorded: 'app', app: { 'sc-status': '401' } }),
      both('a user at the application', false, { recorded: 'app', app: { 'X-Forwarded-User': 'ann@corp.example' } }),
      both('a client at the gateway', false, { gateway: { client_id: 'client-7' } }),
      both('a path for everybody', false, { recorded: 'app', path: '/9/open' }),
      both('dropped below IIS behind the answer', false, { recorded: 'app', kernel: { 'sc-status': '200', 's-reason': 'Connection_Dropped' } }),
    ],
  },
  'shared-credential': {
    config: { findings: { networks: 3 } },
    cases: [
      ...[1, 2, 3].map(n => both(`a user on network ${n}`, true, { gateway: { dc_subject: 'ann@corp.example', ax_resolved_client_ip: `198.51.${n}.7` } })),
      ...[1, 2, 3].map(n => both(`another at address ${n} of one network`, false, { gateway: { dc_subject: 'bob@corp.example', ax_resolved_client_ip: `203.0.113.${n}` } })),
    ],
  },
  'stale-credential': {
    config: { findings: { tokenLifetimeMinutes: 60 } },
    cases: [
      both('the first use of a token', false, { gateway: { access_token: 'token-aaaa1111', dc_subject: 'ann@corp.example', useragent: 'a' } }),
      both('61 minutes later', true, { atMs: minutes(61), gateway: { access_token: 'token-aaaa1111', dc_subject: 'ann@corp.example', useragent: 'a' } }),
      both('a token of another device', false, { atMs: minutes(10), gateway: { access_token: 'token-bbbb2222', dc_subject: 'bob@corp.example', useragent: 'b' } }),
      both('its next one', false, { atMs: minutes(20), gateway: { access_token: 'token-cccc3333', dc_subject: 'bob@corp.example', useragent: 'b' } }),
      both('the one before, a minute later', false, { atMs: minutes(21), gateway: { access_token: 'token-bbbb2222', dc_subject: 'bob@corp.example', useragent: 'b' } }),
      both('the one before, an hour half later, by somebody', true, { atMs: minutes(50), gateway: { access_token: 'token-bbbb2222', useragent: 'curl' } }),
    ],
  },
  'mutual-tls-missing': {
    config: { findings: { mutualTls: [{ hosts: ['web01'] }] } },
    cases: [
      both('answered without a certificate', true, { app: { CERT_SUBJECT: '-' } }),
      both('answered with one', false, { app: { CERT_SUBJECT: 'CN=gateway' } }),
      both('refused without one', false, { app: { CERT_SUBJECT: '-', 'sc-status': '403', 'sc-substatus': '7' } }),
      both('at a host that wants none', false, { host: 'web02' }),
    ],
  },
  'kernel-refused': {
    config: TRUSTED,
    title: 'Refused below IIS: host web01, site w3svc1, reason QueueFull',
    others: around(),
    cases: [
      both('a call that found the queue full', true, { gateway: UNAVAILABLE, kernel: {} }),
      both('a row of the gateway whose record is missing', true, { recorded: 'app', kernel: { 's-reason': 'BadRequest', 'sc-status': '400' } }),
      both('a stranger that found the pool stopped', true, { recorded: 'app', kernel: { 'c-ip': STRANGER, 's-reason': 'AppOffline' } }),
      both('a stranger with a reason that nobody knows', true, { recorded: 'app', kernel: { 'c-ip': STRANGER, 's-reason': 'Of_Tomorrow' } }),
      both('a stranger that asked for no site', false, { recorded: 'app', kernel: SCANNER.kernel ?? {} }),
      both('503 of IIS', false, { gateway: UNAVAILABLE, app: { 'sc-status': '503' } }),
      both('a call with both', false),
    ],
  },
  // These find hosts and hours, not requests.
  'clock-drift': { cases: [] },
  'log-gap': { cases: [] },
} // biome-ignore format: a table

/** Exchanges with ids and paths of their own, two minutes apart. */
function spread(exchanges: readonly Exchange[]): Exchange[] {
  return exchanges.map((e, n) => {
    const id = `exchange-${String(n).padStart(8, '0')}`
    return {
      path: `/case/${n}`,
      ...e,
      atMs: e.atMs === 0 ? n * minutes(2) : e.atMs,
      gateway: { dc_correlation_id: id, ...e.gateway },
      app: { 'c-ip': GATEWAY, 'X-Correlation-ID': id, ...e.app },
    }
  })
}

test.each(
  RULES.filter(rule => CASES[rule.id as RuleId].cases.length > 0).map(({ id }) => ({ id: id as RuleId })),
)('$id finds what it is to find, and nothing else', async ({ id }) => {
  const { cases, others = [], config, title } = CASES[id]
  const exchanges = spread([...cases, ...others])
  const { found, incidents } = await judged(exchanges, { config, rules: [id] })
  const names = (found.get(id) ?? []).map(n => cases[n]?.name ?? exchanges[n]?.path)
  expect(names).toEqual(cases.filter(c => c.fires).map(c => c.name))
  if (title) expect(incidents[0]?.title).toBe(title)
  const requests = incidents.reduce((sum, it) => sum + it.requests, 0)
  expect(requests).toBe(names.length)
})
