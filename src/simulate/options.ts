import { z } from 'zod'
import { count, flag, positive, share } from './knobs.ts'
import { COMPANY_OPTIONS } from './options-company.ts'
import { FAULT_OPTIONS } from './options-faults.ts'
import { ID_OPTIONS } from './options-ids.ts'
import { KERNEL_OPTIONS } from './options-kernel.ts'
import { TIMING_OPTIONS } from './options-timing.ts'
import { SHAPES } from './shipper.ts'

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
  hours: positive(4, 'how long the traffic lasts; may be several days'),
  ratePerSecond: positive(3, 'mean arrivals a second over the whole time; a daily rhythm lies on top'),
  gatewayFormat: z
    .enum(['ndjson', 'csv', 'pipe', 'tab'])
    .default('ndjson')
    .describe('form of the gateway exports: JSON lines, or delimited by comma, pipe or tab'),
  gzip: flag(false, 'compress the gateway exports (several gzip members a file)'),
  shardRows: count(
    400_000,
    'rows in one file of a gateway export (0.9 GB of JSON); an export is one environment and UTC day',
  ),
  logPeriod: z.enum(['daily', 'hourly']).default('daily').describe('how often IIS begins a new log file'),
  iisEnvelope: z
    .enum(['none', ...SHAPES])
    .default('none')
    .describe(
      'one file of JSON envelopes as a log shipper writes it, in the place of the logs of IIS and HTTP.sys',
    ),
  ...COMPANY_OPTIONS,
  ...ID_OPTIONS,
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
  ...TIMING_OPTIONS,
  ...FAULT_OPTIONS,
  ...KERNEL_OPTIONS,
})

/** What a caller gives; everything may be left out. */
export type SimulationOptions = z.input<typeof SIMULATION_OPTIONS>

/** The same with all defaults filled in. */
export type SimulationSettings = z.output<typeof SIMULATION_OPTIONS>
