import { z } from 'zod'
import { count, digest, hour, side, stamp } from './schema-values.ts'
import { BUNDLE_VERSION } from './verify/format.ts'

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

export type LedgerAccounts = z.infer<typeof LEDGER_ACCOUNTS>
export type Completeness = z.infer<typeof COMPLETENESS>
export type CoverageGap = z.infer<typeof COVERAGE>
export type ControlTotals = z.infer<typeof CONTROL_TOTALS>
export type NotEvaluated = z.infer<typeof NOT_EVALUATED>
