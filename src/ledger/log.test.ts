import { generateKeyPairSync } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toBase64, toHex } from './bytes.ts'
import { Ledger } from './chain.ts'
import { ed25519Signer, publicKeyOf, sha256 } from './ed25519.ts'
import {
  checkpointPath,
  logFolder,
  openCheckpoint,
  readCheckpointNote,
  recordsOf,
  rootFromRecords,
  signLog,
} from './log.ts'
import { fingerprintOf, spkiOf } from './public-key.ts'
import { allTiles, tilePath } from './tiles.ts'

const AT = '2026-07-10T12:00:00.000Z'
const SALTS = '0123456789abcdef'

let store: string

beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), 'tl-log-'))
})
afterEach(() => rmSync(store, { recursive: true }))

function newKey() {
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicKey = publicKeyOf(privateKey)
  return { publicKey, fingerprint: fingerprintOf(sha256, publicKey), sign: ed25519Signer(privateKey) }
}

const KEY = newKey()

function begun(key = KEY): Ledger {
  const ledger = Ledger.open(store)
  if (ledger.state.head < 0) ledger.append({ kind: 'created', storeId: 's' }, AT, 'test')
  name(ledger, key)
  return ledger
}

function name(ledger: Ledger, { publicKey, fingerprint }: typeof KEY): void {
  ledger.append(
    { kind: 'key', publicKey: toBase64(spkiOf(publicKey)), fingerprint, salts: SALTS },
    AT,
    'test',
  )
}

function grow(ledger: Ledger, entries: number): void {
  for (let i = 0; i < entries; i++)
    ledger.append({ kind: 'coverage', side: 'app', from: '2026-07-01', to: '2026-07-02' }, AT, 'test')
}

/** Files of tiles, with their bytes. */
function tilesOnDisk(): Record<string, string> {
  const names = readdirSync(join(logFolder(store), 'tile'), { recursive: true, withFileTypes: true })
  const files = names.filter(n => n.isFile()).map(n => join(n.parentPath, n.name))
  return Object.fromEntries(files.map(f => [f.slice(logFolder(store).length + 1), readFileSync(f, 'hex')]))
}

function tilesOf(size: number): Record<string, string> {
  const tiles = allTiles(sha256, recordsOf(store, 0, size) ?? new Uint8Array())
  return Object.fromEntries(tiles.map(tile => [tilePath(tile), toHex(tile.bytes)]))
}

describe('a signed log', () => {
  test('has the tree of its entries, and grows with them', async () => {
    const ledger = begun()
    for (const more of [0, 3, 251, 1, 300, 0]) {
      grow(ledger, more)
      const size = ledger.state.head + 1
      const { note, ...signed } = await signLog(store, ledger.state, KEY)
      expect(signed).toMatchObject({ origin: 'throughline/s', size, fingerprint: KEY.fingerprint })
      expect(toHex(signed.root)).toBe(
        toHex(rootFromRecords(recordsOf(store, 0, size) ?? new Uint8Array(), size)),
      )
      expect(readCheckpointNote(store)).toBe(note)
      expect(await openCheckpoint(note, ledger.state)).toMatchObject({ size, note })
      expect(tilesOnDisk()).toMatchObject(tilesOf(size))
    }
    expect(Object.keys(tilesOnDisk()).filter(path => path.startsWith('tile/entries/000.p'))).toEqual([])
  })

  test('is made again where its tiles are missing or altered', async () => {
    const ledger = begun()
    grow(ledger, 300)
    await signLog(store, ledger.state, KEY)
    // Those that are read when it grows; the others are compared by a check.
    for (const name of ['tile/0/001.p', 'tile/1/000.p', 'tile/entries/001.p']) {
      for (const bytes of [undefined, Buffer.alloc(64), Buffer.alloc(8704, 3)]) {
        if (bytes && name.includes('entries')) continue
        const [path = ''] = Object.keys(tilesOf(ledger.state.head + 1)).filter(p => p.startsWith(name))
        const file = join(logFolder(store), path)
        if (bytes) writeFileSync(file, bytes)
        else rmSync(file)
        rmSync(join(logFolder(store), 'tile/0/000'))
        grow(ledger, 1)
        await signLog(store, ledger.state, KEY)
        expect(tilesOnDisk()).toMatchObject(tilesOf(ledger.state.head + 1))
      }
    }
  })

  test('is not signed against what was signed before', async () => {
    const ledger = begun()
    cpSync(store, `${store}-other`, { recursive: true })
    grow(ledger, 3)
    await signLog(store, ledger.state, KEY)
    const note = readCheckpointNote(store) ?? ''
    rmSync(store, { recursive: true })
    cpSync(`${store}-other`, store, { recursive: true })
    rmSync(`${store}-other`, { recursive: true })
    const other = Ledger.open(store)
    await signLog(store, other.state, KEY)
    writeFileSync(checkpointPath(store), note)
    await expect(signLog(store, other.state, KEY)).rejects.toThrow(
      /the ledger has 2 entries only; nothing is signed/,
    )
    other.append({ kind: 'linked', application: 'x', days: [] }, AT, 'another')
    grow(other, 8)
    await expect(signLog(store, other.state, KEY)).rejects.toThrow(/its entries have another root/)
    expect(readCheckpointNote(store)).toBe(note)
  })

  test('is not signed where its last entry was replaced by another', async () => {
    const ledger = begun()
    grow(ledger, 3)
    const { note } = await signLog(store, ledger.state, KEY)
    rmSync(join(store, 'ledger/000/000004.json'))
    for (const more of [1, 5]) {
      const other = Ledger.open(store)
      for (let i = 0; i < more; i++)
        other.append({ kind: 'linked', application: 'x', days: [] }, AT, 'another')
      await expect(signLog(store, other.state, KEY)).rejects.toThrow(/its entries have another root/)
    }
    expect(readCheckpointNote(store)).toBe(note)
  })

  test('goes on with a new key; each checkpoint is by the key of its time', async () => {
    const ledger = begun()
    const first = await signLog(store, ledger.state, KEY)
    const next = newKey()
    name(ledger, next)
    const second = await signLog(store, ledger.state, next)
    expect(await openCheckpoint(first.note, ledger.state)).toMatchObject({ fingerprint: KEY.fingerprint })
    expect(await openCheckpoint(second.note, ledger.state)).toMatchObject({ fingerprint: next.fingerprint })
    const stale = await signLog(store, { ...ledger.state, keys: ledger.state.keys.slice(0, 1) }, KEY)
    expect(await openCheckpoint(stale.note, ledger.state)).toBe('no known key has signed it')
  })
})

test.each([
  { name: 'no note', note: 'x', found: 'it is no checkpoint' },
  {
    name: 'a note of another log',
    note: `throughline/t\n1\n${toBase64(new Uint8Array(32))}\n\n— a AAAAAAA=\n`,
    found: /^it is of another log/,
  },
  {
    name: 'a size without key',
    note: `throughline/s\n1\n${toBase64(new Uint8Array(32))}\n\n— a AAAAAAA=\n`,
    found: /had no key$/,
  },
  {
    name: 'nobody signing',
    note: `throughline/s\n2\n${toBase64(new Uint8Array(32))}\n\n— a AAAAAAA=\n`,
    found: /^no known key/,
  },
])('$name is no checkpoint of a store', async ({ note, found }) => {
  const { state } = begun()
  expect(await openCheckpoint(note, state)).toMatch(found)
  expect(existsSync(logFolder(store))).toBe(false)
})
