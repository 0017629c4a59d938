import { sameBytes, toHex } from '../../ledger/bytes.ts'
import { HASH_BYTES, nodeHash, type Sha256, splitOf } from '../../ledger/merkle.ts'

/** Leaves of one tree that a bundle discloses, in the order they come. */
export class DisclosedLeaves {
  #indexes = new Float64Array(64)
  #leaves = new Uint8Array(64 * HASH_BYTES)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(index: number, leaf: Uint8Array): void {
    if (this.#count === this.#indexes.length) this.#grow()
    this.#indexes[this.#count] = index
    this.#leaves.set(leaf, this.#count * HASH_BYTES)
    this.#count++
  }

  #grow(): void {
    const [indexes, leaves] = [this.#indexes, this.#leaves]
    this.#indexes = new Float64Array(indexes.length * 2)
    this.#indexes.set(indexes)
    this.#leaves = new Uint8Array(leaves.length * 2)
    this.#leaves.set(leaves)
  }

  /**
   * Leaves in the order of the tree.
   *
   * @param mayRepeat whether the same leaf may come more than once
   * @returns what is wrong with them where they are no leaves of one tree
   */
  sorted(mayRepeat: boolean): SortedLeaves | { readonly problem: string } {
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at)
    const indexes = this.#indexes
    order.sort((a, b) => (indexes[a] ?? 0) - (indexes[b] ?? 0))
    const sorted = {
      indexes: new Float64Array(this.#count),
      leaves: new Uint8Array(this.#count * HASH_BYTES),
    }
    let used = 0
    for (const at of order) {
      const index = indexes[at] ?? 0
      const leaf = this.#leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
      const before = sorted.leaves.subarray((used - 1) * HASH_BYTES, used * HASH_BYTES)
      if (used > 0 && sorted.indexes[used - 1] === index) {
        if (!mayRepeat) return { problem: `leaf ${index} is disclosed twice` }
        if (!sameBytes(before, leaf)) return { problem: `leaf ${index} is disclosed in two versions` }
        continue
      }
      sorted.indexes[used] = index
      sorted.leaves.set(leaf, used * HASH_BYTES)
      used++
    }
    return { indexes: sorted.indexes.subarray(0, used), leaves: sorted.leaves.subarray(0, used * HASH_BYTES) }
  }
}

export interface SortedLeaves {
  readonly indexes: Float64Array
  readonly leaves: Uint8Array
}

/**
 * The root that some leaves lead to with the roots of the largest subtrees without any of them, from left to right: what
 * `rootFromMultiProof` of the ledger computes, for a million leaves.
 *
 * @returns undefined where the proof does not fit
 */
export function rootFromLeaves(
  sha256: Sha256,
  size: number,
  { indexes, leaves }: SortedLeaves,
  hashes: Uint8Array,
): string | undefined {
  const last = indexes.at(-1)
  if (!Number.isSafeInteger(size) || size < 1 || (last !== undefined && last >= size)) return undefined
  if (hashes.length % HASH_BYTES !== 0) return undefined
  let [next, used] = [0, 0]
  const ascend = (from: number, to: number): Uint8Array => {
    const first = indexes[next]
    if (first === undefined || first >= to) {
      used++
      return hashes.subarray((used - 1) * HASH_BYTES, used * HASH_BYTES)
    }
    if (to - from === 1) {
      next++
      return leaves.subarray((next - 1) * HASH_BYTES, next * HASH_BYTES)
    }
    const middle = from + splitOf(to - from)
    const left = ascend(from, middle)
    return nodeHash(sha256, left, ascend(middle, to))
  }
  const root = ascend(0, size)
  const fits = used * HASH_BYTES === hashes.length && next === indexes.length && root.length === HASH_BYTES
  return fits ? toHex(root) : undefined
}
