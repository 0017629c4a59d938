import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { RULES } from '../../src/findings/registry.ts'
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
    expect(notEvaluated).toMatchObject([
      { rule: 'gateway-bypass', application: 'default', reason: 'gateway-not-covered', requests: 2 },
    ])
  })

  test('where the app side is not whole, a missing line says nothing', async () => {
    const setting: JudgedSetting = { rules: ['ghost'], covered: ['gateway'] }
    const { incidents, notEvaluated } = await judged([ghost(1), whole(2)], setting)
    expect(incidents).toEqual([])
    expect(notEvaluated).toMatchObject([{ rule: 'ghost', reason: 'app-not-covered', requests: 1 }])
  })

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
    expect(notEvaluated).toMatchObject([{ rule: 'log-gap', reason: 'coverage-unknown' }])
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
        ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-01 03:00', 'missing'), ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-01 04:00', 'partial'),
        ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-01 05:00', 'complete'), ('app', 'a', 'web02', NULL, TIMESTAMP '2026-07-01 05:00', 'unknown'),
        ('app', 'a', 'web01', NULL, TIMESTAMP '2026-07-02 00:00', 'missing'), ('app', 'other', 'web03', NULL, TIMESTAMP '2026-07-01 03:00', 'missing'))
        AS v(side, application, host, site, hour, state)`)
      await db.run("CREATE TEMP TABLE judged_days AS SELECT 'a' AS application, FALSE AS provisional")
      return db.rows<{ hour: string; note: string; why_not: string | null }>(
        `SELECT strftime(at_ts, '%H') AS hour, note, why_not FROM (${rule?.sql}\n) ORDER BY ALL`,
        { day: '2026-07-01' },
      )
    }),
  )
  expect(rows).toEqual([
    { hour: '03', note: 'missing', why_not: null },
    { hour: '04', note: 'partial', why_not: null },
    { hour: '05', note: 'unknown', why_not: 'coverage-unknown' },
  ])
  expect(rule?.gap).toBe(60 * 60_000_000)
})
