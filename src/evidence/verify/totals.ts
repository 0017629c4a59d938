import type { Sample } from '../schema.ts'
import { PopulationHash } from './population-hash.ts'
import type { RequestRules } from './requests.ts'
import { SampleChoice } from './sample-choice.ts'

/** What the requests of a bundle add up to. */
export interface Totals {
  requests: number
  hops: number
  links: number
  exceptions: number
  /** Requests by hour. */
  readonly hours: Map<string, number>
  /** Hops by source. */
  readonly sources: Map<number, number>
  readonly sample: SampleChoice
  /** What sample.json is to say of the requests that it shows. */
  readonly sampled: Map<string, Sample['requests'][number]>
  /** Requests that findings name, as far as they were met. */
  readonly met: Set<string>
  readonly hash: PopulationHash | undefined
  /** Requests of which it is not known whether they fulfil the filter. */
  unknown: number
  /** Links that are kept of pruned days. */
  borders: number
}

export function noTotals({ crypto, sampleSeed, redaction }: RequestRules): Totals {
  return {
    requests: 0, hops: 0, links: 0, exceptions: 0, unknown: 0, borders: 0, hours: new Map(), sources: new Map(), sampled: new Map(), met: new Set(),
    sample: new SampleChoice(crypto, sampleSeed), hash: redaction.redacted ? undefined : new PopulationHash(crypto),
  } // biome-ignore format: a table
}
