import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { RULES, type RuleId } from '../../src/findings/registry.ts'
import { erase } from '../../src/pipeline/erase/erase.ts'
import { type Store, withEngine } from '../../src/store/store.ts'
import type { Exchange } from '../support/exchanges.ts'
import { inFolder } from '../support/folder.ts'
import { type JudgedSetting, judged } from '../support/judged.ts'
import { NOON } from '../support/store.ts'

const TRUSTED = { trustedProxies: ['10.30.0.8/29'] }
const MINUTE_MS = 60_000

/** A call past the gateway, so many minutes after eight. */
const past = (minute: number, app: Record<string, string> = {}): Exchange => ({
  atMs: minute * MINUTE_MS,
  path: `/past/${minute}`,
  recorded: 'app',
  app: { 'c-ip': '10.40.7.9', ...app },
})
const ghost = (minute: number): Exchange => ({
  atMs: minute * MINUTE_MS,
  path: `/ghost/${minute}`,
  recorded: 'gateway',
})
/** A call with both legs. */
const whole = (minute: number): Exchange => ({
  atMs: minute * MINUTE_MS,
  path: `/whole/${minute}`,
  gateway: { dc_correlation_id: `whole-${String(minute).padStart(8, '0')}`, client_id: 'c' },
  app: { 'X-Correlation-ID': `whole-${String(minute).padStart(8, '0')}`, 'c-ip': '10.30.0.11' },
})

const bypass = (setting: JudgedSetting = {}): JudgedSetting => ({
  config: TRUSTED,
  rules: ['gateway-bypass'],
  ...setting,
})

describe('what is not evaluated', () => {
  test('without trusted proxies nobody knows who came past the gateway', async () => {
    const { incidents, notEvaluated } = await judged([past(1), whole(2)], { rules: ['gateway-bypass'] })
    expect(incidents).toEqual([])
    expect(notEvaluated).toMatchObject([{ rule: 'gateway-bypass', reason: 'no-trusted-proxies' }])
  })

  test('where the gateway side is not whole, a missing record says nothing', async () => {
    const { incidents, notEvaluated } = await judged(
      [past(1), past(3), whole(2)],
      bypass({ covered: ['app'] }),
    )
    expect(incidents).toEqual([])
    // biome-ignore format: a row
    expect(notEvaluated).toMatchObject([
      { rule: 'gateway-bypass', application: 'default', reason: 'gateway-not-covered', coverage: 'no-later', hours: ['2026-07-01T08Z'], requests: 2 },
    ])
  })

  test('where the app side is not whole, a missing line says nothing', async () => {
    const setting: JudgedSetting = { rules: ['ghost'], covered: ['gateway'] }
    const { incidents, notEvaluated } = await judged([ghost(1), whole(2)], setting)
    expect(incidents).toEqual([])
    expect(notEvaluated).toMatchObject([{ rule: 'ghost', reason: 'app-not-covered', requests: 1 }])
  })

  test('hours that are not whole are named, also where no request depends on them', async () => {
    const setting: JudgedSetting = { rules: ['ghost'], covered: ['gateway'] }
    const { notEvaluated } = await judged([whole(1), whole(62)], setting)
    expect(notEvaluated).toMatchObject([
      {
        rule: 'ghost',
        reason: 'app-not-covered',
        coverage: 'no-later',
        hours: ['2026-07-01T09Z'],
        requests: 0,
      },
      {
        rule: 'ghost',
        reason: 'app-not-covered',
        coverage: 'silence',
        hours: ['2026-07-01T08Z'],
        requests: 0,
      },
    ])
  })

  test('a hole in a log is no row of calls that nobody logged, whatever was declared', async () => {
    const calls = Array.from({ length: 180 }, (_, n) =>
      [whole(n), ghost(n)].map((e, i) => ({ ...e, atMs: e.atMs + i })),
    )
    const inHole = (n: number): boolean => n >= 70 && n < 100
    const exchanges = calls
      .flatMap(([line, none], n) => (inHole(n) || n === 20 ? [none] : [line]))
      .filter(e => e !== undefined)
    const { incidents, notEvaluated } = await judged(exchanges, { rules: ['ghost', 'log-gap'] })
    expect(incidents.map(it => [it.rule, it.requests, it.notes[0]?.note])).toEqual([
      ['ghost', 1, 'answered 200'],
      ['log-gap', 0, 'partial: calls-without-line'],
    ])
    expect(notEvaluated.filter(it => it.rule === 'ghost')).toMatchObject([
      { reason: 'app-not-covered', coverage: 'calls-without-line', hours: ['2026-07-01T09Z'], requests: 30 },
    ])
  })

  test('without a log of HTTP.sys a call that it may have refused is none that nobody logged', async () => {
    const refused = { ...ghost(3), gateway: { target_response_code: '503', response_status_code: '503' } }
    const around = Array.from({ length: 8 }, (_, n) => whole(n))
    const { incidents, notEvaluated } = await judged([...around, refused], { rules: ['ghost'] })
    expect(incidents).toEqual([])
    expect(notEvaluated).toMatchObject([{ rule: 'ghost', reason: 'kernel-log-missing', requests: 1 }])
  })

  test('of requests of an erased person nothing is said that needs who called, or from where', async () => {
    const ann = { 'X-Forwarded-User': 'ann@corp.example', CERT_SUBJECT: '-' }
    const bob = { 'X-Forwarded-User': 'bob@corp.example', CERT_SUBJECT: 'CN=gateway' }
    const config = { ...TRUSTED, findings: { networks: 2, tokenLifetimeMinutes: 1, mutualTls: [{ hosts: ['web01'] }] } }
    const token = (n: number) => ({ access_token: 'token-aaaa1111', ax_resolved_client_ip: `198.51.${n}.7` })
    const exchanges: Exchange[] = [
      past(1, ann),
      { ...past(2, ann), app: { ...ann, 'X-Correlation-ID': 'whole-00000003' } },
      { ...whole(3), gateway: { ...whole(3).gateway, dc_subject: 'eve@corp.example', ...token(3) }, app: { ...whole(3).app, ...ann } },
      { ...whole(5), gateway: { ...whole(5).gateway, dc_subject: 'ann@corp.example', ...token(5) }, app: { ...whole(5).app, ...ann, 'sc-status': '401' } },
      { ...past(6, { ...ann, 'c-ip': '10.30.0.11' }), recorded: 'app' },
      { ...whole(7), app: { ...whole(7).app, ...bob } },
    ]
    const identity = RULES.filter(it => it.erased !== undefined).map(it => it.id as RuleId)
    expect(identity).toHaveLength(11)
    const before = await judged(exchanges, { config, rules: identity })
    expect(new Set(before.incidents.map(it => it.rule)).size).toBeGreaterThan(5)
    const gone = await judged(exchanges, {
      config,
      rules: identity,
      before: async store => {
        const subject = { kind: 'user' as const, issuer: '', name: 'ann@corp.example' }
        await erase(store, CONFIG.parse(config), { subject, mentions: [] }, { why: 'asked for', who: 'privacy' })
      },
    })
    expect(gone.incidents).toEqual([])
    const left = new Map(gone.notEvaluated.filter(it => it.reason === 'subject-erased').map(it => [it.rule, it.requests]))
    for (const rule of new Set(before.incidents.map(it => it.rule))) expect(left.get(rule), rule).toBeGreaterThan(0)
    expect(left.get('gateway-bypass')).toBe(3)
    expect(left.get('identity-header-from-untrusted-proxy')).toBe(5)
  }) // biome-ignore format: long rows

  test('a line without an id that may be the one that is missing leaves both in doubt', async () => {
    const line: Exchange = { atMs: 65_000, path: '/ghost/1', recorded: 'app', app: { 'c-ip': '10.30.0.11' } }
    const setting: JudgedSetting = { config: TRUSTED, rules: ['ghost', 'unclaimed-app'] }
    const { incidents, notEvaluated } = await judged([ghost(1), line, whole(2)], setting)
    expect(incidents).toEqual([])
    expect(notEvaluated.map(it => [it.rule, it.reason])).toEqual([
      ['unclaimed-app', 'partner-in-doubt'],
      ['ghost', 'partner-in-doubt'],
    ])
  })

  test('another list of trusted proxies than links were made under', async () => {
    const setting = bypass({ config: { trustedProxies: ['10.30.0.0/24'] } })
    const other = (store: Store): void => {
      const parts = { ...store.state.configParts, trustedProxies: 'e'.repeat(64) }
      store.append({ kind: 'config', digest: 'e'.repeat(64), parts, changed: [] })
    }
    const { notEvaluated } = await judged([past(1)], { ...setting, before: other })
    expect(notEvaluated).toMatchObject([{ reason: 'trusted-proxies-changed' }])
  })

  test('a day that is open, unless it is asked for: then what is found is provisional', async () => {
    // Noon of the same day: the app side may still come.
    const open = bypass({ covered: ['gateway'], ingestedMs: Date.UTC(2026, 6, 1, 12) })
    const without = await judged([past(1), whole(2)], open)
    expect(without).toMatchObject({ incidents: [], notEvaluated: [{ rule: undefined, reason: 'day-open' }] })
    const asked = await judged([past(1), whole(2)], { ...open, openDays: true })
    expect(asked).toMatchObject({
      incidents: [{ rule: 'gateway-bypass', provisional: true }],
      notEvaluated: [],
    })
  })

  test('hours of which nothing is known are no gap, and are named', async () => {
    const { incidents, notEvaluated } = await judged([whole(1)], { rules: ['log-gap'], covered: ['gateway'] })
    expect(incidents).toEqual([])
    expect(notEvaluated).toMatchObject([
      { rule: 'log-gap', reason: 'coverage-unknown', coverage: 'before-first' },
      { rule: 'log-gap', reason: 'coverage-unknown', coverage: 'no-later' },
    ])
  })
})

describe('incidents', () => {
  test('a pause of an hour is one incident, a longer one begins another of the same series', async () => {
    // The rows are told apart by their start: 61 minutes.
    const { incidents } = await judged([past(0), past(60), past(121)], bypass())
    expect(incidents.map(it => it.requests)).toEqual([2, 1])
    expect(new Set(incidents.map(it => it.series)).size).toBe(1)
    expect(new Set(incidents.map(it => it.incident)).size).toBe(2)
  })

  test('other addresses are incidents of their own, other hosts are not', async () => {
    const there = { ...past(2), host: 'web02' }
    const { incidents } = await judged([past(0), past(1, { 'c-ip': '10.40.7.8' }), there], bypass())
    expect(incidents.map(it => [it.about, it.requests])).toEqual([
      [{ address: '10.40.7.9' }, 2],
      [{ address: '10.40.7.8' }, 1],
    ])
  })

  test('an id is the hash of rule, application, subject and first request, whatever comes after it', async () => {
    const few = await judged([past(0), past(5)], bypass())
    const more = await judged([past(0), past(5), past(9), past(100)], bypass())
    expect(more.incidents[0]?.incident).toBe(few.incidents[0]?.incident)
    expect(more.incidents[0]?.requests).toBe(3)
    const series = ['gateway-bypass', 'default', '{"address":"10.40.7.9"}'].join('\u001f')
    const hash = createHash('sha256').update(series).digest('hex').slice(0, 16)
    expect(few.incidents[0]?.series).toBe(`ser-${hash}`)
  })

  test('first and last seen, and what was seen', async () => {
    const { incidents } = await judged([past(0), past(5), past(9, { 'sc-status': '401' })], bypass())
    const [first] = incidents
    expect(first).toMatchObject({ severity: 'high', status: 'OPEN', hint: undefined, provisional: false })
    expect(first?.notes).toEqual([{ note: 'GET answered 200 by web01', times: 2 }, { note: 'GET answered 401 by web01', times: 1 }])
    const minutes = [first?.firstUs, first?.lastUs].map(us => new Date(Number(us) / 1000).toISOString().slice(11, 16))
    expect(minutes[1]).toBe('08:08') // 08:09 less time-taken, from a second that began at 08:09:00
  })
}) // biome-ignore format: short lists

describe('suppressions', () => {
  const decision = (id: string, until: number) => (store: Store): void => {
    store.append({ kind: 'suppression', id, rule: 'gateway-bypass', until: new Date(until).toISOString(), reason: 'a job of ours', author: 'ann' })
  }
  const DAY_MS = 86_400_000

  test('an incident or its series is suppressed until a moment, and open again from then on', async () => {
    const { incidents } = await judged([past(0), past(62)], bypass())
    const [first] = incidents
    const of = async (id: string | undefined, until: number, nowMs = NOON) =>
      (await judged([past(0), past(62)], bypass({ before: decision(String(id), until), nowMs }))).incidents.map(it => it.status)
    expect(await of(first?.incident, NOON + DAY_MS)).toEqual(['SUPPRESSED', 'OPEN'])
    expect(await of(first?.series, NOON + DAY_MS)).toEqual(['SUPPRESSED', 'SUPPRESSED'])
    expect(await of(first?.series, NOON + 1)).toEqual(['SUPPRESSED', 'SUPPRESSED'])
    expect(await of(first?.series, NOON)).toEqual(['OPEN', 'OPEN'])
  })
}) // biome-ignore format: long calls

test('hours that are missing are a gap, one incident as long as they follow each other', async () => {
  const rule = RULES.find(it => it.id === 'log-gap')
  const rows = await inFolder(folder =>
    withEngine({ path: folder, memoryMiB: 256 }, async db => {
      await db.run(`CREATE TEMP TABLE coverage_hours AS SELECT * FROM (VALUES
        ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-01 03:00', 'missing', 'cut'), ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-01 04:00', 'partial', 'cut'),
        ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-01 05:00', 'complete', 'continuous'), ('app', 'a', 'web02', NULL, TIMESTAMP '2026-07-01 05:00', 'unknown', 'silence'),
        ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-02 00:00', 'missing', 'cut'), ('app', 'other', 'web03', NULL, TIMESTAMP '2026-07-01 03:00', 'missing', 'cut'))
        AS v(side, application, host, site, hour, state, reason), (SELECT NULL::VARCHAR AS organization, NULL::VARCHAR AS environment, NULL::VARCHAR AS target, NULL::VARCHAR AS log)`)
      await db.run("CREATE TEMP TABLE judged_days AS SELECT 'a' AS application, FALSE AS provisional")
      return db.rows<{ hour: string; note: string; why_not: string | null }>(
        `SELECT strftime(at_ts, '%H') AS hour, note, why_not FROM (${rule?.sql}\n) ORDER BY ALL`,
        { day: '2026-07-01' },
      )
    }),
  )
  expect(rows).toEqual([
    { hour: '03', note: 'missing: cut', why_not: null },
    { hour: '04', note: 'partial: cut', why_not: null },
    { hour: '05', note: 'unknown: silence', why_not: 'coverage-unknown' },
  ])
  expect(rule?.gap).toBe(60 * 60_000_000)
})
