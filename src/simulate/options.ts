import { z } from 'zod'

const share = (value: number, text: string) => z.number().min(0).max(1).default(value).describe(text)
const count = (value: number, text: string) => z.number().int().min(1).default(value).describe(text)

/**
 * Every knob of the simulator: validator, type, default and documentation at once. The defaults give a demo of
 * about 43 000 calls. All shares are assumptions about a plausible company unless the text names a source.
 */
export const SIMULATION_OPTIONS = z.strictObject({
  seed: z.number().int().min(0).default(1).describe('same seed and options, same bytes'),
  start: z.iso
    .datetime()
    .default('2026-03-02T08:00:00Z')
    .describe('first moment of the traffic, ISO 8601 in UTC'),
  hours: z.number().positive().default(4).describe('how long the traffic lasts'),
  ratePerSecond: z
    .number()
    .positive()
    .default(3)
    .describe('mean arrivals a second over the whole time; a daily rhythm lies on top'),
  gatewayFormat: z
    .enum(['ndjson', 'csv', 'pipe', 'tab'])
    .default('ndjson')
    .describe('form of the gateway exports: JSON lines, or delimited by comma, pipe or tab'),
  gzip: z.boolean().default(false).describe('compress the gateway exports (several gzip members a file)'),
  shardRows: count(
    400_000,
    'rows in one file of a gateway export (0.9 GB of JSON); an export is one environment and UTC day',
  ),
  hostsPerSite: count(2, 'IIS hosts behind each of the two sites'),
  users: count(40, 'people who call through the client apps'),
  apps: count(5, 'client apps registered at the gateway'),
  idShare: share(
    1,
    'share of the IIS hosts that log the correlation id; a fraction of a host is a share of its lines',
  ),
  missingIdShare: share(
    0.01,
    'share of calls without an id on the app side: half were never sent one by the client, half lost it on the way',
  ),
  compositeShare: share(
    1,
    'share of the orders-v2 calls whose target gets {correlation}.{messageid} instead of the plain id',
  ),
  truncatedIdShare: share(0.002, 'share of calls with an id over 400 bytes, which the data collector cuts'),
  reusedIdShare: share(0, 'share of visits in which the client sends one id for all its calls'),
  retriesShare: share(0.01, 'share of target calls answered 503 by one host and repeated on another'),
  cacheHitShare: share(0.05, 'share of calls answered from the gateway cache, without a target call'),
  policyErrorShare: share(
    0.02,
    'share of calls refused by a policy: token 60 %, quota 25 %, spike arrest 15 %',
  ),
  unmatchedShare: share(0.004, 'share of calls that match no proxy: 404 with apiproxy (not set)'),
  unreachableShare: share(0.001, 'share of calls whose target cannot be reached: 503, no IIS line'),
  timeoutShare: share(0.001, 'share of target calls that outlast the 30 s timeout of the gateway: 504'),
  appErrorShare: share(0.004, 'share of target calls answered 500'),
  tokenRejectedShare: share(0.004, 'share of target calls the app answers 401 or 403'),
  abortShare: share(
    0.016,
    'share of IIS lines with win32 status 64 beside a good status; 1.6 % was measured on 101 245 public rows',
  ),
  lostGatewayShare: share(0.002, 'share of gateway rows missing from the export, at random'),
  lostAppShare: share(0.002, 'share of IIS lines missing from the logs, at random'),
  bypassShare: share(0.01, 'share of visits that reach IIS directly and never pass the gateway'),
  replayedIdShare: share(0, 'share of direct hits by scripts that carry an id lately seen at the gateway'),
  healthProbeSeconds: z
    .number()
    .min(0)
    .default(60)
    .describe('seconds between two health probes of a host by the load balancer; 0 for none'),
  clockOffsetsMs: z
    .array(z.number())
    .default([120, -450, 1800, 0])
    .describe(
      'how far each IIS host clock is ahead of true time, in host order; hosts beyond the list have 0',
    ),
  layoutChange: z
    .boolean()
    .default(true)
    .describe('the last host gets further #Fields in mid-file, half-way through the traffic'),
})

/** What a caller gives; everything may be left out. */
export type SimulationOptions = z.input<typeof SIMULATION_OPTIONS>

/** The same with all defaults filled in. */
export type SimulationSettings = z.output<typeof SIMULATION_OPTIONS>
