import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addHold, releaseHold } from '../../src/pipeline/holds.ts'
import { applyRetention, planRetention } from '../../src/pipeline/retention.ts'
import { checkStore } from '../../src/store/check.ts'
import type { Store } from '../../src/store/store.ts'
import { closeAll, evenings } from '../support/days.ts'
import { requestsOf } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'

const WORDS = { why: 'retention', who: 'tester' }
const requests = (before: string) => [{ kind: 'requests', before }] as const

const filled = <T>(seed: number, action: (store: Store, folder: string) => Promise<T>): Promise<T> =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(join(folder, 'logs'), evenings(3, seed)))
      closeAll(store)
      return action(store, folder)
    }),
  )

/** A store whose days were closed before the log of one host came in: links of theirs were replaced. */
const handedOverInParts = (action: (store: Store, folder: string) => Promise<void>): Promise<void> =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const { '0/web02.log': rest = '', ...first } = evenings(3, 21)
      await ingestInto(store, writeFiles(join(folder, 'logs'), first))
      closeAll(store)
      await ingestInto(store, writeFiles(join(folder, 'logs'), { '0/web02.log': rest }))
      await action(store, folder)
    }),
  )

/** Filters, and what they mean, said a second time. */
const HOLDS = [
  { filter: 'status:500', isHeld: (r: Record<string, unknown>) => r.status === 500 },
  { filter: 'path:"/v1/Ä/ü"', isHeld: (r: Record<string, unknown>) => r.path === '/v1/Ä/ü' },
  { filter: 'state:app-only and status >= 400', isHeld: (r: Record<string, unknown>) => r.state === 'app-only' && Number(r.status) >= 400 },
  { filter: 'state:joined and host:web02', isHeld: (r: Record<string, unknown>) => r.state === 'joined' && r.host === 'web02' },
] as const // biome-ignore format: a table

test('pruning never loses a request that a hold keeps, nor a part of it, and goes as far as it may', () =>
  fc.assert(
    fc.asyncProperty(
      fc.nat(1000),
      fc.constantFrom(...HOLDS),
      fc.integer({ min: 1, max: 6 }),
      (seed, { filter, isHeld }, day) =>
        filled(seed, async store => {
          const before = `2026-07-0${day}`
          const held = (await requestsOf(store)).filter(isHeld)
          await addHold(store, { filter, range: undefined, untilUs: undefined, ...WORDS })
          const [plan] = await applyRetention(store, requests(before), NOON, WORDS)
          const after = new Map((await requestsOf(store)).map(r => [r.request_id, r]))
          for (const row of held) expect(after.get(row.request_id)).toEqual(row)
          // One day more, and something held would have gone.
          const days = [...new Set(store.state.segments.map(s => s.day))].sort()
          if (plan?.before === before) return
          expect(plan?.keepers[0]?.requests).toBeGreaterThan(0)
          expect(days[0]).toBe(plan?.before)
          const hops = await daysOf(store, held)
          expect(hops.sort()[0]).toBe(plan?.before)
        }),
    ),
    { ...runs(8), endOnFailure: true },
  ))

/** Days of the hops of requests, read from the facts. */
async function daysOf(store: Store, rows: readonly Record<string, unknown>[]): Promise<string[]> {
  const hops = new Set(rows.flatMap(r => [String(r.gateway_hop_id), ...(r.app_hop_ids as string[])]))
  const days: string[] = []
  for (const s of store.state.segments) {
    const found = await store.db.rows<{ id: string }>(
      `SELECT hex_id(hop_id) AS id FROM read_parquet('${store.file(s.path)}')`,
    )
    if (found.some(({ id }) => hops.has(id))) days.push(s.day)
  }
  return days
}

test('a hold that was released or has ended keeps nothing; what it was about stays readable until then', () =>
  filled(21, async store => {
    const until = (NOON + 1) * 1000
    const one = await addHold(store, { filter: '*', range: undefined, untilUs: undefined, ...WORDS })
    await addHold(store, { filter: '@timestamp >= now-30d', range: undefined, untilUs: until, ...WORDS })
    const heldBy = async (nowMs: number) =>
      (await planRetention(store, requests('2026-07-03'), nowMs)).flatMap(p => p.keepers.map(k => k.hold))
    expect(await heldBy(NOON)).toEqual([one, one + 1])
    expect(await heldBy(NOON + 1)).toEqual([one])
    releaseHold(store, one, WORDS)
    expect(await heldBy(NOON + 1)).toEqual([])
    expect(() => releaseHold(store, one, WORDS)).toThrow(/released on 2026-07-10/)
    expect(() => releaseHold(store, 99, WORDS)).toThrow(/there is none of this number/)
    expect((await checkStore(store.root, store.db, { isOwner: true })).problems).toEqual([])
    const text = readFileSync(store.file(store.state.holds.get(one + 1)?.file?.path ?? ''), 'utf8')
    // A moment, not a distance from whoever asks.
    expect(JSON.parse(text)).toMatchObject({ filter: '@timestamp >= "2026-06-10T12:00:00Z"', why: 'retention' })
  })) // biome-ignore format: one expectation a line

test.each([
  { name: 'a filter of a later version', text: { version: 1, filter: 'planet:mars', why: 'x' } },
  { name: 'a file of a later version', text: { version: 2, query: {} } },
])('$name: nothing is pruned', ({ text }) =>
  filled(21, async (store, folder) => {
    await addHold(store, { filter: 'status:599', range: undefined, untilUs: undefined, ...WORDS })
    expect((await planRetention(store, requests('2026-07-03'), NOON))[0]?.keepers).toEqual([])
    const record = [...store.state.holds.values()][0]?.file
    const path = join(folder, 'store', record?.path ?? '')
    writeFileSync(path, JSON.stringify(text).padEnd(record?.bytes ?? 0))
    const { head } = store.state
    await expect(applyRetention(store, requests('2026-07-03'), NOON, WORDS)).rejects.toMatchObject({
      code: 'HOLD_UNREADABLE',
    })
    expect(store.state.head).toBe(head)
  }),
)

test('rejects and earlier links have an age of their own; both stay where a hold keeps their days', () =>
  handedOverInParts(async (store, folder) => {
    const day = '2026-07-01'
    const late = `#Fields: date time s-computername cs-uri-stem\r\n${day} 23:00:00 web01 /late\r\n${day} 23:00:01 /torn\r\n`
    await ingestInto(store, writeFiles(folder, { 'late.log': late }))
    closeAll(store)
    const links = [...store.state.days.values()].flatMap(d => d.earlierLinks)
    expect([links.length > 0, store.state.rejects.length]).toEqual([true, 1])
    const rules = [
      { kind: 'rejects', before: '2026-07-04' },
      { kind: 'generations', before: '2026-07-04' },
    ] as const
    const hold = await addHold(store, {
      filter: 'path:"/late"',
      range: undefined,
      untilUs: undefined,
      ...WORDS,
    })
    for (const plan of await planRetention(store, rules, NOON))
      expect(plan).toMatchObject({ files: [], before: day, keepers: [{ hold, requests: 1, day }] })
    releaseHold(store, hold, WORDS)
    const before = await requestsOf(store)
    const done = await applyRetention(store, rules, NOON, WORDS)
    expect(done.map(p => p.files.map(f => f.what)[0])).toEqual(['rejects', 'links'])
    expect(store.state.rejects).toEqual([])
    expect([...store.state.days.values()].flatMap(d => d.earlierLinks)).toEqual([])
    expect(await requestsOf(store)).toEqual(before)
    expect(store.state.pruning).toBe(undefined)
  }))
