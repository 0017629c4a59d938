import { concatBytes, fromHex, sameBytes, toHex, utf8 } from './bytes.ts'
import type { Sha256 } from './merkle.ts'

/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) is this and the 32 bytes of the key. */
const SPKI_PREFIX = fromHex('302a300506032b6570032100') ?? new Uint8Array()

/** @param publicKey 32 bytes (RFC 8032) */
export function spkiOf(publicKey: Uint8Array): Uint8Array {
  return concatBytes(SPKI_PREFIX, publicKey)
}

/** The 32 bytes of an Ed25519 key from its SPKI in DER; undefined where it is none. */
export function fromSpki(spki: Uint8Array): Uint8Array | undefined {
  const [prefix, key] = [spki.subarray(0, SPKI_PREFIX.length), spki.subarray(SPKI_PREFIX.length)]
  return sameBytes(prefix, SPKI_PREFIX) && key.length === 32 ? key : undefined
}

/** By what people know a key: SHA-256 of its SPKI in DER, hex. */
export function fingerprintOf(sha256: Sha256, publicKey: Uint8Array): string {
  return toHex(sha256(spkiOf(publicKey)))
}

/** What the old key signs when a new one takes its place. */
export function rotationText(storeId: string, replaces: string, fingerprint: string): Uint8Array {
  return utf8(`throughline key 1\n${storeId}\n${replaces}\n${fingerprint}\n`)
}
