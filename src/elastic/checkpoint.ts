import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'

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

const PENDING = DONE.omit({ held: true }).extend({ day })

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

export const CHECKPOINT_FILE = 'checkpoint.json'

/** @throws EXPORT_STATE */
export function readCheckpoint(folder: string, address: string): Checkpoint {
  const path = join(folder, CHECKPOINT_FILE)
  if (!existsSync(path)) return { version: 1, address, days: {} }
  try {
    return { ...CHECKPOINT.parse(JSON.parse(readFileSync(path, 'utf8'))), address }
  } catch (cause) {
    throw new ThroughlineError(
      'EXPORT_STATE',
      `export state ${path}: cannot be read: ${(cause as Error).message.slice(0, 200)}; restore the file, or remove it to send everything again`,
      { path },
      cause,
    )
  }
}
