import { z } from 'zod'
import { BUNDLE_VERSION, PREDICATE_TYPE, STATEMENT_TYPE } from './verify/format.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)
const id128 = z.string().regex(/^[0-9a-f]{32}$/)
const stamp = z.string().describe('RFC 3339 in UTC, six digits of a second.')
const hour = z.string().regex(/^\d{4}-\d\d-\d\dT\d\dZ$/)
const side = z.enum(['gateway', 'app', 'kernel'])

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

const ACCOUNT = z.strictObject({
  id: count.describe('Number of the source.'),
  status: z.enum(['complete', 'partial', 'failed']),
  lines: count,
  decoded: count,
  directives: count,
  rejected: count,
  rejectedBy: z.record(z.string(), count),
  duplicates: count,
  possibleDuplicates: count,
  pruned: count,
  scrubbed: count,
  invalidUtf8: count,
})

const DAY = z.strictObject({
  application: z.string(),
  day: z.string(),
  state: z.enum(['open', 'closed']),
  reason: z.string(),
  isLinked: z.boolean().describe('Whether its links take every hop into account.'),
  generation: count.optional().describe('Version of its links.'),
  links: z.record(z.string(), count).describe('Link rows by verdict.'),
  warnings: z.array(z.string()),
})

const HOURLY_HOPS = z.strictObject({
  hour,
  side,
  source: count,
  rows: count.describe('Hops of this source in this hour, by the stamp that its day is taken from.'),
  versions: count.describe('Of these, records that another row has in a fuller version.'),
  links: count.describe('gateway: link rows from 0.9 on. app, kernel: hops with such a link.'),
  unasked: count.describe('kernel: hops without a link that closed before anything was asked, and are no requests. Others: 0.'),
}) // biome-ignore format: one member a line

const HOURLY_REQUESTS = z.strictObject({
  hour,
  requests: count.describe('Requests of this hour, whatever the filter.'),
  found: count.describe('Of these, requests in the population.'),
})

/** A row of what `throughline coverage` says. */
export const COVERAGE = z.strictObject({
  side,
  group: z.string().describe('Which logs: application, host and site, or organization and environment.'),
  hour,
  state: z.enum(['complete', 'partial', 'missing', 'unknown']),
  reason: z.string(),
})

/** What rules could not judge: not the same as that they found nothing. */
const NOT_EVALUATED = z.strictObject({
  rule: z.string().nullable().describe('null: none was evaluated.'),
  day: z.string().describe('UTC day.'),
  application: z.string().nullable().describe('null: any.'),
  reason: z.string(),
  why: z.string().describe('The reason in words.'),
  requests: count.describe('Requests that may be findings; 0 where none were looked at.'),
})

/** Totals that Apigee counted (Stats API), against the records of the store. */
const CONTROL_TOTALS = z.strictObject({
  sha256: digest.describe('Of the answer of the Stats API that was handed in.'),
  span: z.enum(['hour', 'day']),
  first: stamp.describe('Where the totals begin.'),
  last: stamp.describe('Where they end.'),
  from: stamp.nullable().describe('What was compared: where totals and period have spans in common; null: nowhere.'),
  to: stamp.nullable(),
  outside: count.describe('Calls of the totals outside of that.'),
  notices: z.array(z.string()),
  errors: z.array(z.string()),
  unknownEnvironments: z.array(z.string()).describe('Environments of the totals of which the store has no record.'),
  rows: z.array(
    z.strictObject({
      environment: z.string(),
      proxy: z.string().nullable().describe('null: all of the environment.'),
      at: stamp.describe('Begin of the span.'),
      calls: count.describe('As Apigee counted.'),
      records: count.describe('As the store has them.'),
      verdict: z.enum(['equal', 'fewer', 'more', 'uncovered']).describe('uncovered: the store holds nothing of this time.'),
    }),
  ),
  elsewhere: z.array(z.strictObject({ at: stamp, records: count })).describe('Records of environments that the totals do not name, by span.'),
}) // biome-ignore format: one member a line

/** What the ledger alone says of a period. */
export const LEDGER_ACCOUNTS = z.strictObject({
  sources: z.array(ACCOUNT),
  days: z.array(DAY),
  declared: z.array(z.strictObject({ side, from: z.string(), to: z.string() })).describe('Sides that a person declared whole.'),
  pruned: z
    .strictObject({ before: z.string(), at: z.string(), entry: count })
    .nullable()
    .describe('Days before this one were dropped.'),
}) // biome-ignore format: a table

/** completeness.json */
export const COMPLETENESS = z.strictObject({
  version: z.literal(BUNDLE_VERSION),
  ledger: LEDGER_ACCOUNTS,
  hops: z.array(HOURLY_HOPS),
  requests: z.array(HOURLY_REQUESTS),
  coverage: z.array(COVERAGE).nullable().describe('null: not evaluated.'),
  controlTotals: CONTROL_TOTALS.nullable().describe('null: none were handed in.'),
  notEvaluated: z.array(NOT_EVALUATED).nullable().describe('What rules could not judge on the days of the period; null: none of them was run.'),
}) // biome-ignore format: one member a line

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
export type LedgerAccounts = z.infer<typeof LEDGER_ACCOUNTS>
export type Completeness = z.infer<typeof COMPLETENESS>
export type CoverageGap = z.infer<typeof COVERAGE>
export type ControlTotals = z.infer<typeof CONTROL_TOTALS>
export type NotEvaluated = z.infer<typeof NOT_EVALUATED>
export type Exception = z.infer<typeof EXCEPTION>
export type Sources = z.infer<typeof SOURCES>
export type Sample = z.infer<typeof SAMPLE>
export type BundleFinding = z.infer<typeof FINDING>
export type Redaction = z.infer<typeof REDACTION>
