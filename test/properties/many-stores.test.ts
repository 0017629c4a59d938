import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findById } from '../../src/requests/lookup.ts'
import { populationOf, RECORD_HASH } from '../../src/requests/population.ts'
import { countRequests, prepareSearch, type Search, searchRequests } from '../../src/requests/search.ts'
import { splitApplications } from '../../src/store/overlap.ts'
import { Store } from '../../src/store/store.ts'
import { makeFleet } from '../support/fleet.ts'

// Here ids also stand on calls of several applications, of which one store alone would know more than several do.
const TRAFFIC = {
  start: '2026-03-02T20:00:00Z', hours: 6, ratePerSecond: 0.08, seed: 31, idShare: 0.6, constantIdShare: 0.02, bypassShare: 0.05,
} as const // biome-ignore format: a table

let folder = ''
let roots: readonly string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tl-test-'))
  await makeFleet(folder, {
    options: TRAFFIC,
    partitions: { payroll: 4, orders: 0, directory: 11, default: 2 },
  })
  // Under other names they come in another order than their ids, sources and applications.
  roots = readdirSync(join(folder, 'fleet')).map(name => join(folder, 'fleet', name))
}, 240_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const MEMORY = { memoryMiB: 512 }

async function withAll<T>(order: readonly string[], action: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.readAll(MEMORY, order)
  try {
    return await action(store)
  } finally {
    store.close()
  }
}

async function withOne<T>(path: string, action: (store: Store) => Promise<T>): Promise<T> {
  const store = await Store.read({ ...MEMORY, path })
  try {
    return await action(store)
  } finally {
    store.close()
  }
}

type Row = Record<string, unknown>

async function rowsOf(store: Store, search: Search): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of searchRequests(store, search)) rows.push(...batch)
  return rows
}

async function hashesOf(store: Store, search: Search): Promise<{ id: string; hash: string }[]> {
  const { from, params } = await prepareSearch(store, search)
  return store.db.rows(`SELECT request_id AS id, ${RECORD_HASH} AS hash FROM ${from}`, params)
}

/** The same by asking every store alone, and putting the answers in order: slow, and without anything of the union. */
async function byEach(search: Search): Promise<{ rows: Row[]; requests: number; sha256: string }> {
  const rows: Row[] = []
  const hashes: { id: string; hash: string }[] = []
  for (const root of roots)
    await withOne(root, async store => {
      rows.push(...(await rowsOf(store, { ...search, limit: undefined })))
      hashes.push(...(await hashesOf(store, search)))
    })
  const key = (row: Row): string => `${String(row.start_ts).padEnd(26, ' ')} ${row.request_id}`
  rows.sort((a, b) => (key(a) < key(b) ? -1 : 1))
  hashes.sort((a, b) => (a.id < b.id ? -1 : 1))
  const digest = createHash('sha256')
  for (const { hash } of hashes) digest.update(`${hash}\n`)
  return { rows: rows.slice(0, search.limit), requests: hashes.length, sha256: digest.digest('hex') }
}

const START = Date.UTC(2026, 2, 2, 20) * 1000
const SEARCH: fc.Arbitrary<Search> = fc.record({
  filter: fc.constantFrom('', 'status >= 400', 'state:joined', 'not state:joined', 'application:orders or application:default', 'path:/payroll/*', 'subject:*a*', 'subject:"nobody"', 'host:web-app-01'),
  range: fc.option(
    fc.tuple(fc.integer({ min: 0, max: 360 }), fc.integer({ min: 1, max: 240 })).map(([from, length]) => ({ fromUs: START + from * 60e6, toUs: START + (from + length) * 60e6 })),
    { nil: undefined },
  ),
  limit: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
  nowMs: fc.constant(Date.UTC(2026, 2, 10)),
}) // biome-ignore format: one member a line

test('a search over all stores is what each of them finds, in order; in whatever order they are named', async () => {
  const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(SEARCH, order, async (search, places) => {
      const want = await byEach(search)
      await withAll(places.map(place => roots[place] ?? ''), async store => {
        expect(splitApplications(store.state)).toEqual([])
        expect(await rowsOf(store, search)).toEqual(want.rows)
        expect(await countRequests(store, search)).toBe(want.requests)
        expect(await populationOf(store, search)).toEqual({ requests: want.requests, sha256: want.sha256 })
      })
    }),
    { numRuns: 12 },
  )
}) // biome-ignore format: one step a line

test('every request that an id stands for is found, whichever store it is in, with its own sources', async () => {
  const hot = '11111111-2222-4333-8444-555555555555'
  const each: Row[] = []
  const paths: string[] = []
  for (const root of roots)
    await withOne(root, async store => {
      const { requests, gatewayHops } = await findById(store, hot)
      each.push(...requests)
      paths.push(...gatewayHops.map(hop => `${hop.hop_id} ${store.state.sources.get(Number(hop.source_id))?.path}`))
    })
  expect(new Set(each.map(it => it.application)).size).toBeGreaterThan(2)
  await withAll(roots, async store => {
    const found = await findById(store, hot)
    expect(found.requests.map(it => it.request_id).sort()).toEqual(each.map(it => it.request_id).sort())
    const sources = found.gatewayHops.map(hop => `${hop.hop_id} ${store.state.sources.get(Number(hop.source_id))?.path}`)
    expect(sources.sort()).toEqual(paths.sort())
  })
}) // biome-ignore format: one line each

test('a store that goes on is gone on with', async () => {
  await withAll(roots, async store => {
    const before = await countRequests(store, { filter: '', nowMs: 0 })
    const head = store.state.head
    store.refresh()
    expect([store.state.head, await countRequests(store, { filter: '', nowMs: 0 })]).toEqual([head, before])
    expect(store.each.map(it => it.root)).toEqual(roots)
    expect(() => store.ledger).toThrow('no ledger of their own')
  })
})
