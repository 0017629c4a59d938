/** What a reader of bundles must know of schema.ts; without its validator, which is larger than all checks together. */
export type {
  BundleFinding,
  Completeness,
  Manifest,
  Query,
  Redaction,
  Sample,
} from '../schema.ts'

/** Version of the bundle format. A verifier refuses a higher one. */
export const BUNDLE_VERSION = 1
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
export const PREDICATE_TYPE = 'urn:throughline:evidence:v1'
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'
export const MANIFEST_FILE = 'manifest.json'
