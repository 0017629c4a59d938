import { z } from 'zod'
import { isAddressBlock } from '../model/address.ts'

const globs = (description: string) =>
  z
    .array(z.string().min(1))
    .min(1, 'expected at least one glob, or leave the key out')
    .optional()
    .describe(description)

const DIRECT = z
  .strictObject({
    peers: z
      .array(z.string().refine(isAddressBlock, 'expected an IP address or a CIDR block such as 10.20.0.0/24'))
      .min(1)
      .describe('Addresses (single or CIDR) that call.'),
    paths: globs('Paths that they may call, such as `/healthz`; all where left out.'),
  })
  .describe('Callers that may reach IIS without the gateway.')

const MUTUAL_TLS = z
  .strictObject({
    sites: globs('IIS sites, such as `W3SVC2`.'),
    hostHeaders: globs('Host headers.'),
    hosts: globs('Names of the hosts that served.'),
    fields: z
      .array(z.string().min(1))
      .min(1)
      .default(['CERT_SUBJECT', 'CERT_SERIALNUMBER'])
      .describe("Fields of the log that hold something of the client's certificate."),
  })
  .refine(it => it.sites || it.hostHeaders || it.hosts, 'expected sites, hostHeaders or hosts')
  .describe('Sites that may be reached with a client certificate only; all lists that are given must match.')

/** What findings are judged by. */
export const FINDINGS = z
  .strictObject({
    expectedDirect: z.array(DIRECT).default([]).describe('Callers that may reach IIS without the gateway: health probes, jobs on the same network.'),
    publicPaths: z.array(z.string().min(1)).default([]).describe('Paths that may answer to anybody, such as `/healthz`.'),
    mutualTls: z.array(MUTUAL_TLS).default([]).describe('Sites that may be reached with a client certificate only.'),
    tokenLifetimeMinutes: z.number().positive().optional().describe('How long an access token holds by policy; without it nothing is said of stale credentials.'),
    clockAheadSeconds: z.number().positive().default(1).describe("How far a host's clock may be from the gateway's."),
    networks: z.number().int().min(2).default(5).describe('From so many networks (/24, /48) in a day on, a credential counts as shared.'),
  })
  .prefault({})
  .describe('What findings are judged by.') // biome-ignore format: a table

export type FindingsConfig = z.infer<typeof FINDINGS>
