/** What a reader of bundles must know of schema.ts; without its validator, which is larger than all checks together. */
export type {
  BundleFinding,
  Completeness,
  Manifest,
  Query,
  Redaction,
  Sample,
} from '../schema.ts'
export type { Combined } from '../schema-combined.ts'

/** Version of the bundle format. A verifier refuses a higher one. */
export const BUNDLE_VERSION = 1
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
export const PREDICATE_TYPE = 'urn:throughline:evidence:v1'
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json'
export const MANIFEST_FILE = 'manifest.json'

/** Of what holds the bundles of several stores together. */
export const COMBINED_VERSION = 1
export const COMBINED_TYPE = 'urn:throughline:evidence-stores:v1'
export const COMBINED_FILE = 'combined.json'
/** Files beside it; what is in it is listed there. */
export const COMBINED_FILES: readonly string[] = [
  'README.txt',
  'query.json',
  'report.html',
  'verify.html',
  'verify.mjs',
]
export const STORES_FOLDER = 'stores/'
