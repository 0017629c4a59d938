import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { textOf, utf8 } from './bytes.ts'
import { formatEnvelope, openEnvelope, pae, parseEnvelope, signEnvelope } from './dsse.ts'
import { ed25519Signer, publicKeyOf, sha256, verifyEd25519 } from './ed25519.ts'
import { fingerprintOf } from './public-key.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const publicKey = publicKeyOf(privateKey)
const KEY = { keyid: fingerprintOf(sha256, publicKey), publicKey, sign: ed25519Signer(privateKey) }
const TYPE = 'application/vnd.in-toto+json'

// protocol.md of DSSE 1.0.2, "Test Vectors"; lengths are of bytes.
test.each([
  {
    type: 'http://example.com/HelloWorld',
    body: 'hello world',
    want: 'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  },
  { type: 'ä', body: '', want: 'DSSEv1 2 ä 0 ' },
])('$want is signed', ({ type, body, want }) => expect(textOf(pae(type, utf8(body)))).toBe(want))

describe('any envelope', () => {
  test('opens by its key, written and read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 20_000 }), async payload => {
        const envelope = parseEnvelope(formatEnvelope(signEnvelope(TYPE, payload, [KEY])))
        expect(envelope && (await openEnvelope(envelope, [KEY], verifyEd25519))).toEqual({
          payloadType: TYPE,
          payload,
          keyids: [KEY.keyid],
        })
      }),
    )
  })

  test('does not open with one byte changed, whichever it is', async () => {
    const text = formatEnvelope(signEnvelope(TYPE, utf8('{"_type":"x"}'), [KEY]))
    for (let at = 0; at < text.length; at++) {
      for (const flip of [1, 2, 32]) {
        const changed = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ flip)}${text.slice(at + 1)}`
        const envelope = parseEnvelope(changed)
        if (envelope) expect(await openEnvelope(envelope, [KEY], verifyEd25519)).toHaveProperty('problem')
      }
    }
  })
})

const ENVELOPE = signEnvelope(TYPE, utf8('{}'), [KEY])

test.each([
  { name: 'other spaces', text: formatEnvelope(ENVELOPE).replace(',', ', ') },
  { name: 'a further member', text: formatEnvelope(ENVELOPE).replace('}\n', ',"more":1}\n') },
  { name: 'a member twice', text: formatEnvelope(ENVELOPE).replace('{', '{"payload":"",') },
  { name: 'no line feed', text: formatEnvelope(ENVELOPE).trim() },
  { name: 'a payload that is no text', text: '{"payload":1,"payloadType":"a","signatures":[]}\n' },
  { name: 'no JSON', text: '{' },
  { name: 'null', text: 'null\n' },
])('a text with $name is no envelope of ours', ({ text }) => expect(parseEnvelope(text)).toBe(undefined))

test.each([
  { name: 'no signature', envelope: { ...ENVELOPE, signatures: [] }, problem: 'it has no signature' },
  {
    name: 'a signature of a key that is not known',
    envelope: { ...ENVELOPE, signatures: [{ keyid: 'a', sig: 'AAAA' }] },
    problem: 'it is signed by a key that is not known (a)',
  },
  {
    name: 'a payload that is no base64',
    envelope: { ...ENVELOPE, payload: '!' },
    problem: 'its payload is no base64',
  },
  {
    name: 'another type',
    envelope: { ...ENVELOPE, payloadType: 'text/plain' },
    problem: `the signature by key ${KEY.keyid} is wrong`,
  },
])('an envelope with $name does not open', async ({ envelope, problem }) => {
  expect(await openEnvelope(envelope, [KEY], verifyEd25519)).toEqual({ problem })
})
