import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { facts, fingerprint, requestsOf } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { runs } from '../support/runs.ts'
import { ingestInto, withStore } from '../support/store.ts'
import {
  type Call,
  calls,
  type GatewayRow,
  gatewayRows,
  iisLog,
  iisRows,
  logFiles,
  ndjson,
} from '../support/traffic.ts'

const DAY_MS = 86_400_000

/** A new store in a folder, and a function that reads files into it. */
async function withFiles<T>(
  action: (
    take: (files: Record<string, string | Uint8Array>) => ReturnType<typeof ingestInto>,
    store: Store,
  ) => Promise<T>,
  nowMs?: number,
): Promise<T> {
  return inFolder(folder =>
    withStore(
      join(folder, 'store'),
      store => action(files => ingestInto(store, writeFiles(folder, files)), store),
      nowMs === undefined ? {} : { nowMs },
    ),
  )
}

const ONE: Call = {
  atMs: 0, takenMs: 500, host: 'web01', method: 'GET', path: '/a', id: 'id-1-0123456789', form: 'plain', status: 200,
  recorded: 'both', hasTwin: false,
} // biome-ignore format: one call

/** A request without its ids and with its times moved. */
function shape(row: Readonly<Record<string, unknown>>, shiftMs: number): string {
  const moved = (text: unknown): number => Date.parse(`${String(text).replace(' ', 'T')}Z`) - shiftMs
  const {
    method,
    path,
    status,
    state,
    correlation_id,
    app_hops,
    duration_us,
    app_us,
    link_method,
    confidence,
  } = row
  return JSON.stringify([
    moved(row.start_ts), moved(row.end_ts), method, path, status, state, correlation_id, app_hops, duration_us, app_us,
    link_method, confidence,
  ]) // biome-ignore format: one row
}

test('shifting all times by whole days shifts the requests and changes nothing else', async () => {
  const shifts = fc.integer({ min: -800, max: 3 }).filter(days => days !== 0)
  await fc.assert(
    fc.asyncProperty(calls, shifts, async (list, days) => {
      const shapes = (shiftMs: number) =>
        withFiles(async (take, store) => {
          await take(logFiles(list, shiftMs))
          return (await requestsOf(store)).map(row => shape(row, shiftMs)).sort()
        })
      expect(await shapes(days * DAY_MS)).toEqual(await shapes(0))
    }),
    runs(4),
  )
})

test('every line is accounted for, and no app hop has two links', async () => {
  await fc.assert(
    fc.asyncProperty(calls, async list => {
      await withFiles(async (take, store) => {
        const { sources } = await take(logFiles(list))
        for (const { accounting: a } of sources) expect(a.lines).toBe(a.decoded + a.directives + a.rejected)
        const decoded = sources.reduce((sum, s) => sum + s.accounting.decoded, 0)
        expect((await facts(store, 'app')).length + (await facts(store, 'gateway')).length).toBe(decoded)
        const files = [...store.state.days.values()].flatMap(d =>
          d.link?.file ? [store.file(d.link.file.path)] : [],
        )
        if (files.length === 0) return
        const links = await store.db.rows<{ app_hop_id: string }>(
          `SELECT app_hop_id FROM read_parquet([${files.map(f => `'${f}'`).join(', ')}]) WHERE verdict = 'linked'`,
        )
        expect(new Set(links.map(l => l.app_hop_id)).size).toBe(links.length)
      })
    }),
    runs(6),
  )
})

test('a file that was read before is known by its bytes, under any name; its lines in another form are duplicates', async () => {
  await withFiles(async (take, store) => {
    const log = iisLog(iisRows([ONE], 'web01'))
    await take({ 'a.log': log })
    const before = await fingerprint(store)
    const again = await take({ 'a.log': log, 'moved/b.log': log })
    expect(again.known).toHaveLength(2)
    expect(again.sources).toEqual([])
    const zipped = await take({ 'c.log.gz': gzipSync(log) })
    expect(zipped.sources.map(s => s.accounting)).toMatchObject([
      { decoded: 1, duplicates: 1, possibleDuplicates: 0 },
    ])
    expect(await fingerprint(store)).toEqual(before)
  })
})

test('two equal lines of one file are two hops; in a copy of the file they are the same two', async () => {
  await withFiles(async (take, store) => {
    const rows = iisRows([{ ...ONE, hasTwin: true }], 'web01')
    await take({ 'a.log': iisLog(rows), 'copy.log': `${iisLog(rows)}\r\n` })
    const found = (await facts(store, 'app')).map(text => JSON.parse(text) as { hop_id: string })
    expect(new Set(found.map(hop => hop.hop_id)).size).toBe(2)
    expect(found).toHaveLength(2)
  })
})

test('equal lines on both sides of a cut inside their second are one hop, reported as a possible duplicate', async () => {
  await withFiles(async (take, store) => {
    const [first = '', twin = ''] = iisRows([{ ...ONE, hasTwin: true }], 'web01')
    const [before = ''] = iisRows([{ ...ONE, atMs: -60_000, id: 'id-2-0123456789' }], 'web01')
    const [after = ''] = iisRows([{ ...ONE, atMs: 60_000, id: 'id-3-0123456789' }], 'web01')
    const { sources } = await take({ 'a.log': iisLog([before, first]), 'b.log': iisLog([twin, after]) })
    expect(await facts(store, 'app')).toHaveLength(3)
    const total = (pick: 'duplicates' | 'possibleDuplicates'): number =>
      sources.reduce((sum, s) => sum + s.accounting[pick], 0)
    expect([total('duplicates'), total('possibleDuplicates')]).toEqual([1, 1])
  })
})

test.each<{ name: string; batches: (versions: GatewayRow[]) => Record<string, string>[] }>([
  { name: 'in one file', batches: versions => [{ 'a.json': ndjson(versions) }] },
  {
    name: 'in two files',
    batches: ([a, b]) => [{ 'a.json': ndjson(a ? [a] : []), 'b.json': ndjson(b ? [b] : []) }],
  },
  {
    name: 'the fuller first',
    batches: ([a, b]) => [{ 'b.json': ndjson(b ? [b] : []) }, { 'a.json': ndjson(a ? [a] : []) }],
  },
  {
    name: 'the fuller later',
    batches: ([a, b]) => [{ 'a.json': ndjson(a ? [a] : []) }, { 'b.json': ndjson(b ? [b] : []) }],
  },
])('two versions of a gateway record are both kept, and the fuller is shown: $name', async ({ batches }) => {
  await withFiles(async (take, store) => {
    const [full = {}] = gatewayRows([ONE])
    const { response_status_code: _, target_response_code: __, ...thin } = full
    for (const files of batches([thin, full])) await take(files)
    const found = (await facts(store, 'gateway')).map(
      text => JSON.parse(text) as { hop_id: string; status: number },
    )
    expect(new Set(found.map(hop => hop.hop_id)).size).toBe(1)
    expect(found.map(hop => hop.status).sort()).toEqual([200, null])
    expect((await requestsOf(store)).map(row => row.status)).toEqual([200])
  })
})

test('a record handed over a second time after its other version is a duplicate', async () => {
  await withFiles(async (take, store) => {
    const [full = {}] = gatewayRows([ONE])
    const { response_status_code: _, ...thin } = full
    await take({ 'a.json': ndjson([thin, full]) })
    const { sources } = await take({ 'b.json': ndjson([full, thin, full]) })
    expect(sources.map(s => s.accounting.duplicates)).toEqual([3])
    expect(await facts(store, 'gateway')).toHaveLength(2)
  })
})
