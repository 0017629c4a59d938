import { sameBytes, toHex } from '../../ledger/bytes.ts'
import { HASH_BYTES, splitOf } from '../../ledger/merkle.ts'
import { orderOf } from './order.ts'
import type { Crypto } from './world.ts'

/** Leaves of one tree that a bundle discloses, in the order they come. */
export class DisclosedLeaves {
  #indexes = new Float64Array(64)
  #leaves = new Uint8Array(64 * HASH_BYTES)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(index: number, leaf: Uint8Array): void {
    if (this.#count === this.#indexes.length) this.#grow(this.#count * 2)
    this.#indexes[this.#count] = index
    this.#leaves.set(leaf, this.#count * HASH_BYTES)
    this.#count++
  }

  /** What was added so far, to be added elsewhere; nothing may be added here any more. */
  get parts(): SortedLeaves {
    return {
      indexes: this.#indexes.subarray(0, this.#count),
      leaves: this.#leaves.subarray(0, this.#count * HASH_BYTES),
    }
  }

  addAll({ indexes, leaves }: SortedLeaves): void {
    const count = this.#count + indexes.length
    if (count > this.#indexes.length) this.#grow(count)
    this.#indexes.set(indexes, this.#count)
    this.#leaves.set(leaves, this.#count * HASH_BYTES)
    this.#count = count
  }

  #grow(count: number): void {
    const [indexes, leaves] = [this.#indexes, this.#leaves]
    this.#indexes = new Float64Array(count)
    this.#indexes.set(indexes)
    this.#leaves = new Uint8Array(count * HASH_BYTES)
    this.#leaves.set(leaves)
  }

  /**
   * Leaves in the order of the tree.
   *
   * @param mayRepeat whether the same leaf may come more than once
   * @returns what is wrong with them where they are no leaves of one tree
   */
  sorted(mayRepeat: boolean): SortedLeaves | { readonly problem: string } {
    const indexes = this.#indexes
    const order = orderOf(indexes.subarray(0, this.#count))
    const sorted = {
      indexes: new Float64Array(this.#count),
      leaves: new Uint8Array(this.#count * HASH_BYTES),
    }
    let used = 0
    for (const at of order) {
      const index = indexes[at] ?? 0
      const leaf = this.#leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
      if (used > 0 && sorted.indexes[used - 1] === index) {
        const before = sorted.leaves.subarray((used - 1) * HASH_BYTES, used * HASH_BYTES)
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
 * `rootFromMultiProof` of the ledger computes, for a million leaves. Leaves are written over.
 *
 * @returns undefined where the proof does not fit
 */
export function rootFromLeaves(
  { hashInto }: Pick<Crypto, 'hashInto'>,
  size: number,
  { indexes, leaves }: SortedLeaves,
  hashes: Uint8Array,
): string | undefined {
  const last = indexes.at(-1)
  if (!Number.isSafeInteger(size) || size < 1 || (last !== undefined && last >= size)) return undefined
  if (hashes.length % HASH_BYTES !== 0) return undefined
  let [next, used] = [0, 0]
  const node = new Uint8Array(1 + 2 * HASH_BYTES).fill(1, 0, 1)
  const ascend = (from: number, to: number): Uint8Array => {
    const first = indexes[next]
    if (first === undefined || first >= to) {
      used++
      return hashes.subarray((used - 1) * HASH_BYTES, used * HASH_BYTES)
    }
    const start = next
    if (indexes[start + to - from - 1] === to - 1) {
      next += to - from
      return rootInPlace(hashInto, leaves.subarray(start * HASH_BYTES, next * HASH_BYTES), node)
    }
    if (to - from === 1) return new Uint8Array()
    const middle = from + splitOf(to - from)
    const left = ascend(from, middle)
    const right = ascend(middle, to)
    if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) return new Uint8Array()
    node.set(left, 1)
    node.set(right, 1 + HASH_BYTES)
    const root = new Uint8Array(HASH_BYTES)
    hashInto(node, root, 0)
    return root
  }
  const root = ascend(0, size)
  const fits = used * HASH_BYTES === hashes.length && next === indexes.length && root.length === HASH_BYTES
  return fits ? toHex(root) : undefined
}

/**
 * Root of the whole tree over leaves, which are written over level by level: halves split at powers of two.
 *
 * @param node memory for a node, which begins with its byte 1
 */
function rootInPlace(hashInto: Crypto['hashInto'], leaves: Uint8Array, node: Uint8Array): Uint8Array {
  for (let length = leaves.length; length > HASH_BYTES; ) {
    let to = 0
    let at = 0
    for (; at + 2 * HASH_BYTES <= length; at += 2 * HASH_BYTES) {
      for (let byte = 0; byte < 2 * HASH_BYTES; byte++) node[1 + byte] = leaves[at + byte] ?? 0
      hashInto(node, leaves, to)
      to += HASH_BYTES
    }
    // One without a partner goes up as it is.
    if (at < length) {
      leaves.copyWithin(to, at, length)
      to += HASH_BYTES
    }
    length = to
  }
  return leaves.subarray(0, HASH_BYTES)
}
