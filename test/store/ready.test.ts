import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG, type Config } from '../../src/config/schema.ts'
import { exportSelect } from '../../src/requests/export.ts'
import { indexRequests, SHAPE } from '../../src/requests/index-requests.ts'
import { findById, findWithCandidates } from '../../src/requests/lookup.ts'
import { populationOf } from '../../src/requests/population.ts'
import { countRequests, searchRequests } from '../../src/requests/search.ts'
import { readyDays } from '../../src/requests/settled-days.ts'
import { Store } from '../../src/store/store.ts'
import { closeAll } from '../support/days.ts'
import { type Exchange, written } from '../support/exchanges.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'

const HOUR_MS = 3_600_000

/** Five days; who is named by the gateway, by the app, by both alike, by both differently, or by nobody. */
const EXCHANGES: Exchange[] = Array.from({ length: 150 }, (_, n) => ({
  atMs: n * 0.78 * HOUR_MS + ((n * 7919) % 997),
  tookMs: 20 + ((n * 37) % 211),
  path: `/${n % 3 ? 'pay' : 'orders'}/${n % 7}`,
  recorded: n % 17 === 0 ? 'app' : n % 19 === 0 ? 'gateway' : 'both',
  gateway: {
    dc_correlation_id: n % 11 ? `id-${n}-0123456789` : `id-${n % 4}-0123456789`,
    dc_subject: n % 3 ? `Ann${n % 4}@corp.example` : '',
    client_id: `Client-${n % 2}`,
    response_status_code: String(n % 5 ? 200 : 403),
  },
  app: {
    'X-Correlation-ID': n % 11 ? `id-${n}-0123456789` : `id-${n % 4}-0123456789`,
    'cs-username': n % 4 === 0 ? '-' : n % 4 === 1 ? `CORP\\ann${n % 4}` : `CORP\\bob${n % 3}`,
    'sc-status': String(n % 5 ? 200 : 403),
  },
}))

const SUBJECTS: { name: string; subjects: unknown }[] = [
  { name: 'none', subjects: {} },
  { name: 'a rule', subjects: { rules: [{ match: 'CORP\\*', as: '*@corp.example' }] } },
  { name: 'names of two people, one for some days', subjects: { aliases: [
    { subject: 'carla@corp.example', names: ['CORP\\ann1', 'ann2@corp.example'] },
    { subject: 'dora@corp.example', names: ['CORP\\bob1'], from: '2026-07-02', to: '2026-07-04' },
  ] } },
] // biome-ignore format: a table

const FILTERS = [
  '', 'subject:(ann1 or "ann1@corp.example")', 'subject:"carla@corp.example"', 'subject:"dora@corp.example" and @timestamp >= 2026-07-03',
  'subject:bob1 and path:/pay/* and status >= 400', 'subject:client-1', 'subject:bob1 or status:403',
] // biome-ignore format: a list

async function asked(store: Store): Promise<unknown[]> {
  const found: unknown[] = []
  for (const filter of FILTERS) {
    const rows: unknown[] = []
    for await (const batch of searchRequests(store, { filter, nowMs: NOON })) rows.push(...batch)
    found.push([filter, rows])
  }
  return found
}

const filled = <T>(config: Partial<Config>, action: (store: Store, folder: string) => Promise<T>) =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(join(folder, 'logs'), written(EXCHANGES).files), { config })
      closeAll(store)
      return action(store, folder)
    }),
  )

test.each(SUBJECTS)('ready requests give the answers that facts and links give; aliases: $name', async ({ subjects }) => {
  const config = { subjects: CONFIG.parse({ subjects }).subjects }
  await filled(config, async store => {
    const before = await asked(store)
    expect(await indexRequests(store, 2)).toHaveLength(2)
    expect(await asked(store)).toEqual(before)
    expect(await indexRequests(store)).toHaveLength(store.state.days.size - 2)
    expect(readyDays(store.state, SHAPE).size).toBe(store.state.days.size)
    expect(await asked(store)).toEqual(before)
  })
}) // biome-ignore format: one title

test('a late line makes its day and those around it be read from facts again, until they are made ready anew', async () => {
  await filled({}, async (store, folder) => {
    await indexRequests(store)
    const late = written([{ atMs: 30 * HOUR_MS, host: 'web09', recorded: 'app' }]).files['web09.log'] ?? ''
    const population = () => populationOf(store, { filter: '', nowMs: NOON })
    const before = await population()
    await ingestInto(store, writeFiles(folder, { 'late.log': late }))
    const ready = [...readyDays(store.state, SHAPE).keys()]
    expect(ready.filter(day => day < '2026-07-05')).toEqual([])
    const after = await population()
    expect(after.requests).toBe(before.requests + 1)
    closeAll(store)
    await indexRequests(store)
    expect(readyDays(store.state, SHAPE).size).toBe(store.state.days.size)
    expect(await population()).toEqual(after)
  })
}) // biome-ignore format: one statement a line

/** Moves what days hold out of the way. */
function hide(root: string, days: readonly string[]): () => void {
  const folders = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => days.some(day => name.endsWith(`date=${day}`)))
    .map(name => join(root, name))
  for (const folder of folders) renameSync(folder, `${folder}.away`)
  expect(folders.length).toBeGreaterThan(days.length)
  return () => {
    for (const folder of folders) if (existsSync(`${folder}.away`)) renameSync(`${folder}.away`, folder)
  }
}

test.each([false, true])('a question about a day touches no files but its own and its neighbours (ready: %s)', async isReady => {
  await filled({}, async store => {
    if (isReady) await indexRequests(store)
    const day = { fromUs: Date.UTC(2026, 6, 4) * 1000, toUs: Date.UTC(2026, 6, 5) * 1000 }
    const [id] = await ids(store, day)
    const read = async (): Promise<unknown[]> => {
      const reader = await Store.read({ path: store.root, memoryMiB: 256 })
      try {
        const found: unknown[] = [await populationOf(reader, { filter: '', range: day, nowMs: NOON })]
        for (const what of ['facts', 'links', 'requests'] as const)
          for (const kind of ['gateway', 'app'] as const) {
            const { select, params } = await exportSelect(reader, what, { kind, range: day, filter: '', nowMs: NOON })
            found.push(await reader.db.rows(select, params))
          }
        found.push(await countRequests(reader, { filter: '@timestamp >= 2026-07-04 and @timestamp < 2026-07-05', nowMs: NOON }))
        return found
      } finally {
        reader.close()
      }
    }
    const lookedUp = async (): Promise<unknown> => [await findById(store, id ?? ''), await findWithCandidates(store, id ?? '')]
    const want = [await read(), await lookedUp()]
    const days = [...store.state.days.values()].map(d => d.day)
    const far = days.filter(d => d < '2026-07-02')
    expect(far).toHaveLength(1)
    const back = hide(store.root, far)
    const found = await read()
    back()
    const others = hide(join(store.root, 'facts'), days.filter(d => d < '2026-07-03'))
    const looked = await lookedUp()
    others()
    expect([found, looked]).toEqual(want)
  })
}) // biome-ignore format: one statement a line

async function ids(store: Store, range: { fromUs: number; toUs: number }): Promise<string[]> {
  const rows: string[] = []
  for await (const batch of searchRequests(store, { filter: 'state:joined', range, nowMs: NOON }))
    rows.push(...batch.map(r => String(r.request_id)))
  return rows
}
