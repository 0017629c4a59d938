import { z } from 'zod'
import { isAddressBlock } from '../model/address.ts'
import { APPLICATIONS } from './applications.ts'
import { ELASTIC } from './elastic.ts'
import { FINDINGS } from './findings.ts'
import { KAFKA } from './kafka.ts'
import { OTLP } from './otlp.ts'
import { SUBJECTS } from './subjects.ts'
import { TELEMETRY } from './telemetry.ts'

const names = (description: string, defaults: string[]) =>
  z.array(z.string().min(1)).default(defaults).describe(description)

/**
 * The configuration: validator, types, defaults and documentation at once. Unknown keys are errors. Names of fields
 * compare without case, dash, underscore or dot, and `*` matches any run of characters.
 */
export const CONFIG = z.strictObject({
  store: z.string().min(1).default('throughline-store').describe('Folder of the store.'),
  hosts: z
    .array(
      z.strictObject({
        path: z.string().min(1).describe('Glob over source paths, such as `**/web01/**`; also over paths of logs inside envelopes.'),
        host: z.string().min(1).optional().describe('Host that wrote the log.'),
        site: z.string().min(1).optional().describe('Site whose log it is.'),
      }),
    )
    .default([])
    .describe('Which host and site wrote the logs under a path, where their rows do not say it. First match wins.'),
  fields: z
    .strictObject({
      gateway: z
        .strictObject({
          correlation: names('Export columns that may hold a correlation id, best first.', [
            'dc*correlation*', 'dc*request*id*', 'dc*reqid*', 'dc*trace*', 'x*correlation*id*', 'x*request*id*',
            'correlation*id', 'request*id', 'traceparent',
          ]),
          subject: names('Export columns that may hold the subject, best first; then client_id, then developer_email.', [
            'dc*subject*', 'dc*sub', 'dc*enduser*', 'dc*user*id*', 'dc*username*', 'dc*user', 'dc*upn', 'dc*principal*',
          ]),
        })
        .prefault({})
        .describe('Columns of the Apigee export.'),
      app: z
        .strictObject({
          correlation: names('Custom log fields that may hold a correlation id, best first.', [
            'x*correlation*id*', '*correlation*id*', 'x*request*id*', 'request*id', '*request*id*', 'x*trace*id*',
            '*trace*id*', '*message*id*', 'traceparent',
          ]),
          subject: names('Custom log fields that may hold the subject, best first; then cs-username.', [
            'x*forwarded*user', 'x*remote*user', 'remote*user', 'x*user*id', 'x*user*name', 'x*user', '*identity*uuid*',
            '*client*principal*name*', 'x*subject*', 'x*sub', 'x*upn',
          ]),
        })
        .prefault({})
        .describe('Custom fields of the IIS log.'),
    })
    .prefault({})
    .describe('Which columns carry ids and identities.'),
  trustedProxies: z
    .array(z.string().refine(isAddressBlock, 'expected an IP address or a CIDR block such as 10.30.0.0/24'))
    .default([])
    .describe('Addresses (single or CIDR) from which the gateway calls IIS. With any, an id from elsewhere is contradicted, and no line from elsewhere is linked without one.'),
  scrub: z
    .strictObject({
      names: names('Further parameter, cookie and column names whose values are secrets.', []),
      exempt: names('Names of the built-in list that are no secrets here.', []),
    })
    .prefault({})
    .describe('Secrets that are replaced before anything is written.'),
  applications: APPLICATIONS,
  subjects: SUBJECTS,
  findings: FINDINGS,
  otlp: OTLP,
  elastic: ELASTIC,
  kafka: KAFKA,
  retention: z
    .strictObject({
      days: z.number().int().min(1).optional().describe('Days before today whose requests `store prune` keeps, with all that belongs to them; nothing is pruned by itself.'),
      rejectsDays: z.number().int().min(1).optional().describe('Days before today whose rejected lines it keeps; less than `days`, or instead of it.'),
      generationsDays: z.number().int().min(1).optional().describe('Days before today of which it keeps links that later ones have replaced.'),
      readsDays: z.number().int().min(1).optional().describe('Days before today whose records of commands that gave data out it keeps.'),
    })
    .prefault({})
    .describe('How long days are kept.'),
  ledger: z
    .strictObject({
      keys: z.string().min(1).optional().describe('Folder of signing keys and of the secrets that salt leaves, outside every store; default: `throughline/keys` below `XDG_CONFIG_HOME`, else below `~/.config`.'),
    })
    .prefault({})
    .describe('How the ledger is signed.'),
  engine: z
    .strictObject({
      threads: z.number().int().min(1).max(256).optional().describe('Threads; default: the number of cores.'),
      memoryMiB: z.number().int().min(256).default(640).describe('Memory for the query engine, MiB.'),
    })
    .prefault({})
    .describe('Resources.'),
  telemetry: TELEMETRY,
}) // biome-ignore format: a table

export type Config = z.infer<typeof CONFIG>
