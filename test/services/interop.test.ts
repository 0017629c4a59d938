import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toBase64, toHex, utf8 } from '../../src/ledger/bytes.ts'
import { Ledger } from '../../src/ledger/chain.ts'
import { formatEnvelope, signEnvelope } from '../../src/ledger/dsse.ts'
import { ed25519Signer, publicKeyOf, sha256 } from '../../src/ledger/ed25519.ts'
import { entryDigest } from '../../src/ledger/entry-file.ts'
import { logFolder, noteKeyOf, signLog } from '../../src/ledger/log.ts'
import { formatVerifierKey } from '../../src/ledger/note.ts'
import { fingerprintOf, spkiOf } from '../../src/ledger/public-key.ts'
import { goProgram, pythonProgram, type Said } from './support/interop.ts'
import { needs } from './support/tools.ts'

const AT = '2026-07-10T12:00:00.000Z'
const { privateKey } = generateKeyPairSync('ed25519')
const publicKey = publicKeyOf(privateKey)
const KEY = { publicKey, fingerprint: fingerprintOf(sha256, publicKey), sign: ed25519Signer(privateKey) }
const TYPE = 'application/vnd.in-toto+json'
const PAYLOAD = '{"_type":"https://in-toto.io/Statement/v1"}'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tl-interop-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A ledger that was signed at some sizes, with the checkpoint of each. */
async function signedLedger(name: string, sizes: readonly number[]) {
  const store = join(folder, name)
  const ledger = Ledger.open(store)
  const storeId = '0b9c1f0e-3f55-4a3c-9b0e-1f2d3c4b5a69'
  const names = {
    publicKey: toBase64(spkiOf(publicKey)),
    fingerprint: KEY.fingerprint,
    salts: '0123456789abcdef',
  }
  ledger.append({ kind: 'created', storeId }, AT, 'test')
  ledger.append({ kind: 'key', ...names }, AT, 'test')
  for (const size of sizes) {
    while (ledger.state.head + 1 < size)
      ledger.append({ kind: 'coverage', side: 'app', from: '2026-07-01', to: '2026-07-02' }, AT, 'test')
    const { note } = await signLog(store, ledger.state, KEY)
    writeFileSync(join(folder, `${name}-${size}`), note)
  }
  const verifier = formatVerifierKey(sha256, noteKeyOf(storeId, names))
  return {
    store,
    verifier,
    log: logFolder(store),
    olderFile: (size: number) => join(folder, `${name}-${size}`),
  }
}

needs('go')('our log, read by golang.org/x/mod/sumdb and transparency-dev/formats', () => {
  let go: (args: readonly string[]) => Said
  beforeAll(async () => {
    go = await goProgram()
  })

  test.each([{ sizes: [2] }, { sizes: [3, 255, 256] }, { sizes: [5, 257] }, { sizes: [256, 700] }])(
    'is proved entry by entry, and continues what was signed before: $sizes',
    async ({ sizes }) => {
      const { store, verifier, log, olderFile } = await signedLedger(`grown-${sizes.join('-')}`, sizes)
      const [older = 0, size = 0] = [sizes[0], sizes.at(-1)]
      const { code, stdout, stderr } = go(['log', log, verifier, olderFile(older)])
      expect(stderr).toBe('')
      expect(code).toBe(0)
      const records = Array.from({ length: size }, (_, seq) => entryDigest(join(store, 'ledger'), seq))
      expect(JSON.parse(stdout)).toEqual({ size, older, records })
    },
  )

  test('is refused with any tile altered, another key, or a checkpoint of another log', async () => {
    const { verifier, log, olderFile } = await signedLedger('altered', [5, 300])
    const tiles = readdirSync(join(log, 'tile'), { recursive: true, withFileTypes: true }).filter(f =>
      f.isFile(),
    )
    for (const tile of tiles) {
      const copy = join(folder, 'copy')
      cpSync(log, copy, { recursive: true })
      const file = join(tile.parentPath.replace(log, copy), tile.name)
      const bytes = readFileSync(file)
      bytes[40] = (bytes[40] ?? 0) ^ 1
      writeFileSync(file, bytes)
      // The bytes of a tile beyond what a proof needs are not read: of level 1 there is only one hash.
      const isRead = bytes.length > 40
      expect(go(['log', copy, verifier, olderFile(5)]).code).toBe(isRead ? 1 : 0)
      rmSync(copy, { recursive: true })
    }
    const other = await signedLedger('other', [2, 7])
    expect(go(['log', log, verifier.replace('0b9c', '0b9d'), olderFile(5)]).stderr).toMatch(
      /malformed verifier|invalid verifier/,
    )
    writeFileSync(join(other.log, 'checkpoint'), readFileSync(join(log, 'checkpoint')))
    expect(go(['log', other.log, verifier, olderFile(5)]).code).toBe(1)
  })

  test('and our envelope, by go-securesystemslib', () => {
    const [file, forged] = envelopes()
    const args = [KEY.fingerprint, toBase64(publicKey)]
    const { code, stdout } = go(['dsse', file, ...args])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ payloadType: TYPE, payload: PAYLOAD, keys: 1 })
    expect(go(['dsse', forged, ...args]).code).toBe(1)
  })
})

needs('python')('our envelope, opened by securesystemslib', () => {
  test('has the payload and one signature; a forged one has none', async () => {
    const python = await pythonProgram()
    const [file, forged] = envelopes()
    const args = [KEY.fingerprint, toHex(publicKey)]
    const { code, stdout, stderr } = python([file, ...args])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ payloadType: TYPE, payload: PAYLOAD, keys: 1 })
    expect(python([forged, ...args]).stderr).toMatch(/VerificationError/)
  })
})

/** An envelope in a file, and one whose payload was changed after it was signed. */
function envelopes(): [string, string] {
  const envelope = signEnvelope(TYPE, utf8(PAYLOAD), [{ keyid: KEY.fingerprint, sign: KEY.sign }])
  const files: [string, string] = [join(folder, 'envelope.json'), join(folder, 'forged.json')]
  writeFileSync(files[0], formatEnvelope(envelope))
  writeFileSync(files[1], formatEnvelope({ ...envelope, payload: toBase64(utf8('{}')) }))
  return files
}
