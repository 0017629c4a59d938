import { z } from 'zod'
import { count, digest, id128, side, stamp } from './schema-values.ts'
import { BUNDLE_VERSION, PREDICATE_TYPE, STATEMENT_TYPE } from './verify/format.ts'

export type {
  Completeness,
  ControlTotals,
  CoverageGap,
  LedgerAccounts,
  NotEvaluated,
} from './schema-completeness.ts'

/** What the envelope in manifest.json signs: an in-toto Statement about every other file of the bundle. */
export const MANIFEST = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: digest }) })),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: z.strictObject({
    version: z.literal(BUNDLE_VERSION),
    tool: z.string().describe('Program and version that made the bundle.'),
    storeId: z.string(),
    checkpoint: z.strictObject({ origin: z.string(), size: count, root: digest }),
    filterSha256: digest.nullable().describe('SHA-256 of the filter text in query.json; null where it is redacted.'),
    redacted: z.boolean(),
    counts: z.strictObject({
      requests: count,
      hops: count,
      links: count,
      exceptions: count,
      findings: count,
      sources: count,
    }),
    populationHash: digest
      .nullable()
      .describe('What `throughline query --hash` prints for the same question; null where the bundle is redacted.'),
  }),
}) // biome-ignore format: a table

/** query.json */
export const QUERY = z.strictObject({
  version: z.literal(BUNDLE_VERSION),
  filter: z.string().describe('The filter in canonical form, times absolute.'),
  from: stamp.describe('First moment of the requests, UTC.'),
  to: stamp.describe('The moment after the last.'),
  purpose: z.string(),
  requester: z.string(),
  requestedAt: z.string().describe('RFC 3339, as given.'),
  role: z.enum(['auditor', 'analyst']).describe('analyst: people are withheld (redaction.json).'),
})

/** A line of proofs/segments.ndjson: the hops of one file of facts that are disclosed, proven together. */
export const SEGMENT_PROOF = z.strictObject({
  segment: count.describe('Number that hops refer to.'),
  path: z.string().describe('The file, as a ledger entry names it.'),
  disclosed: count.describe('Hops of it in facts.ndjson.'),
  hashes: z
    .string()
    .regex(/^(?:[0-9a-f]{64})*$/)
    .nullable()
    .describe('Roots of the largest subtrees without a disclosed leaf, from left to right; null: the entry has no root.'),
}) // biome-ignore format: a table

/** A line of proofs/links.ndjson: likewise for the links of an application and day. */
export const LINK_PROOF = SEGMENT_PROOF.omit({ segment: true }).extend({
  generation: count.describe('Number that links refer to.'),
})

/** A line of aliases.ndjson. */
export const ALIAS = z.strictObject({
  kind: z.string(),
  issuer: z.string(),
  name: z.string(),
  from: z.string().optional().describe('First UTC day on which the name means the subject.'),
  to: z.string().optional().describe('The day after the last.'),
  subject_kind: z.string(),
  subject_issuer: z.string(),
  subject_name: z.string(),
})

/** What an auditor must know besides the requests that were found. */
export const EXCEPTIONS = {
  'day-open': 'The day is not closed: what it holds may still change, and only closed days are evidence.',
  'day-not-linked': 'Hops of the day came in after it was linked.',
  'days-pruned': 'The period reaches into days that were dropped.',
  'no-source': 'No source of this side has a line of this day.',
  'source-incomplete': 'A source was read in part only, or reading it failed.',
  'lines-rejected': 'Lines of a source could not be read.',
  'possible-duplicates': 'Equal lines at the edge of two sources were taken for one line handed over twice.',
  'link-warning': 'Linking the day met something odd.',
  'coverage-gap': 'Logs of this hour are missing or partial, or it is not known whether they are whole.',
  'control-total-differs':
    'Apigee counted more or fewer calls of a proxy and time than the store has records.',
  'control-totals-missing': 'The control totals that were handed in do not speak of this part of the period.',
  'link-below-0.99': 'A link of the request is less sure than 0.99.',
  'link-by-time': 'A link of the request rests on times alone.',
  ambiguous: 'Which hop the request belongs with is in doubt.',
  'awaiting-gateway': 'The record of the gateway may still come.',
  'awaiting-app': 'The line of the application may still come.',
  'no-gateway-record':
    'A line of the application, or of HTTP.sys in its place, that no gateway record claims.',
  'no-app-record': 'A call to the target that no line of the application or of HTTP.sys answers.',
  'partner-pruned': 'The other hop of the request was dropped with its day.',
} as const
export type ExceptionKind = keyof typeof EXCEPTIONS

/** A line of exceptions.ndjson. */
export const EXCEPTION = z.strictObject({
  kind: z.enum(Object.keys(EXCEPTIONS) as [ExceptionKind, ...ExceptionKind[]]),
  about: z.string().describe('Application and day, source, or hour.').optional(),
  request_id: id128.optional(),
  start: stamp.optional(),
  detail: z.string().optional(),
})

/** sources.json */
export const SOURCES = z.strictObject({
  version: z.literal(BUNDLE_VERSION),
  sources: z.array(
    z.strictObject({
      id: count,
      path: z.string(),
      format: z.string(),
      sha256: z.string().describe('Of the raw bytes that were read; empty while it is read in part only.'),
      bytes: count,
      gzip: z.boolean(),
      host: z.string().optional(),
      site: z.string().optional(),
      first: stamp.optional(),
      last: stamp.optional(),
      hops: count.describe('Hops of it in facts.ndjson.'),
    }),
  ),
})

/** sample.json: requests to look up in the original logs, chosen by a rule that nobody can bend. */
export const SAMPLE = z.strictObject({
  version: z.literal(BUNDLE_VERSION),
  seed: digest.describe('SHA-256 of query.json. The requests with the smallest SHA-256 of seed, colon, request id are the sample.'),
  requests: z.array(
    z.strictObject({
      request_id: id128,
      hops: z.array(
        z.strictObject({
          side,
          file: z.string(),
          sha256: z.string(),
          line: count,
          byteOffset: count,
        }),
      ),
      spans: z
        .array(
          z.strictObject({
            parent: count.nullable().describe('Which span of this list it lies below; null: of none.'),
            layer: z.enum(['gateway', 'target', 'app', 'kernel']),
            name: z.string(),
            kind: z.enum(['server', 'client']),
            start: stamp.optional(),
            end: stamp.optional(),
            status: z.number().int().optional(),
          }),
        )
        .describe('What happened, by the stamps that were logged, each by its own clock.'),
    }),
  ),
}) // biome-ignore format: a table

/** A line of findings.ndjson. */
export const FINDING = z.strictObject({
  rule: z.string(),
  incident: z.string().describe('Id of it; a stand-in where people are withheld, as the id is made of whom it is about.'),
  severity: z.string(),
  status: z.string(),
  title: z.string().optional(),
  firstSeen: stamp.optional(),
  lastSeen: stamp.optional(),
  suppression: z
    .strictObject({
      until: z.string().describe('First moment at which it no longer holds.'),
      at: z.string().describe('When it was decided.'),
      reason: z.string().optional(),
      author: z.string().optional(),
    })
    .optional()
    .describe('Why it is not to be acted upon. Without reason and author where people are withheld.'),
  requests: z.array(id128).describe('Those of its requests that are in the population.'),
  others: count.describe('Requests of it that are not.'),
}) // biome-ignore format: one member a line

/** redaction.json */
export const REDACTION = z.strictObject({
  version: z.literal(BUNDLE_VERSION),
  redacted: z.boolean(),
  withheld: z.array(z.string()).describe('Columns of records without a value for this reason.'),
  pseudonyms: z.array(z.string()).describe('Columns whose values are stand-ins, made with a key that stays with the store.'),
}) // biome-ignore format: a table

export type Manifest = z.infer<typeof MANIFEST>
export type Query = z.infer<typeof QUERY>
export type SegmentProof = z.infer<typeof SEGMENT_PROOF>
export type LinkProof = z.infer<typeof LINK_PROOF>
export type Alias = z.infer<typeof ALIAS>
export type Exception = z.infer<typeof EXCEPTION>
export type Sources = z.infer<typeof SOURCES>
export type Sample = z.infer<typeof SAMPLE>
export type BundleFinding = z.infer<typeof FINDING>
export type Redaction = z.infer<typeof REDACTION>
