import { type AliasRow, AliasTable } from './alias-table.ts'
import { Findings, PARTS } from './findings.ts'
import { DisclosedLeaves, type SortedLeaves } from './leaves.ts'
import { LineReader } from './lines.ts'
import type { RecordHashes } from './population-hash.ts'
import { RequestCheck, type RequestRules } from './requests.ts'
import type { Chosen } from './sample-choice.ts'
import { noTotals, type Totals } from './totals.ts'
import type { Crypto } from './world.ts'

/**
 * Checks of parts of a bundle in other threads. They only tell whether all is well: where anything is not, the whole is
 * checked again line by line, which says what and where in the same words.
 */

/** The rules as another thread takes them. */
export type Setup = Omit<RequestRules, 'crypto' | 'findings' | 'aliases' | 'segments' | 'generations'> & {
  readonly aliases: readonly AliasRow[]
  readonly segments: readonly Omit<RequestRules['segments'][number], 'leaves'>[]
  readonly generations: readonly Omit<RequestRules['generations'][number], 'leaves'>[]
}

export function setupOf({ crypto: _, findings: __, aliases, segments, generations, ...rules }: RequestRules): Setup {
  const without = (files: RequestRules['segments']) => files.map(({ leaves: ___, ...file }) => ({ ...file, hashes: new Uint8Array() }))
  return { ...rules, aliases: aliases.unused(), segments: without(segments), generations: without(generations) }
} // biome-ignore format: one line each

/** Lines of some requests that follow each other. */
export interface Part {
  /** Number of the first. */
  readonly request: number
  readonly population: Uint8Array
  readonly csv: Uint8Array
  readonly facts: Uint8Array
  readonly links: Uint8Array
}

/** What was found of a part where nothing is wrong with it. */
export interface PartAnswer {
  readonly first: readonly [startUs: number, id: string]
  readonly last: readonly [startUs: number, id: string]
  /** What it makes of exceptions.ndjson. */
  readonly exceptions: string
}

/** What all parts add up to that one thread has checked. */
export interface PartSums {
  readonly totals: Omit<Totals, 'sample' | 'hash'>
  readonly sample: readonly Chosen[]
  readonly hash: RecordHashes | undefined
  readonly segments: readonly SortedLeaves[]
  readonly generations: readonly SortedLeaves[]
  readonly unusedAliases: readonly AliasRow[]
}

/** Another thread, or what stands for one. */
export interface Helper {
  /** Undefined where something is wrong. */
  check(part: Part): Promise<PartAnswer | undefined>
  sums(): Promise<PartSums>
  stop(): void
}

export interface Helpers {
  /** Requests from which on they are worth their start. */
  readonly least: number
  /** Requests of a part. */
  readonly requests: number
  /** Throws where what they need cannot be handed over. */
  start(setup: Setup): Helper[]
}

/** What a helper does. */
export class PartCheck {
  readonly #rules: RequestRules
  readonly #totals: Totals
  readonly #findings = new Findings()

  constructor(setup: Setup, crypto: Crypto) {
    const whole = (files: Setup['segments']) => files.map(file => ({ ...file, leaves: new DisclosedLeaves() }))
    this.#rules = {
      ...setup,
      crypto,
      findings: this.#findings,
      aliases: new AliasTable(setup.aliases),
      segments: whole(setup.segments),
      generations: whole(setup.generations),
    }
    this.#totals = noTotals(this.#rules)
  } // biome-ignore format: one line each

  async check(part: Part): Promise<PartAnswer | undefined> {
    const lines = (name: 'population' | 'csv' | 'facts' | 'links'): LineReader => new LineReader(name, only(part[name]))
    const files = { population: lines('population'), csv: lines('csv'), facts: lines('facts'), links: lines('links'), exceptions: new LineReader('', only(new Uint8Array())) }
    let exceptions = ''
    const except = (text: string): void => {
      exceptions += `${text}\n`
    }
    const check = new RequestCheck(files, this.#rules, { request: part.request, totals: this.#totals, except })
    try {
      const isWhole = await check.runPart()
      if (!isWhole || PARTS.some(name => this.#findings.hasFailed(name))) return undefined
    } catch {
      return undefined
    }
    return { first: check.first, last: check.last, exceptions }
  } // biome-ignore format: one line each

  sums(): PartSums {
    const { sample, hash, ...totals } = this.#totals
    const { segments, generations, aliases } = this.#rules
    return {
      totals,
      sample: sample.chosen,
      hash: hash?.parts,
      segments: segments.map(file => file.leaves.parts),
      generations: generations.map(file => file.leaves.parts),
      unusedAliases: aliases.unused(),
    }
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
