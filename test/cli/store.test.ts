import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeFiles } from '../support/folder.ts'
import { portalFiles } from '../support/portal.ts'
import { inProcess } from '../support/program.ts'

let cwd = ''
let serial = 0

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'tl-test-'))
  writeFiles(join(cwd, 'logs'), portalFiles())
  expect((await inProcess(['ingest', 'logs', '--store', 'whole'], { cwd })).code).toBe(0)
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

function copy(): string {
  const name = `copy-${serial++}`
  cpSync(join(cwd, 'whole'), join(cwd, name), { recursive: true })
  return name
}

const filesBelow = (store: string, under: string): string[] =>
  readdirSync(join(cwd, store, under), { recursive: true, withFileTypes: true })
    .filter(e => e.isFile())
    .map(e => join(e.parentPath, e.name))
    .sort()

const check = (store: string, ...more: string[]) =>
  inProcess(['store', 'check', '--store', store, ...more], { cwd })

test('store check of a whole store ends with 0', async () => {
  const { code, stdout, stderr } = await check('whole')
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(
    /^ledger {5}(\d+) entries, signed up to entry \d+\nfiles {6}\d+, [\d.]+ KiB\nroots {6}(\d+) of \2 made again from the rows\nproblems {3}none\n$/,
  )
})

test('what can be made again is 1, one line each with what to do; repair makes it, and says what it did', async () => {
  const store = copy()
  rmSync(join(cwd, store, 'index'), { recursive: true })
  writeFiles(join(cwd, store), { 'facts/app/left.parquet': 'x' })
  const found = await check(store)
  expect(found.code).toBe(1)
  expect(found.stdout).toMatch(/^repairable +index\/id\/\S+ +missing; entry 3 names it +run: throughline store repair$/m)
  expect(found.stdout).toMatch(/^repairable +facts\/app\/left\.parquet +no entry names it +run: throughline store repair$/m)
  const repaired = await inProcess(['store', 'repair', '--store', store], { cwd })
  expect([repaired.code, repaired.stderr]).toEqual([0, ''])
  expect(repaired.stdout).toMatch(/^removed {4}facts\/app\/left\.parquet\nindexed {4}2026-07-01\nlinked {5}nothing\n/)
  expect((await check(store)).code).toBe(0)
}) // biome-ignore format: long lines

test('damaged facts are 3, in JSON too, and repair leaves them', async () => {
  const store = copy()
  const [path = ''] = filesBelow(store, 'facts')
  appendFileSync(path, 'x')
  const { code, stdout } = await check(store, '--json')
  expect(code).toBe(3)
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    problems: [{ severity: 'damaged', repair: 'restore', path: path.slice(join(cwd, store).length + 1) }],
  })
  const repaired = await inProcess(['store', 'repair', '--store', store], { cwd })
  expect(repaired.code).toBe(3)
  expect(readFileSync(path, 'latin1').endsWith('x')).toBe(true)
})

test('a broken chain is 3 and names the entry; nothing else opens the store', async () => {
  const store = copy()
  const path = join(cwd, store, 'ledger/000/000002.json')
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 200))
  const { code, stdout } = await check(store)
  expect([code, stdout]).toEqual([3, expect.stringMatching(/^damaged +ledger\/000\/000002\.json +it is not JSON +restore /m)])
  expect((await inProcess(['store', 'repair', '--store', store], { cwd })).code).toBe(3)
}) // biome-ignore format: long lines

test('a reader that fails on an altered file says that the store is damaged, and how to see more', async () => {
  const store = copy()
  for (const path of filesBelow(store, 'facts')) {
    const bytes = readFileSync(path)
    // The last eight bytes are the length of the footer and the magic (Parquet format, file structure).
    const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8)
    for (let at = footer; at < footer + 16; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff
    writeFileSync(path, bytes)
  }
  const { code, stderr } = await inProcess(['query', '--store', store], { cwd })
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^throughline: store file \S+facts\/\S+: its SHA-256 is/)])
  expect(stderr).toContain('throughline store check')
}) // biome-ignore format: long lines

test('files of another store in the place of its own are damage for whoever reads them', async () => {
  writeFiles(join(cwd, 'other-logs'), portalFiles({ direct: 5, aheadSeconds: 3 }))
  expect((await inProcess(['ingest', 'other-logs', '--store', 'other'], { cwd })).code).toBe(0)
  const store = copy()
  cpSync(join(cwd, 'other/facts'), join(cwd, store, 'facts'), { recursive: true })
  const { code, stderr } = await inProcess(['query', '--store', store], { cwd })
  expect([code, stderr]).toEqual([3, expect.stringMatching(/store file \S+: it has \d+ bytes, the ledger says \d+/)])
  expect((await check(store)).code).toBe(3)
}) // biome-ignore format: long lines

test('a store that is a link to itself is none: neither to read nor to write', async () => {
  symlinkSync(join(cwd, 'loop'), join(cwd, 'loop'))
  const read = await check('loop')
  expect([read.code, read.stderr]).toEqual([2, expect.stringMatching(/^throughline: store loop: no store there \(ELOOP/)])
  const written = await inProcess(['ingest', 'logs', '--store', 'loop'], { cwd })
  expect([written.code, written.stderr]).toEqual([3, expect.stringMatching(/^throughline: store \S+loop: E\w+: .*; name a folder/)])
}) // biome-ignore format: long lines
