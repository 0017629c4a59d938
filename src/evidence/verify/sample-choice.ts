import { toHex } from '../../ledger/bytes.ts'
import { HASH_BYTES } from '../../ledger/merkle.ts'
import type { Crypto } from './world.ts'

/** Requests in a sample. */
export const SAMPLE_SIZE = 25

const UTF8 = new TextEncoder()

/** A request, and the hash by which it was chosen, hex. */
export interface Chosen {
  readonly rank: string
  readonly id: string
}

/** Chooses requests by a rule that nobody can bend: the smallest SHA-256 of seed, colon, request id. */
export class SampleChoice {
  readonly #crypto: Pick<Crypto, 'hashInto'>
  readonly #seed: string
  readonly #text = new Uint8Array(1024)
  readonly #hash = new Uint8Array(HASH_BYTES)
  #chosen: Chosen[] = []

  /** @param seed SHA-256 of query.json, hex */
  constructor(crypto: Pick<Crypto, 'hashInto'>, seed: string) {
    this.#crypto = crypto
    this.#seed = seed
  }

  add(id: string): void {
    const { written } = UTF8.encodeInto(`${this.#seed}:${id}`, this.#text)
    this.#crypto.hashInto(this.#text.subarray(0, written), this.#hash, 0)
    this.#rank(id, this.#hash)
  }

  /** What another choice by the same seed holds. */
  addChosen(chosen: Iterable<Chosen>): void {
    for (const { id, rank } of chosen) this.#insert(id, rank)
  }

  get chosen(): readonly Chosen[] {
    return this.#chosen
  }

  #rank(id: string, hash: Uint8Array): void {
    const last = this.#chosen.at(-1)
    const isFull = this.#chosen.length === SAMPLE_SIZE
    if (isFull && last && (hash[0] ?? 0) > Number.parseInt(last.rank.slice(0, 2), 16)) return
    this.#insert(id, toHex(hash))
  }

  #insert(id: string, rank: string): void {
    const last = this.#chosen.at(-1)
    if (this.#chosen.length === SAMPLE_SIZE && last && rank >= last.rank) return
    const at = this.#chosen.findIndex(c => c.rank > rank)
    this.#chosen.splice(at < 0 ? this.#chosen.length : at, 0, { rank, id })
    this.#chosen.length = Math.min(this.#chosen.length, SAMPLE_SIZE)
  }

  /** Ids of the sample, in the order of their rank. */
  ids(): string[] {
    return this.#chosen.map(c => c.id)
  }
}
