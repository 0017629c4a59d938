import { z } from 'zod'

const SASL = z
  .strictObject({
    mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512').describe('How the password is shown.'),
    username: z.string().min(1).describe('User; the password is in THROUGHLINE_KAFKA_PASSWORD.'),
  })
  .optional()
  .describe('Who connects. Absent: nobody in particular.') // biome-ignore format: a table

const TLS = z
  .strictObject({
    ca: z.string().min(1).optional().describe('File of certificates (PEM) to trust besides those of the system.'),
    cert: z.string().min(1).optional().describe("File of the client's own certificate (PEM)."),
    key: z.string().min(1).optional().describe('File of its private key (PEM).'),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'expected both cert and key, or neither')
  .optional()
  .describe('Encrypted connections; `tls: {}` trusts what the system trusts. Absent: plain text.') // biome-ignore format: a table

const FOREIGN = z.strictObject({
  topic: z.string().min(1).describe('Topic into which a shipper writes JSON objects with the lines of logs.'),
  fields: z.array(z.string().min(1)).min(1).optional().describe('Names of the columns, where the shipper leaves out the #Fields directives.'),
}) // biome-ignore format: a table

/** Kafka, for collectors and workers. */
export const KAFKA = z
  .strictObject({
    brokers: z.array(z.string().regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'expected HOST:PORT')).min(1).optional().describe('Brokers to ask first, such as `[kafka-1:9092, kafka-2:9092]`.'),
    topics: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$/, 'expected letters, digits, dots, dashes and underscores').default('throughline').describe('Beginning of the names of topics.'),
    partitions: z.number().int().min(1).max(1024).default(12).describe('Partitions of a topic; the same in all of them. An application lives in one, and no partition can be added later.'),
    replicas: z.number().int().min(1).max(9).optional().describe('Copies of a topic; default: three, or as many as there are brokers.'),
    retentionHours: z.number().int().min(1).default(168).describe('Hours that topics keep messages: the longest time that workers may be away.'),
    group: z.string().min(1).default('throughline').describe('Consumer group of the workers.'),
    stores: z.string().min(1).default('throughline-fleet').describe('Folder of the stores of partitions, which all workers can reach.'),
    collector: z.string().regex(/^[\w.-]{1,200}$/, 'expected letters, digits, dots, dashes and underscores').optional().describe('Name of a collector; default: the name of its host.'),
    collectorState: z.string().min(1).default('throughline-collector').describe('Folder in which a collector keeps how far it has come.'),
    compression: z.enum(['gzip', 'none']).default('gzip').describe('How collectors pack messages.'),
    sessionSeconds: z.number().int().min(6).max(300).default(30).describe('Silence after which a worker is taken for dead.'),
    foreign: z.array(FOREIGN).default([]).describe('Topics of shippers that `collect` reads like files.'),
    sasl: SASL,
    tls: TLS,
  })
  .prefault({})
  .describe('Where `collect` and `work` hand hops over, when one machine is not enough.') // biome-ignore format: a table

export type KafkaConfig = z.infer<typeof KAFKA>
