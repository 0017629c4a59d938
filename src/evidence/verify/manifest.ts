import { fromHex } from '../../ledger/bytes.ts'
import { BUNDLE_VERSION, type Manifest, PREDICATE_TYPE, STATEMENT_TYPE } from './format.ts'
import type { StatementKind } from './statement.ts'

/** What manifest.json says. */
export const MANIFEST_KIND: StatementKind<Manifest> = {
  version: BUNDLE_VERSION,
  about: 'evidence',
  is: isManifest,
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
