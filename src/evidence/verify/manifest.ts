import { fromBase64, fromHex, textOf } from '../../ledger/bytes.ts'
import { type Envelope, parseEnvelope } from '../../ledger/dsse.ts'
import { BUNDLE_VERSION, type Manifest, PREDICATE_TYPE, STATEMENT_TYPE } from './format.ts'

/** A manifest as it is written, nothing of it checked yet. */
export interface ReadManifest {
  readonly envelope: Envelope
  readonly manifest: Manifest
}

/** @returns what is wrong where it is no manifest, or one of a newer version */
export function readManifest(bytes: Uint8Array): ReadManifest | { problem: string; isNewer: boolean } {
  const envelope = parseEnvelope(textOf(bytes) ?? '')
  const payload = envelope && fromBase64(envelope.payload)
  const text = payload && textOf(payload)
  if (!envelope || text === undefined)
    return { problem: 'it is no envelope as `evidence create` writes it', isNewer: false }
  try {
    const manifest = JSON.parse(text) as Manifest
    const version: unknown = manifest.predicate?.version
    if (typeof version === 'number' && version > BUNDLE_VERSION)
      return {
        problem: `format version ${version}, this program reads up to ${BUNDLE_VERSION}`,
        isNewer: true,
      }
    return isManifest(manifest)
      ? { envelope, manifest }
      : { problem: 'its statement is not about evidence', isNewer: false }
  } catch {
    return { problem: 'its statement is no JSON', isNewer: false }
  }
}

function isManifest({ _type, predicateType, subject, predicate }: Manifest): boolean {
  const { checkpoint, counts, storeId, version } = predicate
  return (
    _type === STATEMENT_TYPE &&
    predicateType === PREDICATE_TYPE &&
    version === BUNDLE_VERSION &&
    typeof storeId === 'string' &&
    typeof checkpoint.origin === 'string' &&
    Number.isSafeInteger(checkpoint.size) &&
    isDigest(checkpoint.root) &&
    Object.values(counts).every(count => Number.isSafeInteger(count)) &&
    Array.isArray(subject) &&
    subject.every(({ name, digest }) => typeof name === 'string' && isDigest(digest.sha256))
  )
}

function isDigest(text: string): boolean {
  return fromHex(text)?.length === 32
}
