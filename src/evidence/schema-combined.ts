import { z } from 'zod'
import { count, digest } from './schema-values.ts'
import { COMBINED_TYPE, COMBINED_VERSION, STATEMENT_TYPE } from './verify/format.ts'

/**
 * What the envelope in combined.json signs, with the key of each store: an in-toto Statement about the bundles of several
 * stores that answer one question together.
 */
export const COMBINED = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: digest }) }))
    .describe('The files beside combined.json, and of each bundle below stores/ its manifest.json, which lists its files.'),
  predicateType: z.literal(COMBINED_TYPE),
  predicate: z.strictObject({
    version: z.literal(COMBINED_VERSION),
    tool: z.string().describe('Program and version that made the bundle.'),
    redacted: z.boolean(),
    stores: z
      .array(
        z.strictObject({
          name: z.string().describe('Folder of its bundle below stores/.'),
          storeId: z.string(),
          fingerprint: digest.describe('Of the key that signs its bundle, and this.'),
          requests: count,
          populationHash: digest.nullable(),
        }),
      )
      .min(2),
    requests: count.describe('Of all stores.'),
    populationHash: digest
      .nullable()
      .describe('What `throughline query --hash` prints for all stores; null where the bundle is redacted.'),
  }),
}) // biome-ignore format: a table

export type Combined = z.infer<typeof COMBINED>
