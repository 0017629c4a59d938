import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FileRecord } from '../../src/ledger/entry.ts'
import { Store } from '../../src/store/store.ts'
import { fingerprint } from '../support/fingerprint.ts'
import { inFolder, writeFiles } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'
import { calls, logFiles } from '../support/traffic.ts'

const [LOGS = {}, MORE = {}] = fc
  .sample(calls, { numRuns: 2, seed: 3 })
  .map((list, i) => logFiles(list, -i * 86_400_000))
const BROKEN = { 'broken.log': '#Fields: date time cs-uri-stem\r\n2026-07-01 22:00:00\r\n' }

/** Every file that some entry of the ledger names. */
function named(store: Store): FileRecord[] {
  const entries = readdirSync(join(store.root, 'ledger'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.json'))
    .map(
      name =>
        JSON.parse(readFileSync(join(store.root, 'ledger', name), 'utf8')) as Record<string, FileRecord[]> & {
          file?: FileRecord
        },
    )
  return entries.flatMap(e => [
    ...(e.segments ?? []),
    ...(e.indexes ?? []),
    ...(e.rejects ?? []),
    ...(e.file ? [e.file] : []),
  ])
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(name =>
    statSync(join(root, name)).isFile(),
  )
}

test('the ledger names every file of the store with its digest, size and rows', async () => {
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(join(folder, '1'), { ...LOGS, ...BROKEN }))
      await ingestInto(store, writeFiles(join(folder, '2'), MORE))
      const files = named(store)
      for (const { path, sha256, bytes, rows } of files) {
        const content = readFileSync(store.file(path))
        expect([path, createHash('sha256').update(content).digest('hex'), content.length]).toEqual([
          path,
          sha256,
          bytes,
        ])
        const counted = path.endsWith('.parquet')
          ? Number(
              (
                await store.db.row<{ n: string }>(
                  `SELECT count(*) AS n FROM read_parquet('${store.file(path)}')`,
                )
              ).n,
            )
          : content.toString().trimEnd().split('\n').length
        expect([path, counted]).toEqual([path, rows])
      }
      const others = filesBelow(store.root).filter(name => !files.some(f => f.path === name))
      expect(others.filter(name => !/^ledger\/\d{3}\/\d{6}\.json$/.test(name))).toEqual(['writer.lock'])
    }),
  )
})

test('what a crash left behind is swept when the next writer starts; what no entry names is not seen', async () => {
  await inFolder(async folder => {
    const root = join(folder, 'store')
    const before = await withStore(root, async store => {
      await ingestInto(store, writeFiles(folder, LOGS))
      return fingerprint(store)
    })
    writeFiles(root, { 'tmp/000000.parquet': 'half a file', 'tmp/chunks-x/0.csv': 'a line' })
    const segment = filesBelow(root).find(name => name.startsWith('facts/app')) ?? ''
    copyFileSync(join(root, segment), join(root, dirname(segment), '999999-0000.parquet'))
    const after = await withStore(root, async store => {
      expect(filesBelow(join(root, 'tmp'))).toEqual([])
      return fingerprint(store)
    })
    expect(after).toEqual(before)
    expect(existsSync(join(root, 'tmp'))).toBe(false)
  })
})

test('a reader sees the state it started with while a writer commits, and the new one when it asks again', async () => {
  await inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      await ingestInto(store, writeFiles(join(folder, '1'), LOGS))
      const reader = await Store.read({ path: store.root, memoryMiB: 256 })
      try {
        const before = await fingerprint(reader)
        const writing = ingestInto(store, writeFiles(join(folder, '2'), MORE))
        expect(await fingerprint(reader)).toEqual(before)
        await writing
        expect(await fingerprint(reader)).toEqual(before)
        reader.ledger.refresh()
        expect(await fingerprint(reader)).toEqual(await fingerprint(store))
        expect((await fingerprint(reader)).requests).toBeGreaterThan(before.requests)
      } finally {
        reader.close()
      }
    }),
  )
})

test('a store keeps no path of the machine it is on but those of its sources', async () => {
  await inFolder(async folder => {
    const root = join(folder, 'store')
    await withStore(root, store => ingestInto(store, writeFiles(folder, LOGS)))
    for (const name of filesBelow(root)) {
      const text = readFileSync(join(root, name), 'latin1').replaceAll(
        new RegExp(`${folder}/(${Object.keys(LOGS).join('|')})`, 'g'),
        '',
      )
      expect([relative(root, join(root, name)), text.includes(folder)]).toEqual([name, false])
    }
  })
})
