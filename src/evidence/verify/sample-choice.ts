import { toHex, utf8 } from '../../ledger/bytes.ts'
import type { Sha256 } from '../../ledger/merkle.ts'

/** Requests in a sample. */
export const SAMPLE_SIZE = 25

/** Chooses requests by a rule that nobody can bend: the smallest SHA-256 of seed, colon, request id. */
export class SampleChoice {
  readonly #sha256: Sha256
  readonly #seed: string
  #chosen: { readonly rank: string; readonly id: string }[] = []

  /** @param seed SHA-256 of query.json, hex */
  constructor(sha256: Sha256, seed: string) {
    this.#sha256 = sha256
    this.#seed = seed
  }

  add(id: string): void {
    const hash = this.#sha256(utf8(`${this.#seed}:${id}`))
    const last = this.#chosen.at(-1)
    const isFull = this.#chosen.length === SAMPLE_SIZE
    if (isFull && last && (hash[0] ?? 0) > Number.parseInt(last.rank.slice(0, 2), 16)) return
    const rank = toHex(hash)
    if (isFull && last && rank >= last.rank) return
    const at = this.#chosen.findIndex(c => c.rank > rank)
    this.#chosen.splice(at < 0 ? this.#chosen.length : at, 0, { rank, id })
    this.#chosen.length = Math.min(this.#chosen.length, SAMPLE_SIZE)
  }

  /** Ids of the sample, in the order of their rank. */
  ids(): string[] {
    return this.#chosen.map(c => c.id)
  }
}
