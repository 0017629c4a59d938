import { z } from 'zod'
import { count, flag, share } from './knobs.ts'

const site = (what: string) =>
  z
    .enum(['some', 'all', 'none'])
    .default('some')
    .describe(`hosts that log ${what}: those of payroll only (some), all or none`)

/** Who calls what, and what the logs say about it. */
export const COMPANY_OPTIONS = {
  applications: z
    .number()
    .int()
    .min(1)
    .max(3)
    .default(3)
    .describe('applications behind the gateway: 1 payroll-v1, 2 also orders-v2, 3 also directory-v1'),
  hostsPerSite: count(2, 'IIS hosts behind each site; the first application has one, the others share one'),
  users: count(40, 'people who call through the client apps'),
  apps: count(5, 'client apps registered at the gateway'),
  serviceAccount: flag(false, 'one account makes all calls, as the gateway and the app name it'),
  identity: z
    .enum(['mixed', 'header', 'windows', 'none'])
    .default('mixed')
    .describe(
      'how app lines name the caller: forwarded header, Windows account, not at all, or one for each application',
    ),
  gatewaySubjects: flag(true, 'gateway rows name the subject, in dc_subject'),
  paths: z
    .enum(['company', 'telling', 'plain'])
    .default('company')
    .describe(
      'company: most paths hold one of 9 000 numbers; telling: all hold one of a billion; plain: none, a few paths only',
    ),
  queries: z
    .enum(['company', 'telling', 'none'])
    .default('company')
    .describe('company: some routes have a query; telling: each call has one of its own; none: no call'),
  userAgents: z
    .enum(['varied', 'one'])
    .default('varied')
    .describe('whether callers through the gateway differ in their User-Agent'),
  logSizes: site('sc-bytes and cs-bytes'),
  logForwardedFor: site('X-Forwarded-For'),
  headerSpreadBytes: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('the headers in sc-bytes and cs-bytes differ by up to so many bytes from line to line'),
  layoutChange: flag(true, 'the last host gets further #Fields in mid-file, half-way through the traffic'),
  bypassShare: share(0.01, 'share of visits that reach IIS directly and never pass the gateway'),
  spoofedUserShare: share(0.3, 'share of direct hits on an app with header identity that forge the header'),
  swappedUserShare: share(
    0,
    'share of calls to an app with header identity whose line names another person than the caller',
  ),
  mutualTls: flag(
    false,
    'the payroll hosts ask callers for a client certificate and log CERT_SUBJECT and CERT_SERIALNUMBER',
  ),
  certlessShare: share(0, 'share of calls to them through the gateway that show none; direct hits never do'),
  healthProbeSeconds: z
    .number()
    .min(0)
    .default(60)
    .describe('seconds between two health probes of a host by the load balancer; 0 for none'),
}
