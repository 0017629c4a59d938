import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64, fromHex, textOf, toBase64, toHex, utf8 } from './bytes.ts'
import { sha256 } from './ed25519.ts'
import { fingerprintOf, fromSpki, spkiOf } from './public-key.ts'

test('base64, hex and UTF-8 are those of Node, there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), fc.string({ unit: 'binary' }), (bytes, text) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      expect(fromHex(toHex(bytes))).toEqual(bytes)
      if (!/\p{Cs}/u.test(text)) expect(textOf(utf8(text))).toBe(text)
    }),
  )
})

describe('other spellings', () => {
  test.each(['A', 'AA', 'AAA', 'AB==', 'AAB=', 'A=AA', 'AA A', 'AA-_', 'AAAA\n', '===='])(
    '%j is no base64',
    text => expect(fromBase64(text)).toBe(undefined),
  )
  test.each(['0', 'AB', '0g', ' 00', '00\n'])('%j is no hex', text => expect(fromHex(text)).toBe(undefined))
  test('bytes that are not UTF-8 are no text', () => {
    expect(textOf(Uint8Array.of(0xc3, 0x28))).toBe(undefined)
    expect(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })
})

// RFC 8410, section 10.1: the public key of the example.
test('an Ed25519 key and its SPKI', () => {
  const spki = fromBase64('MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=') ?? new Uint8Array()
  const key = fromSpki(spki)
  expect(key && toHex(key)).toBe('19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1')
  expect(key && toHex(spkiOf(key))).toBe(toHex(spki))
  expect(key && fingerprintOf(sha256, key)).toBe(toHex(sha256(spki)))
  expect(fromSpki(spki.subarray(1))).toBe(undefined)
  expect(fromSpki(spki.subarray(0, -1))).toBe(undefined)
})
