import { concatBytes, fromBase64, toBase64, utf8 } from './bytes.ts'
import type { Verify } from './note.ts'

/**
 * Dead Simple Signing Envelope 1.0.2 (https://github.com/secure-systems-lab/dsse): a payload with signatures over its
 * type and its bytes.
 */
export interface Envelope {
  readonly payloadType: string
  /** Base64. */
  readonly payload: string
  readonly signatures: readonly EnvelopeSignature[]
}

export interface EnvelopeSignature {
  /** SHA-256 of the public key (SPKI DER), hex. A hint, not signed. */
  readonly keyid: string
  /** Base64. */
  readonly sig: string
}

export interface EnvelopeKey {
  readonly keyid: string
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
}

export interface EnvelopeSigner {
  readonly keyid: string
  readonly sign: (message: Uint8Array) => Uint8Array
}

export type OpenedEnvelope =
  | { readonly payloadType: string; readonly payload: Uint8Array; readonly keyids: readonly string[] }
  | { readonly problem: string }

/** What is signed: `DSSEv1`, length and text of the type, length and bytes of the payload, parted by spaces. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType)
  return concatBytes(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload)
}

export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signers: readonly EnvelopeSigner[],
): Envelope {
  const message = pae(payloadType, payload)
  const signatures = signers.map(({ keyid, sign }) => ({ keyid, sig: toBase64(sign(message)) }))
  return { payloadType, payload: toBase64(payload), signatures }
}

/** One line of JSON, members in the order of the specification. */
export function formatEnvelope({ payload, payloadType, signatures }: Envelope): string {
  const signed = signatures.map(({ keyid, sig }) => ({ keyid, sig }))
  return `${JSON.stringify({ payload, payloadType, signatures: signed })}\n`
}

/**
 * Reads an envelope that `formatEnvelope` wrote; undefined for any other text, also where it only is spelled otherwise:
 * what no signature covers shall not be open to change.
 */
export function parseEnvelope(text: string): Envelope | undefined {
  try {
    const envelope = JSON.parse(text) as Envelope
    const texts = [
      envelope.payload,
      envelope.payloadType,
      ...envelope.signatures.flatMap(s => [s.keyid, s.sig]),
    ]
    if (!texts.every(member => typeof member === 'string')) return undefined
    return formatEnvelope(envelope) === text ? envelope : undefined
  } catch {
    return undefined
  }
}

/**
 * Opens an envelope by keys that are known. Every signature must be by one of them, and right: as with notes, an
 * envelope that has been meddled with is not taken in part.
 */
export async function openEnvelope(
  envelope: Envelope,
  keys: readonly EnvelopeKey[],
  verify: Verify,
): Promise<OpenedEnvelope> {
  const payload = fromBase64(envelope.payload)
  if (!payload) return { problem: 'its payload is no base64' }
  if (envelope.signatures.length === 0) return { problem: 'it has no signature' }
  const message = pae(envelope.payloadType, payload)
  const keyids: string[] = []
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys.find(k => k.keyid === keyid)
    if (!key) return { problem: `it is signed by a key that is not known (${keyid})` }
    const signature = fromBase64(sig)
    if (!signature || !(await verify(key.publicKey, message, signature)))
      return { problem: `the signature by key ${keyid} is wrong` }
    keyids.push(keyid)
  }
  return { payloadType: envelope.payloadType, payload, keyids }
}
