import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { inFolder } from '../../test/support/folder.ts'
import { entryFile } from '../../test/support/ledger.ts'
import { Ledger } from './chain.ts'
import type { EntryBody } from './entry.ts'
import { snapshotPath, snapshotsOf } from './snapshot.ts'

const AT = '2026-07-10T12:00:00.000Z'
const DIGEST = 'a'.repeat(64)
const DAY = '2026-07-01'

const file = (path: string) => ({ path, sha256: DIGEST, bytes: 1, rows: 1 })
const segment = (seq: number) => ({
  ...file(`facts/app/date=${DAY}/${seq}.parquet`),
  kind: 'app' as const, day: DAY, applications: ['default', 'other'], firstUs: seq, lastUs: seq, versions: 0,
}) // biome-ignore format: a record
const source = (seq: number) => ({
  id: seq % 7, path: `/logs/${seq % 7}.log`, format: 'iis-w3c', gzip: false, sha256: '', rawBytes: seq, head: '',
  state: { lineNo: seq, byteOffset: seq, format: { fields: ['date', 'time'] } },
  accounting: {
    lines: seq, decoded: seq, directives: 0, rejected: 0, rejectedBy: { 'bad-date': 1 }, duplicates: 0,
    possibleDuplicates: 0, scrubbed: 0, invalidUtf8: 0, bytes: seq, idFields: { x: 1 }, warnings: [],
  },
  status: 'complete' as const,
}) // biome-ignore format: a record

/** Every kind of entry, in turns. */
const KINDS: readonly ((seq: number) => EntryBody)[] = [
  seq => ({
    kind: 'ingest', sources: [source(seq)], refused: [{ path: `/x${seq % 3}`, name: 'n', advice: 'a' }], segments: [segment(seq)],
    indexes: [{ ...file(`index/id/date=${DAY}/${seq}.parquet`), kind: 'id', day: DAY }], rejects: [file(`rejects/${seq}.ndjson`)],
    config: DIGEST,
  }),
  seq => ({
    kind: 'link', application: 'default', day: DAY, generation: seq, file: file(`links/${seq}`), contentHash: DIGEST,
    counts: { linked: seq }, warnings: ['w'], method: 'm', config: DIGEST, clockAheadUs: -3, changes: { made: 1, undone: 2 },
  }),
  () => ({ kind: 'linked', application: 'default', days: [DAY] }),
  () => ({ kind: 'day', application: 'other', day: DAY, state: 'closed', reason: 'r' }),
  seq => ({ kind: 'subjects', file: file(`subjects/${seq}.json`), from: 'f', aliases: 1, rules: 0 }),
  seq => ({ kind: 'config', digest: DIGEST, parts: { fields: DIGEST }, changed: seq % 2 ? ['fields'] : ['trustedProxies'] }),
  seq => ({
    kind: 'suppression', id: `inc-${String(seq % 5).padStart(16, '0')}`, rule: 'ghost', until: AT, reason: `r${seq}`, author: 'me',
  }),
  () => ({ kind: 'coverage', side: 'gateway', from: DAY, to: '2026-07-02' }),
  seq => ({
    kind: 'rederived', segments: [segment(seq)], indexes: [], replaced: [segment(seq - 7).path], config: DIGEST,
  }),
  seq => ({
    kind: 'indexed', indexes: [{ ...file(`index/id/date=${DAY}/${seq}.parquet`), kind: 'id', day: DAY }],
    replaced: [`index/id/date=${DAY}/${seq - 8}.parquet`],
  }),
  seq => ({
    kind: 'compacted', segments: [segment(seq)], indexes: [], replaced: [segment(seq - 9).path], hopsHash: DIGEST,
  }),
  seq => ({
    kind: 'pruned', before: DAY, days: ['2026-06-30'], files: [{ ...file(`facts/app/${seq}`), what: 'facts', day: '2026-06-30' }],
    borders: [{ ...file(`links/border-${seq}`), application: 'default', day: '2026-06-30' }], frozen: [{ application: 'default', day: DAY }],
    why: 'w', who: 'me',
  }),
  seq => ({ kind: 'anchored', size: seq, root: DIGEST, where: 'printed', who: 'me' }),
  seq => ({ kind: 'reads', file: file(`reads/${seq}.ndjson`), from: [`p${seq}`] }),
  () => ({
    kind: 'key', publicKey: 'MCow', fingerprint: DIGEST, salts: DIGEST.slice(0, 16), replaces: DIGEST, signature: 'c2ln',
  }),
  seq => ({
    kind: 'pruned', before: DAY, days: [], files: [{ ...file(`rejects/${seq}.ndjson`), what: 'rejects' }], borders: [], frozen: [],
    only: 'rejects', why: 'w', who: 'me',
  }),
  seq => ({ kind: 'hold', file: file(`holds/${seq}.json`), who: 'me', until: AT }),
  seq => ({ kind: 'released', hold: seq - 1, why: 'w', who: 'me' }),
  seq => ({
    kind: 'erased', erasedAs: `erased-${String(seq).padStart(8, '0')}`, rows: { app: 1 }, mentions: 0,
    rewritten: [{ old: { ...file(segment(seq - 7).path), root: DIGEST }, new: segment(seq) }], indexes: [], replaced: [],
    rejects: [{ old: file(`rejects/${seq - 14}.ndjson`), new: file(`rejects/${seq}-0000.ndjson`) }], reads: [],
    subjectsFiles: [file('subjects/1.json')], holds: [file(`holds/${seq - 2}.json`)], frozen: [{ application: 'default', day: DAY }],
    why: 'w', who: 'me',
  }),
  seq => ({ kind: 'subjects', file: file(`subjects/${seq}.json`), from: 'erasure', aliases: 1, rules: 0, dropped: [file('subjects/4.json')] }),
] // biome-ignore format: a table

/** Writes a chain without the code under test. `from`: goes on behind the entries that exist. */
function writeChain(store: string, count: number, { id = 's', from = 0, by = 'test' } = {}): void {
  let prev = from > 0 ? sha256(readFileSync(entryFile(store, from - 1), 'utf8')) : '0'.repeat(64)
  for (let seq = from; seq < count; seq++) {
    const body = seq === 0 ? { kind: 'created', storeId: id } : KINDS[seq % KINDS.length]?.(seq)
    const text = `${JSON.stringify({ version: 1, seq, prev, at: AT, by, ...body })}\n`
    mkdirSync(dirname(entryFile(store, seq)), { recursive: true })
    writeFileSync(entryFile(store, seq), text)
    prev = sha256(text)
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const ledgerOf = (store: string): string => join(store, 'ledger')

/** A chain with a snapshot at its last entry. */
function writeSnapshotted(
  store: string,
  count: number,
  options: Parameters<typeof writeChain>[2] = {},
): void {
  writeChain(store, count, options)
  Ledger.open(store).snapshotWhereDue()
}

test('a snapshot and the entries after it add up to what all entries do', async () => {
  await inFolder(store => {
    writeSnapshotted(store, 300)
    expect(snapshotsOf(ledgerOf(store))).toEqual([299])
    for (const count of [301, 302, 305, 310, 340]) {
      writeChain(store, count, { from: count === 301 ? 300 : Ledger.open(store).nextSeq() })
      expect(Ledger.open(store).state).toEqual(Ledger.open(store, true).state)
    }
  })
})

test('a snapshot comes with every 256th entry; the last two stay', async () => {
  await inFolder(store => {
    writeChain(store, 255)
    const ledger = Ledger.open(store)
    const declare = () =>
      ledger.append({ kind: 'coverage', side: 'app', from: DAY, to: '2026-07-02' }, AT, 'test')
    expect(snapshotsOf(ledgerOf(store))).toEqual([])
    declare()
    expect(snapshotsOf(ledgerOf(store))).toEqual([255])
    writeChain(store, 900, { from: 256 })
    Ledger.open(store).snapshotWhereDue()
    expect(snapshotsOf(ledgerOf(store))).toEqual([255, 899])
    writeChain(store, 1200, { from: 900 })
    Ledger.open(store).snapshotWhereDue()
    expect(snapshotsOf(ledgerOf(store))).toEqual([899, 1199])
    expect(Ledger.open(store).state).toEqual(Ledger.open(store, true).state)
  })
})

test.each<{ name: string; change: (text: string) => string }>([
  { name: 'cut', change: text => text.slice(0, text.length >> 1) },
  { name: 'empty', change: () => '' },
  { name: 'no JSON', change: text => `x${text}` },
  { name: 'altered', change: text => text.replace('"storeId":"s"', '"storeId":"t"') },
  { name: 'of another way of adding up', change: text => text.replace(/"fold":\d+/, '"fold":0') },
])('a snapshot that is $name is passed over', async ({ change }) => {
  await inFolder(store => {
    writeSnapshotted(store, 300)
    const path = snapshotPath(ledgerOf(store), 299)
    writeFileSync(path, change(readFileSync(path, 'utf8')))
    expect(Ledger.open(store).state).toEqual(Ledger.open(store, true).state)
  })
})

test('a snapshot that lacks a member of the state is passed over', async () => {
  await inFolder(store => {
    writeSnapshotted(store, 300)
    const path = snapshotPath(ledgerOf(store), 299)
    const [header = '', text = ''] = readFileSync(path, 'utf8').split('\n')
    const { declared: _, ...less } = JSON.parse(text) as Record<string, unknown>
    const changed = JSON.stringify(less)
    const state = sha256(changed)
    writeFileSync(path, `${JSON.stringify({ ...(JSON.parse(header) as object), state })}\n${changed}`)
    expect(Ledger.open(store).state.declared.length).toBeGreaterThan(0)
  })
})

test('an entry that is missing is noticed though a snapshot stands behind it', async () => {
  await inFolder(store => {
    writeSnapshotted(store, 300)
    rmSync(entryFile(store, 77))
    expect(() => Ledger.open(store)).toThrow(/000077\.json: it is missing/)
  })
})

test('entries after a snapshot continue the entry it stands at', async () => {
  await inFolder(store => {
    writeSnapshotted(store, 300)
    writeChain(store, 303, { from: 300 })
    const path = entryFile(store, 300)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"prev":"\w{64}"/, `"prev":"${DIGEST}"`))
    expect(() => Ledger.open(store)).toThrow(/000300\.json: it does not continue the entry before it/)
  })
})

test('the entry that a snapshot stands at cannot be another one', async () => {
  await inFolder(store => {
    writeSnapshotted(store, 300)
    const path = entryFile(store, 299)
    writeFileSync(path, readFileSync(path, 'utf8').replace(AT, '2026-07-11T12:00:00.000Z'))
    // Nothing follows it, so the chain itself holds; the state is read from the entries then.
    expect(Ledger.open(store).state.headDigest).toBe(sha256(readFileSync(path, 'utf8')))
  })
})

test.each([
  { name: 'a shorter store over a longer one', over: 700, copied: 300 },
  { name: 'a shorter store without a snapshot over a longer one', over: 700, copied: 200 },
])('$name is damage', async ({ over, copied }) => {
  await inFolder(folder => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    writeSnapshotted(one, over, { id: 'one' })
    writeSnapshotted(two, copied, { id: 'two' })
    cpSync(two, one, { recursive: true })
    expect(() => Ledger.open(one)).toThrow(/it does not continue the entry before it/)
  })
})

test('further entries of another store are damage', async () => {
  await inFolder(folder => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    writeSnapshotted(one, 300, { id: 'one' })
    writeSnapshotted(two, 700, { id: 'two' })
    cpSync(two, one, { recursive: true, force: false })
    expect(() => Ledger.open(one)).toThrow(/000300\.json: it does not continue the entry before it/)
  })
})

test('a copy of a store that went on by itself and came back over it is damage', async () => {
  await inFolder(folder => {
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    writeChain(one, 100)
    cpSync(one, two, { recursive: true })
    writeSnapshotted(one, 700, { from: 100 })
    writeChain(two, 140, { from: 100, by: 'copy' })
    cpSync(two, one, { recursive: true })
    expect(() => Ledger.open(one)).toThrow(/000140\.json: it does not continue the entry before it/)
  })
})

test('a folder of entries without the first one is no store that is missing but one that is damaged', async () => {
  await inFolder(store => {
    writeChain(store, 3)
    rmSync(entryFile(store, 0))
    expect(Ledger.exists(store)).toBe(true)
    expect(() => Ledger.open(store)).toThrow(/000000\.json: it is missing/)
    expect(existsSync(entryFile(store, 1))).toBe(true)
  })
})
