import { z } from 'zod'

/** Where requests are sent as traces, and what of them. */
export const OTLP = z
  .strictObject({
    endpoint: z.string().min(1).optional().describe('Address of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`.'),
    headers: z
      .record(z.string().min(1), z.string())
      .default({})
      .describe('Headers of every request, such as `authorization`. Secrets rather belong into THROUGHLINE_OTLP_HEADERS (`name=value,name=value`).'),
    protocol: z.enum(['http/protobuf', 'http/json']).default('http/protobuf').describe('Encoding of the requests.'),
    compression: z.enum(['gzip', 'none']).default('gzip').describe('Compression of the requests.'),
    ca: z.string().min(1).optional().describe('File of certificates (PEM) to trust besides those of the system.'),
    cert: z.string().min(1).optional().describe("File of the client's own certificate (PEM), for mutual TLS."),
    key: z.string().min(1).optional().describe('File of its private key (PEM).'),
    timeoutSeconds: z.number().min(0.1).max(600).default(30).describe('How long to wait for an answer before the request is tried again.'),
    concurrency: z.number().int().min(1).max(64).default(4).describe('Requests under way at a time.'),
    batchSpans: z.number().int().min(1).max(100_000).default(2_000).describe('Spans in a request.'),
    sample: z.number().gt(0).max(1).default(1).describe('Share of traces that is sent, by trace id; traces with a failed request always are.'),
    logs: z.boolean().default(false).describe('Whether IIS lines are sent as log records, too.'),
    redact: z.boolean().default(false).describe('Whether subjects, clients and their addresses are replaced by keyed stand-ins.'),
  })
  .prefault({})
  .describe('Where `export otlp` sends requests as traces.') // biome-ignore format: a table

export type OtlpConfig = z.infer<typeof OTLP>
