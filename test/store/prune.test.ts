import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { closeDays } from '../../src/correlate/close-days.ts'
import { Ledger } from '../../src/ledger/chain.ts'
import type { Entry } from '../../src/ledger/entry.ts'
import { relink } from '../../src/pipeline/relink.ts'
import { planPrune, prune } from '../../src/store/prune.ts'
import type { Store } from '../../src/store/store.ts'
import { sweepReplaced } from '../../src/store/sweep.ts'
import { closeAll, evenings } from '../support/days.ts'
import { facts, requestsOf } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { iisLog } from '../support/traffic.ts'

type Row = Readonly<Record<string, unknown>>

const WHY = { why: 'retention', who: 'tester' }
/** Days 2026-07-01 to 2026-07-05, with calls around every midnight. */
const LOGS = evenings(4, 21)

const filled = (action: (store: Store, folder: string, sources: string[]) => Promise<void>) =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const sources = writeFiles(join(folder, 'logs'), LOGS)
      await ingestInto(store, sources)
      closeAll(store)
      await action(store, folder, sources)
    }),
  )

const linksOf = (store: Store): Record<string, string | undefined> =>
  Object.fromEntries([...store.state.days.values()].map(d => [d.day, d.link?.contentHash]))

const relinkAll = (store: Store) =>
  relink(store, [...store.state.days.values()], { config: CONFIG.parse({}) })

function lastEntry(store: Store): Entry {
  const folder = join(store.root, 'ledger', '000')
  return JSON.parse(readFileSync(join(folder, readdirSync(folder).sort().at(-1) ?? ''), 'utf8')) as Entry
}

/** What must be said after pruning of a request that was there before; undefined: nothing, it is gone. */
function expected(row: Row, dayOfHop: ReadonlyMap<string, string>, before: string): Row[] {
  const own = row.gateway_hop_id === null ? undefined : String(row.gateway_hop_id)
  const apps = row.app_hop_ids as string[]
  const stays = (hop: string): boolean => (dayOfHop.get(hop) ?? '') >= before
  if (own === undefined || stays(own)) {
    const left = apps.filter(stays)
    if (own === undefined && left.length === 0) return []
    if (left.length === apps.length) return [row]
    return [
      { request_id: row.request_id, state: left.length > 0 ? 'joined' : 'partner-pruned', app_hop_ids: left },
    ]
  }
  return apps.filter(stays).map(hop => ({ request_id: hop, state: 'partner-pruned', gateway_hop_id: null, app_hop_ids: [hop] })) // biome-ignore format: one row
}

async function daysOfHops(store: Store): Promise<Map<string, string>> {
  const days = new Map<string, string>()
  for (const s of store.state.segments) {
    const rows = await store.db.rows<{ id: string }>(`SELECT hex_id(hop_id) AS id FROM read_parquet('${store.file(s.path)}')`)
    for (const { id } of rows) days.set(id, s.day)
  }
  return days
} // biome-ignore format: one statement a line

describe('pruning', () => {
  const BEFORE = '2026-07-03'

  test('leaves what stays as it was: the same requests, or one that says that its partner was pruned', () =>
    filled(async store => {
      for (const before of [BEFORE, '2026-07-04']) {
        const days = await daysOfHops(store)
        const want = (await requestsOf(store)).flatMap(row => expected(row, days, before))
        const pruned = want.filter(r => r.state === 'partner-pruned').length
        expect(pruned).toBeGreaterThan(0)
        await prune(store, before, WHY)
        const byId = (a: Row, b: Row): number => (String(a.request_id) < String(b.request_id) ? -1 : 1)
        const found = (await requestsOf(store)).sort(byId)
        expect(found.map(r => r.request_id)).toEqual(want.sort(byId).map(r => r.request_id))
        expect(found).toMatchObject(want)
        expect(store.state.segments.every(s => s.day >= before)).toBe(true)
      }
    }))

  test('leaves the links of what stays as they were, also where they are made again', () =>
    filled(async store => {
      const before = linksOf(store)
      const stays = Object.fromEntries(Object.entries(before).filter(([day]) => day >= BEFORE))
      expect(Object.keys(stays)).toHaveLength(3)
      await prune(store, BEFORE, WHY)
      const linked = await relinkAll(store)
      expect(linksOf(store)).toEqual(stays)
      expect(linked.filter(d => d.changed)).toEqual([])
      expect(linked.find(d => d.day === BEFORE)?.warnings).toEqual([
        'its links stay as they are, as the day before was pruned',
      ])
      await prune(store, '2026-07-04', WHY)
      await relinkAll(store)
      delete stays[BEFORE]
      expect(linksOf(store)).toEqual(stays)
    }))

  test('names every file with digest, rows, bytes, day, why and who; they go from the disk, the accounting stays', () =>
    filled(async (store, folder) => {
      const sources = [...store.state.sources.values()]
      const plan = planPrune(store.state, BEFORE)
      const old = plan.files.map(f => store.file(f.path))
      const digests = old.map(path => createHash('sha256').update(readFileSync(path)).digest('hex'))
      expect(plan.files.map(f => f.sha256)).toEqual(digests)
      await prune(store, BEFORE, WHY)
      const entry = lastEntry(store)
      expect(entry).toMatchObject({ kind: 'pruned', before: BEFORE, days: ['2026-07-01', '2026-07-02'], files: plan.files, ...WHY })
      expect(new Set(plan.files.map(f => f.what))).toEqual(new Set(['facts', 'index', 'links']))
      expect(sweepReplaced(store)).toMatchObject({ files: 0 })
      expect(sweepReplaced(store, 0)).toMatchObject({ files: old.length, left: 0 })
      expect(old.some(path => existsSync(path))).toBe(false)
      expect(readdirSync(join(folder, 'store', 'facts', 'app')).sort()[0]).toBe(`date=${BEFORE}`)
      expect([...store.state.sources.values()]).toEqual(sources)
      const again = Ledger.open(store.root).state
      expect({ ...again, replaced: 0 }).toEqual({ ...store.state, replaced: 0 })
    })) // biome-ignore format: one entry

  test('drops rejects whose sources hold nothing later, and no others', () =>
    inFolder(folder =>
      withStore(join(folder, 'store'), async store => {
        const bad = (day: string): string => iisLog([`2026-07-${day} 10:00:00 web01`]) + iisLog([row(`2026-07-${day} 11:00:00`)])
        for (const day of ['01', '04'])
          await ingestInto(store, writeFiles(folder, { [`${day}.log`]: bad(day) }))
        closeAll(store)
        expect(store.state.rejects).toHaveLength(2)
        await prune(store, BEFORE, WHY)
        expect(store.state.rejects.map(r => r.sources)).toEqual([[1]])
      }),
    )) // biome-ignore format: one log

  test('takes no line of a pruned day in again, and counts each', () =>
    filled(async (store, folder, sources) => {
      await prune(store, BEFORE, WHY)
      const before = [await facts(store, 'gateway'), await facts(store, 'app')]
      const again = await ingestInto(store, sources)
      expect(again.sources).toEqual([])
      expect(again.known.filter(k => k.isPruned).map(k => k.path)).toEqual(sources.slice(0, 3))
      const late = [row('2026-07-01 10:00:00'), row('2026-07-02 10:00:00'), row('2026-07-04 10:00:00')]
      const taken = await ingestInto(store, writeFiles(folder, { 'late.log': iisLog(late) }))
      expect(taken.sources.map(s => s.accounting)).toMatchObject([{ decoded: 3, pruned: 2, duplicates: 0 }])
      expect([(await facts(store, 'gateway')).length, (await facts(store, 'app')).length]).toEqual([
        before[0]?.length,
        (before[1]?.length ?? 0) + 1,
      ])
      expect(store.state.segments.every(s => s.day >= BEFORE)).toBe(true)
    }))

  test('a late line of the first day that stays opens it and is not linked; the links that it has stay', () =>
    filled(async (store, folder) => {
      await prune(store, BEFORE, WHY)
      const links = linksOf(store)
      const at = new Date(Date.parse(`${BEFORE}T10:00:00Z`))
      const line = row(`${BEFORE} ${at.toISOString().slice(11, 19)}`)
      const { linked, closed } = await ingestInto(store, writeFiles(folder, { 'late.log': iisLog([line]) }))
      expect(linked.find(d => d.day === BEFORE)?.warnings.join()).toContain('cannot be linked')
      expect(closed.map(d => d.day)).not.toContain(BEFORE)
      expect(await closeDays(store)).toEqual([])
      expect(linksOf(store)[BEFORE]).toBe(links[BEFORE])
      const late = (await requestsOf(store)).find(r => r.path === '/late')
      expect(late).toMatchObject({ state: 'awaiting-gateway' })
      closeAll(store)
      expect([...store.state.days.values()].every(d => d.state === 'closed')).toBe(true)
    }))

  test('is refused while a day is open or not linked: nothing is changed', () =>
    inFolder(folder =>
      withStore(join(folder, 'store'), async store => {
        await ingestInto(store, writeFiles(join(folder, 'logs'), LOGS))
        const { head } = store.state
        await expect(prune(store, '2026-07-06', WHY)).rejects.toMatchObject({ code: 'PRUNE_REFUSED' })
        closeAll(store)
        store.state.unlinkedDays.add('default 2026-07-02')
        await expect(prune(store, BEFORE, WHY)).rejects.toThrow(/not linked yet.*throughline link/)
        store.state.unlinkedDays.clear()
        expect((await prune(store, '2026-06-01', WHY)).files).toEqual([])
        expect(store.state.head).toBeGreaterThan(head)
        expect(store.state.pruning).toBe(undefined)
      }),
    ))
})

const row = (at: string): string => `${at} web01 10.0.0.1 GET /late q=1 443 - 10.9.9.9 200 0 0 12 - agent/1.0`
