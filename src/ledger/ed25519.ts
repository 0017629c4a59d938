import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import type { Sha256 } from './merkle.ts'
import { fromSpki, spkiOf } from './public-key.ts'

/** Node's own SHA-256 and Ed25519 for what asks for them. */

export const sha256: Sha256 = data => hash('sha256', data, 'buffer')

/** RFC 8032; a signature that is no signature is a wrong one. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spkiOf(publicKey)), format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  } catch {
    return false
  }
}

/** @param privateKey Ed25519 */
export function ed25519Signer(privateKey: KeyObject): (message: Uint8Array) => Uint8Array {
  return message => new Uint8Array(sign(null, message, privateKey))
}

/** The 32 bytes of the public half of an Ed25519 key. */
export function publicKeyOf(privateKey: KeyObject): Uint8Array {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const key = fromSpki(new Uint8Array(spki))
  if (!key) throw new TypeError('the key is not an Ed25519 key')
  return key
}
