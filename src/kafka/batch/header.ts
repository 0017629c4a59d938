import { z } from 'zod'
import { ACCOUNTING, SEEN, type SeenRecord, SOURCE } from '../../ledger/entry.ts'
import { HOP_KINDS } from '../../model/hop.ts'

/**
 * Version of the messages. A member may be added within a version if a reader that does not know it still reads the
 * message right; anything else raises the version, and workers are brought up to date before collectors (docs/kafka.md).
 */
export const SCHEMA_VERSION = 1

/** Names of a message's headers. */
export const HEADERS = {
  schema: 'throughline-schema',
  source: 'throughline-source',
  first: 'throughline-first',
  last: 'throughline-last',
} as const

/** Rows, and bytes of rows, that a message has at most; one row that is longer has a message of its own. */
export const BATCH_ROWS = 1000
export const BATCH_BYTES = 512 * 1024

const count = z.number().int().min(0)
const index = count

const LAYOUT = z.object({
  kind: z.enum(HOP_KINDS).describe('Kind of hop.'),
  delimiter: z.string().length(1).describe('Character between two columns.'),
  quote: z.string().length(1).optional().describe('Character around a value that holds the delimiter.'),
  nullText: z.string().describe('Text of a value that is absent.'),
  columns: z.array(z.string()).min(6).describe('Names of the columns; an empty one is not read.'),
})

const POSITION = z.object({ lineNo: count, byteOffset: count }).describe('Where a line stands in its source.')

/** As the ledger has it, but that members a later version adds are passed over. */
const RECORD = z
  .object(SOURCE.omit({ id: true, shipped: true }).shape)
  .extend({ accounting: z.object(ACCOUNTING.shape) })

const BASE = {
  schema: z.literal(SCHEMA_VERSION).describe('Version of the message.'),
  collector: z.string().min(1).describe('Name of the collector.'),
  source: z.uuid().describe('Id of the source, made when its collector first saw it.'),
  replaces: z.uuid().optional().describe('Id of an earlier source that was read in part, and is read again from its beginning as this one.'),
  record: RECORD.describe('The source as far as it was read when the message was made.'),
  application: z.string().min(1).describe('Application of all rows; the key of the message.'),
  before: count.describe('Rows of this source and application in all messages before this one.'),
} // biome-ignore format: a table

/** What stands in front of the rows of hops. Members that are not known are passed over. */
export const HOP_BATCH = z.object({
  ...BASE,
  kind: z.literal('hops'),
  first: POSITION.optional().describe('Of the first row; absent without rows.'),
  last: POSITION.optional().describe('Of the last row.'),
  layouts: z.array(LAYOUT).describe('How rows are written.'),
  parts: z
    .array(
      z.object({
        layout: index.describe('Place in `layouts`.'),
        day: z.number().int().describe('UTC day of the rows, days since 1970-01-01.'),
        firstUs: z.number().int().describe('Smallest stamp of the rows, µs since 1970.'),
        lastUs: z.number().int().describe('Largest stamp.'),
      }),
    )
    .describe('Rows of one layout and day.'),
  part: z.array(index).optional().describe('Place in `parts` of each row; absent where there is one part.'),
  lengths: z.array(count).describe('Bytes of each row with its line feed, in the order of the source.'),
})

/** What stands in front of rejected lines, which follow as one JSON object a line. */
export const REJECT_BATCH = z.object({
  ...BASE,
  kind: z.literal('rejects'),
  lengths: z.array(count).describe('Bytes of each reject with its line feed.'),
})

/**
 * Says to every partition how far the gateway and hosts have come: whether a side of a day is whole is asked in every
 * store, also in one that has no line of a later day.
 */
export const PROGRESS = z.object({
  schema: z.literal(SCHEMA_VERSION),
  kind: z.literal('progress'),
  collector: z.string().min(1),
  seen: z
    .array(z.object(SEEN.shape))
    .describe('Largest stamp of the gateway (host empty) and of each host, µs since 1970.'),
  lengths: z.array(count).max(0).describe('No rows.'),
})

export const BATCH = z.discriminatedUnion('kind', [HOP_BATCH, REJECT_BATCH, PROGRESS])

export type HopBatch = z.infer<typeof HOP_BATCH>
export type RejectBatch = z.infer<typeof REJECT_BATCH>
export type Progress = z.infer<typeof PROGRESS>
export type Batch = HopBatch | RejectBatch | Progress
export type LastSeen = SeenRecord
