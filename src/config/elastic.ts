import { z } from 'zod'

/** Elasticsearch and Kibana, and what is kept there. */
export const ELASTIC = z
  .strictObject({
    url: z.string().min(1).optional().describe('Address of Elasticsearch, such as `https://127.0.0.1:9200`.'),
    cloudId: z.string().min(1).optional().describe('Cloud id of a deployment of Elastic Cloud, instead of an address.'),
    username: z.string().min(1).optional().describe('User; the password is in THROUGHLINE_ELASTIC_PASSWORD.'),
    ca: z.string().min(1).optional().describe('File of certificates (PEM) to trust besides those of the system.'),
    caFingerprint: z.string().regex(/^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$/, 'expected the SHA-256 of a certificate in hex').optional().describe("SHA-256 of the authority's certificate, as Elasticsearch prints it at its first start."),
    prefix: z.string().regex(/^[a-z][a-z0-9_.-]*$/, 'expected lower-case letters, digits, dots, dashes and underscores, beginning with a letter').default('throughline').describe('Beginning of the names of indices, aliases and templates.'),
    deployment: z.string().min(1).optional().describe('Id that stores have in common which publish into the same indices; default: the id of the store.'),
    replicas: z.number().int().min(0).max(10).optional().describe('Copies of each index; default: one where there is more than one node.'),
    retentionDays: z.number().int().min(1).optional().describe('Days after which indices are deleted: by the server where it has index lifecycle management, else by `elastic prune`.'),
    kibana: z.string().min(1).optional().describe('Address of Kibana, into which `elastic setup` imports the dashboards.'),
    space: z.string().regex(/^[a-z0-9_-]+$/, 'expected the id of a space').optional().describe('Space of Kibana; default: the default space.'),
    timeoutSeconds: z.number().min(0.1).max(600).default(60).describe('How long to wait for an answer before the request is tried again.'),
    concurrency: z.number().int().min(1).max(64).default(4).describe('Most bulk requests under way at a time; fewer where the server says that it is too much.'),
    batchMiB: z.number().min(0.01).max(64).default(5).describe('Size of a bulk request, MiB.'),
    batchDocuments: z.number().int().min(1).max(100_000).default(5_000).describe('Documents in a bulk request.'),
    redact: z.boolean().default(false).describe('Whether subjects, clients and their addresses are replaced by keyed stand-ins.'),
  })
  .prefault({})
  .describe('Where `elastic` commands keep requests as documents.') // biome-ignore format: a table

export type ElasticConfig = z.infer<typeof ELASTIC>
