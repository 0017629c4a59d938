import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { ingestInto, withStore } from '../../test/support/store.ts'
import { CONFIG } from '../config/schema.ts'
import { discoverInputs } from '../sources/discover.ts'
import { run } from './run.ts'

const FIELDS = '#Fields: date time s-computername cs-method cs-uri-stem sc-status'
const row = (second: number, path = '/a'): string =>
  `2026-07-01 22:00:${String(second).padStart(2, '0')} web01 GET ${path} 200`
const log = (rows: readonly string[]): string => [FIELDS, ...rows].map(line => `${line}\r\n`).join('')

test('a file that vanishes between discovery and reading is named with what to do; the others are read', async () => {
  await inFolder(async folder => {
    const [gone = ''] = writeFiles(folder, { 'a.log': log([row(1)]), 'b.log': log([row(2)]) })
    await withStore(join(folder, 'store'), async store => {
      const inputs = await discoverInputs([join(folder, '*.log')], store.root)
      rmSync(gone)
      const result = await run(store, inputs, { config: CONFIG.parse({}), pseudonym: () => '' })
      expect(result.refused).toMatchObject([{ path: gone, name: 'unreadable' }])
      expect(result.refused[0]?.advice).toContain('it vanished before it was read; hand it over again')
      expect(result.sources.map(s => s.accounting.decoded)).toEqual([1])
    })
  })
})

test('a file that is truncated while it is read is accounted for as far as it was read, and read anew later', async () => {
  await inFolder(async folder => {
    const rows = Array.from({ length: 60_000 }, (_, i) => row(i % 60, `/${i}`))
    const [path = ''] = writeFiles(folder, { 'a.log': log(rows) })
    await withStore(join(folder, 'store'), async store => {
      const { sources } = await ingestInto(store, [path], { onProgress: () => truncateSync(path, 10) })
      const [a] = sources.map(s => s.accounting)
      expect(a?.lines).toBe((a?.decoded ?? 0) + (a?.directives ?? 0) + (a?.rejected ?? 0))
      expect(a?.decoded).toBeLessThan(60_000)
      writeFileSync(path, log(rows))
      const again = await ingestInto(store, [path])
      expect(again.sources.map(s => s.accounting.decoded)).toEqual([60_000])
      const { n } = await store.db.row<{ n: string }>(
        `SELECT count(*) AS n FROM read_parquet('${store.root}/facts/app/*/*.parquet')`,
      )
      expect(n).toBe('60000')
    })
  })
})

test('a log that grew is read on from where it ended, whatever its name is now', async () => {
  await inFolder(async folder => {
    const [path = ''] = writeFiles(folder, { 'a.log': log([row(1), row(1), row(2)]) })
    await withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [path])
      const [grown = ''] = writeFiles(folder, {
        'renamed.log': log([row(1), row(1), row(2), row(2), row(3)]),
      })
      const { sources } = await ingestInto(store, [grown])
      // Of the two new rows the first is the second of its kind in this source: a hop of its own.
      expect(sources.map(s => [s.id, s.accounting.decoded, s.accounting.duplicates])).toEqual([[0, 5, 0]])
      expect([...store.state.sources.values()].map(s => s.path)).toEqual([grown])
    })
  })
})

test('NULs behind the last row are no data yet: the rows that come into their place are read, as the same source', async () => {
  await inFolder(async folder => {
    const text = log([row(1), row(2), row(3)])
    const cut = text.length - 30
    const padded = (bytes: string) => Buffer.concat([Buffer.from(bytes), Buffer.alloc(70_000)])
    const [path = ''] = writeFiles(folder, { 'a.log': padded(text.slice(0, cut)) })
    await withStore(join(folder, 'store'), async store => {
      const first = await ingestInto(store, [path])
      expect(first.sources.map(s => [s.rawBytes, s.padding, s.accounting.bytes])).toEqual([
        [cut, 70_000, cut],
      ])
      expect((await ingestInto(store, [path])).known.map(k => k.path)).toEqual([path])
      writeFiles(folder, { 'a.log': padded(text) })
      const { sources } = await ingestInto(store, [path])
      const { decoded, rejected, duplicates, bytes } = sources[0]?.accounting ?? {}
      expect(sources[0]?.id).toBe(0)
      expect({ decoded, rejected, duplicates, bytes }).toEqual({
        decoded: 3,
        rejected: 0,
        duplicates: 0,
        bytes: text.length,
      })
    })
  })
})

test('a log that was packed with gzip is the same source, read on inside; beside its original it is another', async () => {
  await inFolder(async folder => {
    const text = log([row(1), row(2), row(3)])
    const [path = ''] = writeFiles(folder, { 'a.log': text })
    await withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [path])
      const [twin = ''] = writeFiles(folder, { 'twin.gz': gzipSync(text) })
      const beside = await ingestInto(store, [twin])
      expect(beside.sources.map(s => [s.id, s.accounting.duplicates])).toEqual([[1, 3]])
      rmSync(path)
      const [packed = ''] = writeFiles(folder, {
        'a.log.gz': gzipSync(text + log([row(4)]).slice(FIELDS.length + 2)),
      })
      const { sources } = await ingestInto(store, [packed])
      expect(sources.map(s => [s.id, s.path, s.gzip, s.accounting.decoded])).toEqual([[0, packed, true, 4]])
      expect((await ingestInto(store, [packed])).known.map(k => k.path)).toEqual([packed])
    })
  })
})

test('a log that was replaced under its name is a source of its own', async () => {
  await inFolder(async folder => {
    const [path = ''] = writeFiles(folder, { 'a.log': log([row(1)]) })
    await withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [path])
      writeFileSync(path, log([row(2), row(3)]))
      const { sources } = await ingestInto(store, [path])
      expect(sources.map(s => [s.id, s.accounting.decoded])).toEqual([[1, 2]])
    })
  })
})

test('host and site of a log come from the command, else from the first rule whose pattern its path matches', async () => {
  await inFolder(async folder => {
    const bare = `#Fields: date time cs-method cs-uri-stem sc-status\r\n2026-07-01 22:00:01 GET /a 200\r\n`
    writeFiles(folder, { 'web01/a.log': bare, 'web02/a.log': bare, 'other/a.log': bare })
    await withStore(join(folder, 'store'), async store => {
      const hosts = [
        { path: '**/web01/**', host: 'WEB01', site: 'Pay' },
        { path: '**/web*/**', host: 'WEB02' },
      ]
      const { sources } = await ingestInto(store, [folder], { config: { hosts } })
      const found = sources.map(s => [s.path.slice(folder.length + 1), s.host, s.site])
      expect(found).toEqual([
        ['other/a.log', undefined, undefined],
        ['web01/a.log', 'WEB01', 'Pay'],
        ['web02/a.log', 'WEB02', undefined],
      ])
      const hops = await store.db.rows(
        `SELECT host, site FROM read_parquet('${store.root}/facts/app/*/*.parquet') ORDER BY host NULLS FIRST`,
      )
      expect(hops).toEqual([
        { host: null, site: null },
        { host: 'web01', site: 'pay' },
        { host: 'web02', site: null },
      ])
      expect(sources[0]?.accounting.warnings).toContain('host-unknown')
    })
  })
})

test('a configuration that changes is an entry that names what changed', async () => {
  await inFolder(async folder => {
    const [path = ''] = writeFiles(folder, { 'a.log': log([row(1)]) })
    await withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [path])
      const { configDigest, head } = store.state
      await ingestInto(store, [path])
      expect(store.state).toMatchObject({ configDigest, head })
      await ingestInto(store, [path], { config: { trustedProxies: ['10.0.0.0/8'] } })
      expect(store.state.configDigest).not.toBe(configDigest)
    })
  })
})

// Chunks of 48 MiB are the smallest unit that is committed by itself.
test('a log that is taken in over several entries has the same hops, equal lines on both sides of a cut included', async () => {
  const rows = Array.from({ length: 50_000 }, (_, i) =>
    row(Math.floor(i / 1000), `/${i % 7}${'x'.repeat(1500)}`),
  )
  await inFolder(async folder => {
    const paths = writeFiles(folder, { 'a.log': log(rows) })
    const hops = (name: string, commitRows?: number) =>
      withStore(join(folder, name), async store => {
        const { sources } = await ingestInto(store, paths, { commitRows })
        expect(sources.map(s => [s.accounting.decoded, s.accounting.duplicates])).toEqual([[50_000, 0]])
        const found = await store.db.row<{ n: string; ids: string }>(
          `SELECT count(DISTINCT hop_id) AS n, md5(string_agg(hop_id::VARCHAR, ' ' ORDER BY hop_id)) AS ids
           FROM read_parquet('${store.root}/facts/app/*/*.parquet')`,
        )
        return { ...found, indexes: store.state.indexes.filter(i => i.kind === 'id').length }
      })
    const whole = await hops('whole')
    const cut = await hops('cut', 1)
    expect([whole.indexes, cut.indexes > 1]).toEqual([1, true])
    expect([cut.n, cut.ids]).toEqual(['50000', whole.ids])
  })
})
