import { concatBytes } from './bytes.ts'

/**
 * Merkle trees of RFC 6962, section 2.1, over SHA-256. Whoever uses them brings the hash, so that proofs can be checked
 * in a browser, too.
 */
export type Sha256 = (data: Uint8Array) => Uint8Array

/** Bytes of a hash. */
export const HASH_BYTES = 32

/** Leaf hashes of a tree, one behind the other: `32 * size` bytes. */
export type Leaves = Uint8Array

const LEAF = Uint8Array.of(0)

/** SHA-256(0x00 || data) */
export function leafHash(sha256: Sha256, data: Uint8Array): Uint8Array {
  return sha256(concatBytes(LEAF, data))
}

/** SHA-256(0x01 || left || right) */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const node = new Uint8Array(1 + 2 * HASH_BYTES)
  node[0] = 1
  node.set(left, 1)
  node.set(right, 1 + HASH_BYTES)
  return sha256(node)
}

/** Adds up a tree leaf by leaf, keeping one hash a level. */
export class TreeHasher {
  readonly #sha256: Sha256
  /** Roots of whole subtrees, largest first: one for each binary digit 1 of the size. */
  readonly #roots: Uint8Array[] = []
  #size = 0

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  get size(): number {
    return this.#size
  }

  /** @param leaf a leaf hash, which must not change afterwards */
  add(leaf: Uint8Array): void {
    let root = leaf
    for (let left = this.#size; left % 2 === 1; left = (left - 1) / 2)
      root = nodeHash(this.#sha256, this.#roots.pop() ?? root, root)
    this.#roots.push(root)
    this.#size++
  }

  /** Root of the leaves so far; of an empty tree SHA-256 of nothing. */
  root(): Uint8Array {
    const [last, ...before] = [...this.#roots].reverse()
    if (last === undefined) return this.#sha256(new Uint8Array())
    return before.reduce((right, left) => nodeHash(this.#sha256, left, right), last)
  }
}

export function rootOf(sha256: Sha256, leaves: Leaves): Uint8Array {
  return subtree(sha256, leaves, 0, leaves.length / HASH_BYTES)
}

/** Hash number `at` of some that lie one behind the other. */
export function hashAt(leaves: Leaves, at: number): Uint8Array {
  return leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
}

/** Hashes that lead from a leaf to the root, from the leaf up (RFC 6962, section 2.1.1). */
export function inclusionProof(sha256: Sha256, leaves: Leaves, index: number): Uint8Array[] {
  const size = leaves.length / HASH_BYTES
  if (!isIndex(index, size)) throw new RangeError(`leaf ${index} of ${size}`)
  const proof: Uint8Array[] = []
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from)
    const isLeft = index < middle
    proof.push(isLeft ? subtree(sha256, leaves, middle, to) : subtree(sha256, leaves, from, middle))
    if (isLeft) to = middle
    else from = middle
  }
  return proof.reverse()
}

/** The root that a proof leads to; undefined where the proof has another length than such a tree needs. */
export function rootFromInclusion(
  sha256: Sha256,
  { index, size, leaf }: { readonly index: number; readonly size: number; readonly leaf: Uint8Array },
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!isIndex(index, size) || ![leaf, ...proof].every(isHash)) return undefined
  const sides: ('left' | 'right')[] = []
  for (let from = 0, to = size; to - from > 1; ) {
    const middle = from + splitOf(to - from)
    sides.push(index < middle ? 'right' : 'left')
    if (index < middle) to = middle
    else from = middle
  }
  if (sides.length !== proof.length) return undefined
  return proof.reduce(
    (root, hash) => (sides.pop() === 'left' ? nodeHash(sha256, hash, root) : nodeHash(sha256, root, hash)),
    leaf,
  )
}

/**
 * One proof for many leaves: the roots of the largest subtrees without any wanted leaf, from left to right.
 *
 * @param wanted indexes in ascending order, each once
 */
export function multiProof(sha256: Sha256, leaves: Leaves, wanted: readonly number[]): Uint8Array[] {
  const size = leaves.length / HASH_BYTES
  if (!isAscending(wanted, size)) throw new RangeError(`wanted leaves of ${size}: not in ascending order`)
  const hashes: Uint8Array[] = []
  let next = 0
  const descend = (from: number, to: number): void => {
    const first = wanted[next]
    if (first === undefined || first >= to) hashes.push(subtree(sha256, leaves, from, to))
    else if (to - from === 1) next++
    else {
      const middle = from + splitOf(to - from)
      descend(from, middle)
      descend(middle, to)
    }
  }
  if (size > 0) descend(0, size)
  return hashes
}

export interface IndexedLeaf {
  readonly index: number
  readonly leaf: Uint8Array
}

/**
 * The root that some leaves and a `multiProof` lead to; undefined where leaves are out of order, beyond the tree or
 * twice, or where the proof has another length than it needs.
 */
export function rootFromMultiProof(
  sha256: Sha256,
  size: number,
  leaves: readonly IndexedLeaf[],
  hashes: readonly Uint8Array[],
): Uint8Array | undefined {
  const indexes = leaves.map(({ index }) => index)
  if (!Number.isSafeInteger(size) || size < 0 || !isAscending(indexes, size)) return undefined
  if (!leaves.every(({ leaf }) => isHash(leaf)) || !hashes.every(isHash)) return undefined
  let [next, used] = [0, 0]
  const ascend = (from: number, to: number): Uint8Array | undefined => {
    const first = leaves[next]
    if (first === undefined || first.index >= to) return hashes[used++]
    if (to - from === 1) return leaves[next++]?.leaf
    const middle = from + splitOf(to - from)
    const left = ascend(from, middle)
    const right = left && ascend(middle, to)
    return left && right && nodeHash(sha256, left, right)
  }
  const root = size === 0 ? sha256(new Uint8Array()) : ascend(0, size)
  return used === hashes.length && next === leaves.length ? root : undefined
}

/** The largest power of two below a size of two and more. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** Root of the leaves from one index to before another. */
export function subtree(sha256: Sha256, leaves: Leaves, from: number, to: number): Uint8Array {
  const hasher = new TreeHasher(sha256)
  for (let at = from; at < to; at++) hasher.add(hashAt(leaves, at))
  return hasher.root()
}

export function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES
}

function isIndex(index: number, size: number): boolean {
  return Number.isSafeInteger(index) && index >= 0 && index < size
}

function isAscending(indexes: readonly number[], size: number): boolean {
  return indexes.every((index, at) => isIndex(index, size) && (at === 0 || index > (indexes[at - 1] ?? -1)))
}
