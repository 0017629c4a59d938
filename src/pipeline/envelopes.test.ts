import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { inFolder, writeFiles } from '../../test/support/folder.ts'
import { ingestInto, withStore } from '../../test/support/store.ts'
import { SHAPES, type ShippedLine, shipped, wrapped } from '../formats/envelope/shapes.fixture.ts'
import type { Store } from '../store/store.ts'

const row = (second: number, path = '/a'): string => `2026-07-01 22:00:0${second} GET ${path} 200`
const HEADER = [
  '#Software: Microsoft Internet Information Services 10.0',
  '#Fields: date time cs-method cs-uri-stem sc-status',
]
const log = (rows: readonly string[]): string => [...HEADER, ...rows].map(line => `${line}\r\n`).join('')
/** A line twice in one second, and others. */
const LOG = log([row(1), row(1), row(2), row(3)])
const filebeat = (lines: readonly ShippedLine[]): string => wrapped(SHAPES.filebeat, lines)
const splunk = (lines: readonly ShippedLine[]): string => wrapped(SHAPES.splunk, lines)

async function hopIds(store: Store): Promise<string[]> {
  const files = store.state.segments.filter(s => s.kind === 'app').map(s => `'${store.file(s.path)}'`)
  const rows = await store.db.rows<{ id: string }>(
    `SELECT hex_id(hop_id) AS id FROM read_parquet([${files.join(', ')}]) ORDER BY id`,
  )
  return rows.map(({ id }) => id)
}

/** Hop ids after reading batches of files into a new store, and the accounting of the last one. */
async function take(...batches: Record<string, string | Uint8Array>[]) {
  return inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      let last: Awaited<ReturnType<typeof ingestInto>> | undefined
      for (const files of batches)
        last = await ingestInto(store, writeFiles(folder, files), { host: 'web01' })
      return { ids: await hopIds(store), counts: last?.sources.map(s => s.accounting) ?? [] }
    }),
  )
}

const direct = (await take({ 'a.log': LOG })).ids
const lines = shipped(LOG)

test('equal lines of one second are two hops, as in the log itself', async () => {
  expect(direct.length).toBe(4)
  expect((await take({ 'a.json': filebeat(lines) })).ids).toEqual(direct)
  expect((await take({ 'a.json': splunk(lines) })).ids).toEqual(direct)
  expect((await take({ 'a.json.gz': gzipSync(filebeat(lines)) })).ids).toEqual(direct)
})

test('what is delivered twice is one line: a duplicate, and no possible one', async () => {
  const { ids, counts } = await take({ 'a.json': filebeat([...lines, ...lines.slice(2, 5)]) })
  expect(ids).toEqual(direct)
  expect(counts).toMatchObject([
    { lines: 9, decoded: 7, directives: 2, duplicates: 3, possibleDuplicates: 0 },
  ])
})

test('a line that is delivered again much later, in another file, is known', async () => {
  const again = filebeat([...lines.slice(0, 2), ...lines.slice(3, 4)])
  const { ids, counts } = await take({ 'a.json': filebeat(lines) }, { 'b.json': again })
  expect(ids).toEqual(direct)
  expect(counts).toMatchObject([{ decoded: 1, duplicates: 1, possibleDuplicates: 0 }])
})

test('a cut between equal lines loses none: in two files of one batch, of two, out of order', async () => {
  const [first, second] = [filebeat(lines.slice(0, 3)), filebeat([...lines.slice(0, 2), ...lines.slice(3)])]
  expect((await take({ 'a.json': first, 'b.json': second })).ids).toEqual(direct)
  expect((await take({ 'a.json': first }, { 'b.json': second })).ids).toEqual(direct)
  expect((await take({ 'b.json': second }, { 'a.json': first })).ids).toEqual(direct)
})

test('the same log read and shipped gives each hop once, in either order', async () => {
  expect((await take({ 'a.log': LOG }, { 'a.json': filebeat(lines) })).ids).toEqual(direct)
  expect((await take({ 'a.json': filebeat(lines) }, { 'a.log': LOG })).ids).toEqual(direct)
  expect((await take({ 'a.json': filebeat(lines), 'a.log': LOG })).ids).toEqual(direct)
})

test('one line in two logs of a host is one hop, as in two files', async () => {
  const [a, b] = [log([row(1), row(1)]), log([row(1), row(2)])]
  const own = await take({ 'a.log': a, 'b.log': b })
  const mixed = [...shipped(a, 'web01', 'a.log'), ...shipped(b, 'web01', 'b.log')]
  expect((await take({ 'a.json': filebeat(mixed) })).ids).toEqual(own.ids)
  expect((await take({ 'a.json': splunk(mixed) })).ids).toEqual(own.ids)
})

test.each(['filebeat', 'splunk'] as const)('%s: a file that grew is read on, each log with its columns and numbers', async shape => {
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const other = shipped(log([row(1), row(3)]), 'web02', 'b.log')
      const text = (part: readonly ShippedLine[]): string => wrapped(SHAPES[shape], part)
      const [path = ''] = writeFiles(folder, { 'a.json': text([...lines.slice(0, 3), ...other.slice(0, 3)]) })
      await ingestInto(store, [path], { host: 'web01' })
      appendFileSync(path, text([...lines.slice(3), ...other.slice(3)]))
      const { sources } = await ingestInto(store, [path], { host: 'web01' })
      expect(sources.map(s => s.accounting)).toMatchObject([{ lines: 10, decoded: 6, directives: 4, duplicates: 0 }])
      const web01 = await take({ 'a.json': text([...lines, ...other]) })
      expect(await hopIds(store)).toEqual(web01.ids)
    }),
  )
}) // biome-ignore format: one line

test('a configured rule gives the site of a log inside', async () => {
  const hosts = [{ path: '**/W3SVC1/**', site: 'shop' }]
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const files = writeFiles(folder, { 'x.json': filebeat(lines) })
      await ingestInto(store, files, { config: { hosts } })
      const inside = await hopIds(store)
      const own = await withStore(join(folder, 'other'), async other => {
        await ingestInto(other, writeFiles(folder, { 'W3SVC1/a.log': LOG }), {
          host: 'web01',
          config: { hosts },
        })
        return hopIds(other)
      })
      expect(inside).toEqual(own)
    }),
  )
})
