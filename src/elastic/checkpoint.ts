import { z } from 'zod'
import { readCheckpoint } from '../store/exports.ts'

const count = z.number().int().min(0)
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)

const DONE = z.strictObject({
  /** The ledger entry that the day was published at. */
  seq: z.number().int(),
  /** Digest of the settings that documents depend on. */
  made: z.string(),
  /** Requests of the day; documents that are superseded come on top. */
  live: count,
  /** Documents that the index had afterwards, those that are superseded left out. */
  held: count.optional(),
})

const PENDING = DONE.omit({ held: true, live: true }).extend({ day })

const CHECKPOINT = z.strictObject({
  version: z.literal(1),
  /** Where it is kept, for people. */
  address: z.string(),
  days: z.record(day, DONE),
  pending: PENDING.optional(),
})

export type Done = z.infer<typeof DONE>
export type Pending = z.infer<typeof PENDING>
export type Checkpoint = z.infer<typeof CHECKPOINT>

/** @throws EXPORT_STATE */
export function checkpointOf(folder: string, address: string): Checkpoint {
  return { ...readCheckpoint(folder, CHECKPOINT, { version: 1, address, days: {} }), address }
}
