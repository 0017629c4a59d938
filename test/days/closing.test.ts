import { join } from 'node:path'
import { expect, test } from 'vitest'
import { closeByHand, closeDays, openDayCoverage } from '../../src/correlate/close-days.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'

const DAY = '2026-07-01'
const HOUR_MS = 3_600_000
/** When the hops came in, unless a test says otherwise: soon after the day. */
const INGESTED = Date.UTC(2026, 6, 2, 3)

interface Logged {
  /** Stamps of gateway records. */
  readonly gateway?: readonly string[]
  /** Stamps of IIS lines, by host. */
  readonly app?: Readonly<Record<string, readonly string[]>>
}

function files({ gateway = [], app = {} }: Logged): Record<string, string> {
  const records = gateway.map(at =>
    JSON.stringify({
      organization: 'o',
      gateway_flow_id: `f-${at}`,
      apiproxy: 'p',
      client_received_start_timestamp: `${at} UTC`,
    }),
  )
  const logs = Object.entries(app).map(([host, stamps]) => [
    `${host}.log`,
    ['#Fields: date time s-computername cs-uri-stem', ...stamps.map(at => `${at} ${host} /a`), ''].join(
      '\r\n',
    ),
  ])
  return {
    ...(records.length ? { 'export.json': `${records.join('\n')}\n` } : {}),
    ...Object.fromEntries(logs),
  }
}

/** Takes in logs, which closes the days that are whole, and looks at a day. */
async function after(
  logged: Logged,
  nowMs = INGESTED,
): Promise<{ state: string; reason: string; missing: readonly string[] }> {
  return inFolder(folder =>
    withStore(
      join(folder, 'store'),
      async store => {
        await ingestInto(store, writeFiles(folder, files(logged)))
        const coverage = (await openDayCoverage(store)).get(`default ${DAY}`)
        return { ...look(store), missing: coverage?.hostsMissing ?? [] }
      },
      { nowMs },
    ),
  )
}

function look(store: Store): { state: string; reason: string } {
  const { state = 'unknown', reason = '' } = store.state.days.get(`default ${DAY}`) ?? {}
  return { state, reason }
}

const NOON = `${DAY} 12:00:00`
const LATE = '2026-07-02 00:15:00'
const EARLY = '2026-07-02 00:14:59'

test.each<{ name: string; logged: Logged; state: string }>([
  { name: 'both sides logged 15 minutes after its end', logged: { gateway: [NOON, LATE], app: { a: [NOON, LATE] } }, state: 'closed' },
  { name: 'the gateway logged nothing that late', logged: { gateway: [NOON, EARLY], app: { a: [NOON, LATE] } }, state: 'open' },
  { name: 'the app logged nothing that late', logged: { gateway: [NOON, LATE], app: { a: [NOON, EARLY] } }, state: 'open' },
  { name: 'the day has no gateway hop, but later ones exist', logged: { gateway: [LATE], app: { a: [NOON, LATE] } }, state: 'closed' },
  { name: 'the day has no app hop, but later ones exist', logged: { gateway: [NOON, LATE], app: { a: [LATE] } }, state: 'closed' },
  { name: 'one of two hosts logged nothing that late', logged: { gateway: [NOON, LATE], app: { a: [NOON, LATE], b: [NOON] } }, state: 'open' },
  { name: 'a host that was silent that day is silent later', logged: { gateway: [NOON, LATE], app: { a: [NOON, LATE], b: ['2026-06-30 12:00:00'] } }, state: 'closed' },
  { name: 'only one side exists', logged: { gateway: [NOON, LATE] }, state: 'open' },
])('a day is $state where $name', async ({ logged, state }) => {
  expect(await after(logged)).toMatchObject({ state, ...(state === 'closed' ? { reason: 'both sides covered' } : {}) })
}) // biome-ignore format: a table

test('an open day names the hosts it waits for', async () => {
  const { missing } = await after({ gateway: [NOON, LATE], app: { a: [NOON, LATE], b: [NOON], c: [NOON] } })
  expect(missing).toEqual(['b', 'c'])
})

test('what the user declares whole is whole: from in, to out', async () => {
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const next = '2026-07-02'
      await ingestInto(
        store,
        writeFiles(folder, files({ gateway: [NOON, `${next} 12:00:00`], app: { a: [NOON] } })),
      )
      expect(look(store).state).toBe('open')
      store.append({ kind: 'coverage', side: 'app', from: '2026-06-01', to: DAY })
      expect(await closeDays(store)).toEqual([])
      store.append({ kind: 'coverage', side: 'app', from: DAY, to: next })
      expect(await closeDays(store)).toEqual([{ application: 'default', day: DAY }])
    }),
  )
})

test.each([
  { name: 'a millisecond before', ms: -1, state: 'open', reason: 'new' },
  { name: 'at', ms: 0, state: 'closed', reason: 'deadline passed, gateway and app side not covered' },
])(
  'a day that nothing covers: $name 36 hours after its last new hop it is $state',
  async ({ ms, state, reason }) => {
    await inFolder(async folder => {
      const path = join(folder, 'store')
      const inputs = writeFiles(folder, files({ app: { a: [NOON] } }))
      await withStore(path, store => ingestInto(store, inputs), { nowMs: INGESTED })
      const later = { nowMs: INGESTED + 36 * HOUR_MS + ms }
      const seen = await withStore(
        path,
        async store => {
          await closeDays(store)
          return look(store)
        },
        later,
      )
      expect(seen).toEqual({ state, reason })
    })
  },
)

test('the deadline counts from the end of the day where hops came in during it', async () => {
  await inFolder(async folder => {
    const path = join(folder, 'store')
    const inputs = writeFiles(folder, files({ app: { a: [NOON] } }))
    const dayEnd = Date.UTC(2026, 6, 2)
    await withStore(path, store => ingestInto(store, inputs), { nowMs: dayEnd - 10 * HOUR_MS })
    const at = (nowMs: number) => withStore(path, store => closeDays(store), { nowMs })
    expect(await at(dayEnd + 36 * HOUR_MS - 1)).toEqual([])
    expect(await at(dayEnd + 36 * HOUR_MS)).toEqual([{ application: 'default', day: DAY }])
  })
})

test('a person closes the days that have hops and are open, and no others', async () => {
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(folder, files({ app: { a: [NOON] } })))
      expect(closeByHand(store, ['2026-06-30', DAY])).toEqual([{ application: 'default', day: DAY }])
      expect(look(store)).toEqual({ state: 'closed', reason: 'closed by hand' })
      expect(closeByHand(store, [DAY])).toEqual([])
    }),
  )
})

test('a closed day whose links change is open again, and closes again once it is whole', async () => {
  await inFolder(folder =>
    withStore(
      join(folder, 'store'),
      async store => {
        const line = (id: string, at: string): string => `${at} a /a ${id}`
        const log = (...rows: string[]): string =>
          ['#Fields: date time s-computername cs-uri-stem X-Correlation-ID', ...rows, ''].join('\r\n')
        const record = (id: string, at: string): string =>
          JSON.stringify({
            organization: 'o',
            gateway_flow_id: `f-${id}`,
            apiproxy: 'p',
            target_response_code: '200',
            client_received_start_timestamp: `${at} UTC`,
            dc_correlation_id: id,
          })
        const export_ = (...rows: string[]): string => `${rows.join('\n')}\n`
        await ingestInto(
          store,
          writeFiles(folder, {
            'a.json': export_(record('id-one', NOON), record('id-two', NOON), record('id-late', LATE)),
            'a.log': log(line('id-one', NOON), line('id-late', LATE)),
          }),
        )
        expect(look(store)).toEqual({ state: 'closed', reason: 'both sides covered' })
        const before = store.state.head
        await ingestInto(store, writeFiles(folder, { 'b.log': log(line('id-two', NOON)) }))
        const reopened = store.state.days.get(`default ${DAY}`)
        expect(reopened?.link).toMatchObject({ generation: 2, counts: { linked: 2 } })
        expect(reopened).toMatchObject({ state: 'closed', reason: 'both sides covered' })
        // ingest, open, link, linked, closed
        expect(store.state.head).toBe(before + 5)
      },
      { nowMs: INGESTED },
    ),
  )
})
