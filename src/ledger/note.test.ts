import { createPrivateKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex, toBase64, utf8 } from './bytes.ts'
import { ed25519Signer, publicKeyOf, sha256, verifyEd25519 } from './ed25519.ts'
import {
  formatVerifierKey,
  type NoteSigner,
  openNote,
  parseNote,
  parseVerifierKey,
  signNote,
} from './note.ts'

/** PKCS#8 of an Ed25519 key (RFC 8410) is this and its 32 bytes. */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420') ?? new Uint8Array()

function signerOf(name: string, seed: Uint8Array): NoteSigner {
  const der = Buffer.from(concatBytes(PKCS8_PREFIX, seed))
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return { name, publicKey: publicKeyOf(key), sign: ed25519Signer(key) }
}

const keyOf = (text: string) => parseVerifierKey(sha256, text) ?? { name: '', publicKey: new Uint8Array() }
const open = (note: string, ...keys: string[]) => openNote(sha256, note, keys.map(keyOf), verifyEd25519)

// The example of golang.org/x/mod/sumdb/note.
const GO_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const GO_SECRET = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const GO_TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const GO_NOTE = `${GO_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`
// The examples of C2SP signed-note.
const C2SP_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const C2SP_NOTE =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'

describe('notes of others', () => {
  test.each([
    { name: 'of Go', note: GO_NOTE, key: GO_KEY, text: GO_TEXT },
    { name: 'of the specification', note: C2SP_NOTE, key: C2SP_KEY, text: 'This is an example message.\n' },
  ])('$name open by their key', async ({ note, key, text }) => {
    expect(await open(note, key)).toEqual({ text, signedBy: [keyOf(key)] })
    expect(formatVerifierKey(sha256, keyOf(key))).toBe(key)
  })

  test('a text of Go signed by its key is its note, byte for byte', () => {
    const seed = Uint8Array.from(atob(GO_SECRET), c => c.charCodeAt(0)).subarray(1)
    expect(signNote(sha256, GO_TEXT, [signerOf('PeterNeumann', seed)])).toBe(GO_NOTE)
  })

  test('a text with empty lines is cut at the last of them', () => {
    const signature = toBase64(new Uint8Array(68))
    expect(parseNote(`one\n\ntwo\n\n— a ${signature}\n`)?.text).toBe('one\n\ntwo\n')
  })
})

const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 })
const texts = fc
  .array(fc.stringMatching(/^[ -~äß—]{0,20}$/), { minLength: 1, maxLength: 5 })
  .map(l => `${l.join('\n')}\n`)

describe('any note', () => {
  test('opens by its key, and not with one byte changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        texts,
        seeds,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (text, seed, at, flip) => {
          const signer = signerOf('throughline/5f3c', seed)
          const note = signNote(sha256, text, [signer])
          const openAs = (bytes: Uint8Array) =>
            openNote(sha256, new TextDecoder().decode(bytes), [signer], verifyEd25519)
          expect(await openAs(utf8(note))).toMatchObject({ text })
          const bytes = utf8(note)
          const place = at % bytes.length
          bytes[place] = (bytes[place] ?? 0) ^ flip
          expect(await openAs(bytes)).toHaveProperty('problem')
        },
      ),
    )
  })

  test('signed by two opens by either, and not at all where one of them is wrong', async () => {
    const [one, two] = [signerOf('one', new Uint8Array(32)), signerOf('two', new Uint8Array(32).fill(1))]
    const note = signNote(sha256, 'text\n', [one, two])
    const openBy = (...keys: NoteSigner[]) => openNote(sha256, note, keys, verifyEd25519)
    expect(await openBy(one)).toHaveProperty('signedBy', [one])
    expect(await openBy(one, two)).toHaveProperty('signedBy', [one, two])
    const forged = { ...two, sign: one.sign }
    const half = signNote(sha256, 'text\n', [one, forged])
    expect(await openNote(sha256, half, [one, two], verifyEd25519)).toEqual({
      problem: expect.stringMatching(/^the signature by two \(key [0-9a-f]{8}\) is wrong$/),
    })
  })
})

describe('what is no note', () => {
  test.each([
    { name: 'no signature', note: 'text\n\n' },
    { name: 'no empty line', note: GO_NOTE.replace('\n\n', '\n') },
    { name: 'no line feed at the end', note: GO_NOTE.slice(0, -1) },
    { name: 'a control character', note: GO_NOTE.replace('your', 'y\tour') },
    { name: 'a hyphen for the dash', note: GO_NOTE.replace('—', '-') },
    { name: 'base64 with other bits at its end', note: GO_NOTE.replace('nAM=', 'nAN=') },
    { name: 'a name with a plus sign', note: GO_NOTE.replace('PeterNeumann', 'Peter+Neumann') },
    { name: 'too many signatures', note: `text\n\n${`— a ${toBase64(new Uint8Array(68))}\n`.repeat(101)}` },
  ])('$name', async ({ note }) => {
    expect(parseNote(note)).toBe(undefined)
    expect(await open(note, GO_KEY)).toEqual({ problem: 'it is no signed note' })
  })

  test('a note of an unknown key is not opened', async () => {
    expect(await open(GO_NOTE, C2SP_KEY)).toEqual({ problem: 'no known key has signed it' })
  })

  test.each([
    { name: 'a text without line feed', sign: () => signNote(sha256, 'text', []) },
    {
      name: 'a name with a space',
      sign: () => signNote(sha256, 'a\n', [signerOf('a b', new Uint8Array(32))]),
    },
  ])('$name cannot be signed', ({ sign }) => expect(sign).toThrow(RangeError))

  test.each([
    GO_KEY.replace('c74f20a3', 'c74f20a4'),
    GO_KEY.slice(0, -1),
    GO_KEY.replace('+ARpc', '+AhpC'),
    GO_KEY.replace('PeterNeumann', 'Peter Neumann'),
  ])('%s is no verifier key', key => expect(parseVerifierKey(sha256, key)).toBe(undefined))
})
