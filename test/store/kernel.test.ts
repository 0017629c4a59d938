import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIG, type Config } from '../../src/config/schema.ts'
import { closeByHand, closeDays } from '../../src/correlate/close-days.ts'
import { Ledger } from '../../src/ledger/chain.ts'
import { repair } from '../../src/pipeline/repair.ts'
import { rederiveAndLink } from '../../src/pipeline/run.ts'
import { findById } from '../../src/requests/lookup.ts'
import { checkStore } from '../../src/store/check.ts'
import { compact } from '../../src/store/compact.ts'
import { prune } from '../../src/store/prune.ts'
import type { Store } from '../../src/store/store.ts'
import { facts, fingerprint, requestsOf } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { CALLS, IIS, KERNEL, KERNEL_FIELDS, LOGS, log, ODD } from '../support/refused.ts'
import { ingestInto, withStore } from '../support/store.ts'

const filled = <T>(
  action: (store: Store, folder: string, sources: string[]) => Promise<T>,
  config: Partial<Config> = {},
) =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const sources = writeFiles(join(folder, 'logs'), LOGS)
      await ingestInto(store, sources, { config })
      return action(store, folder, sources)
    }),
  )

const kernelRows = async (store: Store) => (await requestsOf(store)).filter(row => row.kernel_reason !== null)

test('calls that HTTP.sys refused or dropped are joined with their rows; others are requests of their own', () =>
  filled(async store => {
    const rows = await kernelRows(store)
    const joined = rows.filter(row => row.state === 'joined')
    expect(joined.map(row => row.message_id).sort()).toEqual(
      CALLS.filter(c => c.end !== 'answered').map(({ n }) => `rrt-${n}`).sort(),
    )
    for (const row of joined) {
      const { end } = CALLS[Number(String(row.message_id).slice(4))] ?? {}
      expect(row).toMatchObject({ link_method: 'time', kernel_queue: 'pool', app_hops: 1, app_us: null, app_subject: null, site: 'w3svc1', server_ip: '10.0.0.5' })
      expect(row).toMatchObject(
        end === 'refused'
          ? { decided_by: 'kernel', decided_detail: '503 QueueFull', kernel_reason: 'QueueFull', app_status: 503, status: 503 }
          : { decided_by: 'target-unreachable', kernel_reason: 'Connection_Dropped', app_status: null, status: 502 },
      )
    }
    expect(rows.filter(row => row.state !== 'joined')).toMatchObject([
      { state: 'awaiting-gateway', decided_by: 'kernel', decided_detail: '400 Hostname', kernel_reason: 'Hostname', method: 'GET', path: '/scan', status: 400, duration_us: null, peer_ip: '198.51.100.7' },
    ])
    closeByHand(store, ['2026-07-01'])
    expect((await kernelRows(store)).filter(row => row.state !== 'joined')).toMatchObject([{ state: 'kernel-only' }])
  })) // biome-ignore format: long rows

test('requests without HTTPERR are the ones with it, but for those that it tells of', () =>
  filled(async store => {
    const answered = (rows: readonly Record<string, unknown>[]) =>
      rows.filter(row => String(row.message_id).startsWith('rrt-') && Number(row.status) === 200)
    const withIt = answered(await requestsOf(store))
    expect(withIt.length).toBe(IIS.length)
    await inFolder(other =>
      withStore(join(other, 'store'), async plain => {
        const { 'gateway.json': gateway, 'iis.log': iis } = LOGS
        await ingestInto(plain, writeFiles(join(other, 'logs'), { 'gateway.json': gateway, 'iis.log': iis }))
        expect(answered(await requestsOf(plain))).toEqual(withIt)
        expect([...plain.state.days.values()].map(day => day.link?.method)).toEqual(['throughline/2'])
      }),
    )
    expect([...store.state.days.values()].map(day => day.link?.method)).toEqual(['throughline/3'])
  }))

test('every line is accounted for, also when the log grows by whole rows and torn ones', () =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const whole = log(KERNEL_FIELDS, ...KERNEL, ...ODD)
      const [path = ''] = writeFiles(folder, { 'httperr1.log': '' })
      for (const cut of [200, 1500, 1501, whole.length - 190, whole.length - 130, whole.length]) {
        writeFileSync(path, whole.slice(0, cut))
        await ingestInto(store, [path])
      }
      const [source] = [...store.state.sources.values()]
      expect(source?.accounting).toMatchObject({ lines: KERNEL.length + ODD.length + 1, decoded: KERNEL.length + 2, directives: 2, idle: 1, rejected: 0, duplicates: 0 })
      expect((await facts(store, 'kernel')).length).toBe(KERNEL.length + 2)
    }),
  )) // biome-ignore format: long rows

test('the same rows again, in another file, in pieces or in another order, give the same facts, links and requests', () =>
  filled(async (store, folder) => {
    const once = await fingerprint(store)
    const pieces = writeFiles(join(folder, 'pieces'), {
      'b.log': log(KERNEL_FIELDS, ...KERNEL.slice(7), ...ODD),
      'a.log': log(KERNEL_FIELDS, ...KERNEL.slice(0, 9)),
    })
    await ingestInto(store, pieces)
    expect(await fingerprint(store)).toEqual(once)
    await withStore(join(folder, 'other'), async other => {
      for (const piece of pieces) await ingestInto(other, [piece])
      await ingestInto(other, [join(folder, 'logs', 'iis.log'), join(folder, 'logs', 'gateway.json')])
      expect(await fingerprint(other)).toEqual(once)
    })
  }))

test('one engine thread and eight give the same links', async () => {
  const withThreads = (threads: number) =>
    inFolder(folder =>
      withStore(
        join(folder, 'store'),
        async store => {
          await ingestInto(store, writeFiles(join(folder, 'logs'), LOGS))
          return fingerprint(store)
        },
        { threads },
      ),
    )
  expect(await withThreads(8)).toEqual(await withThreads(1))
})

test('two equal rows of one second are two hops, the same row in a copy is one', () =>
  inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const [row = ''] = KERNEL
      const [first = '', second = ''] = writeFiles(folder, {
        'a.log': log(KERNEL_FIELDS, row, row),
        'b.log': log(KERNEL_FIELDS, row, row, row),
      })
      await ingestInto(store, [first])
      expect((await facts(store, 'kernel')).length).toBe(2)
      await ingestInto(store, [second])
      expect((await facts(store, 'kernel')).length).toBe(3)
      appendFileSync(first, log(row))
      await ingestInto(store, [first])
      expect((await facts(store, 'kernel')).length).toBe(3)
    }),
  ))

test('hops are found by id, compacted, checked and made again like any others', () =>
  filled(async (store, folder, sources) => {
    await ingestInto(store, writeFiles(join(folder, 'more'), { 'x.log': log(KERNEL_FIELDS, '2026-07-01 12:30:00 10.9.9.9 1 10.0.0.5 443 HTTP/1.1 GET /late 503 1 AppOffline pool') })) // biome-ignore format: one line
    const once = await fingerprint(store)
    const hops = (await kernelRows(store)).flatMap(row => row.app_hop_ids as string[])
    const look = async () => {
      const found: (readonly Record<string, unknown>[])[] = []
      for (const id of hops.slice(0, 3)) found.push((await findById(store, id)).requests)
      return found
    }
    const found = await look()
    for (const [i, requests] of found.entries()) expect(requests).toMatchObject([{ app_hop_ids: [hops[i]] }])
    const { merges } = await compact(store, { everything: true })
    expect(merges).toBeGreaterThan(0)
    expect(store.state.segments.filter(s => s.kind === 'kernel').length).toBe(1)
    expect(await fingerprint(store)).toEqual(once)
    expect(await look()).toEqual(found)
    expect((await checkStore(store.root, store.db, { isOwner: true })).problems).toEqual([])
    await repair(store, CONFIG.parse({}))
    expect(await fingerprint(store)).toEqual(once)
    expect(Ledger.open(store.root).state).toEqual(store.state)
    expect(readFileSync(sources[2] ?? '', 'utf8')).toBe(LOGS['httperr1.log'])
  }))

test('a changed configuration derives applications of kernel hops anew, and trusted proxies count', () =>
  filled(async store => {
    const applications = [{ name: 'pay', gateway: { proxies: ['p'] }, app: { sites: ['w3svc1'] } }]
    const config = { ...CONFIG.parse({}), applications, trustedProxies: ['10.0.0.1'] }
    await rederiveAndLink(store, { config })
    const rows = await kernelRows(store)
    expect(new Set(rows.filter(row => row.kernel_reason !== 'Hostname').map(row => row.application))).toEqual(new Set(['pay']))
    expect(rows.filter(row => row.kernel_reason === 'Hostname')).toMatchObject([{ application: 'default' }])
    expect(rows.every(row => row.state === 'awaiting-gateway')).toBe(true)
  })) // biome-ignore format: long rows

test('a pruned day takes its kernel hops along, and its tombstone names them', () =>
  filled(async (store, folder) => {
    const next = [
      KERNEL[0]?.replace('2026-07-01', '2026-07-02') ?? '',
      KERNEL[0]?.replace('2026-07-01', '2026-07-03') ?? '',
    ]
    await ingestInto(store, writeFiles(join(folder, 'next'), { 'n.log': log(KERNEL_FIELDS, ...next) }))
    await closeDays(store)
    closeByHand(store, ['2026-07-01', '2026-07-02', '2026-07-03'])
    const { files } = await prune(store, '2026-07-02', { why: 'test', who: 'tester' })
    expect(files.map(file => file.path)).toEqual(expect.arrayContaining([expect.stringContaining('facts/kernel/date=2026-07-01/')]))
    expect((await facts(store, 'kernel')).length).toBe(2)
    expect((await requestsOf(store)).map(row => row.state)).toEqual(['kernel-only', 'kernel-only'])
    expect((await checkStore(store.root, store.db, { isOwner: true })).problems).toEqual([])
  })) // biome-ignore format: long rows
