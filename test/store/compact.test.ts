import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Ledger } from '../../src/ledger/chain.ts'
import type { SegmentRecord } from '../../src/ledger/entry.ts'
import { emptyState } from '../../src/ledger/state.ts'
import { findById } from '../../src/requests/lookup.ts'
import { compact, dueMerges } from '../../src/store/compact.ts'
import { Store } from '../../src/store/store.ts'
import { sweepReplaced } from '../../src/store/sweep.ts'
import { answers, evenings } from '../support/days.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'

const HOUR_MS = 3_600_000

/** Puts several files of facts and index a day into a store. */
async function pieces(store: Store, folder: string): Promise<void> {
  for (const seed of [11, 12])
    await ingestInto(store, writeFiles(join(folder, String(seed)), evenings(2, seed)))
}

const compacting = (action: (store: Store) => Promise<void>) =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await pieces(store, join(folder, 'logs'))
      await action(store)
    }),
  )

test('merging files changes no fact, link, day or answer, and the ledger says the same when it is read again', () =>
  compacting(async store => {
    const before = [await fingerprint(store), await answers(store)]
    const days = structuredClone([...store.state.days.values()])
    const id = String((await store.db.row(`SELECT hex_id(hop_id) AS id FROM read_parquet('${store.file(store.state.segments[0]?.path ?? '')}')`)).id) // biome-ignore format: one line
    const found = await findById(store, id)
    const files = store.state.segments.length + store.state.indexes.length
    const done = await compact(store, { everything: true })
    expect(done.from - done.to).toBe(files - store.state.segments.length - store.state.indexes.length)
    expect(done.merges).toBeGreaterThan(3)
    expect([await fingerprint(store), await answers(store)]).toEqual(before)
    expect(await findById(store, id)).toEqual(found)
    expect([...store.state.days.values()]).toEqual(days)
    expect([store.state.isStale, store.state.unlinkedDays.size]).toEqual([false, 0])
    const kinds = store.state.segments.map(s => `${s.kind} ${s.day}`)
    expect(new Set(kinds).size).toBe(kinds.length)
    expect(Ledger.open(store.root).state).toEqual(store.state)
    expect(await compact(store, { everything: true })).toMatchObject({ merges: 0 })
  }))

test('a file never spans days, and what is merged keeps its stamps, applications and versions', () =>
  compacting(async store => {
    await compact(store, { everything: true })
    for (const s of store.state.segments) {
      const stamp = s.kind === 'app' ? 'end_ts' : 'start_ts'
      const row = await store.db.row(
        `SELECT min(${stamp})::DATE::VARCHAR AS first, max(${stamp})::DATE::VARCHAR AS last, epoch_us(min(${stamp}))::VARCHAR AS a,
           epoch_us(max(${stamp}))::VARCHAR AS b, list_sort(list(DISTINCT application)) AS applications
         FROM read_parquet('${store.file(s.path)}', hive_partitioning = false)`,
      )
      const { first, last, a, b, applications } = row
      expect({ first, last, a, b, applications }).toEqual({ first: s.day, last: s.day, a: String(s.firstUs), b: String(s.lastUs), applications: s.applications }) // biome-ignore format: one line
    }
  }))

test('rows that do not add up stop the merge, and nothing is changed', () =>
  compacting(async store => {
    const head = store.state.head
    const [first] = store.state.segments as SegmentRecord[]
    if (first) first.rows++
    await expect(compact(store, { everything: true })).rejects.toThrow(/nothing was changed/)
    if (first) first.rows--
    expect(store.state.head).toBe(head)
    expect(Ledger.open(store.root).state).toEqual(store.state)
  }))

const file = (n: number, over: Partial<SegmentRecord> = {}): SegmentRecord => ({
  path: `facts/app/date=2026-07-01/${String(n).padStart(6, '0')}.parquet`, sha256: '0'.repeat(64), bytes: 1000, rows: 10, kind: 'app',
  day: '2026-07-01', applications: ['default'], firstUs: 0, lastUs: 0, versions: 0, ...over,
}) // biome-ignore format: one record

const many = (count: number, over?: Partial<SegmentRecord>): SegmentRecord[] =>
  Array.from({ length: count }, (_, n) => file(n, over))

test.each([
  { name: 'fifteen small files stay', files: many(15), want: [] },
  { name: 'sixteen are merged', files: many(16), want: [16] },
  { name: 'sixteen of two tiers stay', files: [...many(8), ...many(8, { rows: 100_000 })], want: [] },
  { name: 'sixteen of two days stay', files: [...many(8), ...many(8, { day: '2026-07-02' })], want: [] },
  { name: 'sixteen of two kinds stay', files: [...many(8), ...many(8, { kind: 'gateway' })], want: [] },
  { name: 'full ones are left alone', files: many(16, { rows: 1_000_000 }), want: [] },
  { name: 'no more than fits into one', files: many(16, { rows: 200_000 }), want: [7, 7, 2] },
  { name: 'nor more bytes', files: many(16, { bytes: 100 * 1024 * 1024 }), want: [2, 2, 2, 2, 2, 2, 2, 2] },
])('$name', ({ files, want }) => {
  const state = { ...emptyState(), segments: files }
  const sizes = dueMerges(state).map(merge => merge.files.length)
  expect(sizes).toEqual(want)
})

test('files above a size may be left out', () => {
  const state = { ...emptyState(), segments: [...many(16, { rows: 20_000 }), ...many(16)] }
  expect(dueMerges(state).map(merge => merge.files[0]?.rows)).toEqual([20_000, 10])
  expect(dueMerges(state, { below: 16_000 }).map(merge => merge.files[0]?.rows)).toEqual([10])
})

test('a reader that has the store open keeps its answers while files are merged and deleted; then they go', () =>
  inFolder(async folder => {
    const root = join(folder, 'store')
    await withStore(root, async store => {
      await pieces(store, join(folder, 'logs'))
      // Links that the open day went through: what was replaced before the reader came may go.
      sweepReplaced(store, 0)
    })
    const reader = await Store.read({ path: root, memoryMiB: 256 })
    const old = reader.state.segments.map(s => reader.file(s.path))
    const before = await answers(reader)
    const later = { nowMs: NOON + HOUR_MS }
    const after = await withStore(root, async store => {
      await compact(store, { everything: true })
      expect(sweepReplaced(store, 0)).toMatchObject({ files: 0 })
      return answers(store)
    })
    expect(after).toEqual(before)
    await withStore(root, async () => expect(old.every(path => existsSync(path))).toBe(true), later)
    expect(await answers(reader)).toEqual(before)
    reader.refresh()
    expect(await answers(reader)).toEqual(before)
    await withStore(root, async () => expect(old.some(path => existsSync(path))).toBe(false), later)
    expect(await answers(reader)).toEqual(before)
    reader.close()
    expect(readdirSync(join(root, 'readers'))).toEqual([])
  }))

test('replaced files stay for ten minutes, for readers that could leave no note', () =>
  inFolder(async folder => {
    const root = join(folder, 'store')
    const old = await withStore(root, async store => {
      await pieces(store, join(folder, 'logs'))
      const files = store.state.segments.map(s => store.file(s.path))
      await compact(store, { everything: true })
      return files
    })
    const present = (nowMs: number) =>
      withStore(root, async () => old.filter(path => existsSync(path)).length, { nowMs })
    expect(await present(NOON + 599_999)).toBe(old.length)
    expect(await present(NOON + 600_000)).toBeLessThan(old.length)
  }))
