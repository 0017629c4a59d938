import { sameBytes } from './bytes.ts'
import { HASH_BYTES, isHash, type Leaves, nodeHash, type Sha256, splitOf, subtree } from './merkle.ts'

/** Hashes by which anybody can see that the first leaves of a tree are an older tree (RFC 6962, section 2.1.2). */
export function consistencyProof(sha256: Sha256, leaves: Leaves, oldSize: number): Uint8Array[] {
  const size = leaves.length / HASH_BYTES
  if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > size)
    throw new RangeError(`tree of ${oldSize} leaves in one of ${size}`)
  if (oldSize === 0 || oldSize === size) return []
  const proof: Uint8Array[] = []
  const descend = (from: number, to: number, isWhole: boolean): void => {
    if (to === oldSize) {
      if (!isWhole) proof.push(subtree(sha256, leaves, from, to))
      return
    }
    const middle = from + splitOf(to - from)
    if (oldSize <= middle) {
      descend(from, middle, isWhole)
      proof.push(subtree(sha256, leaves, middle, to))
    } else {
      descend(middle, to, false)
      proof.push(subtree(sha256, leaves, from, middle))
    }
  }
  descend(0, size, true)
  return proof
}

export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Whether a proof shows that the older tree is what the newer one begins with. */
export function isConsistent(
  sha256: Sha256,
  older: TreeHead,
  newer: TreeHead,
  proof: readonly Uint8Array[],
): boolean {
  const sizes = [older.size, newer.size]
  if (!sizes.every(size => Number.isSafeInteger(size) && size >= 0) || older.size > newer.size) return false
  if (![older.root, newer.root, ...proof].every(isHash)) return false
  if (older.size === newer.size) return proof.length === 0 && sameBytes(older.root, newer.root)
  if (older.size === 0) return proof.length === 0 && sameBytes(older.root, sha256(new Uint8Array()))
  const roots = rootsFromConsistency(sha256, older, newer.size, proof)
  return roots !== undefined && sameBytes(roots.older, older.root) && sameBytes(roots.newer, newer.root)
}

/** Both roots that a proof leads to, going the way of `consistencyProof` backwards. */
function rootsFromConsistency(
  sha256: Sha256,
  older: TreeHead,
  size: number,
  proof: readonly Uint8Array[],
): { older: Uint8Array; newer: Uint8Array } | undefined {
  const steps: ('left' | 'right')[] = []
  let isWhole = true
  for (let from = 0, to = size; to !== older.size; ) {
    const middle = from + splitOf(to - from)
    steps.push(older.size <= middle ? 'right' : 'left')
    if (older.size <= middle) to = middle
    else {
      from = middle
      isWhole = false
    }
  }
  const [first, ...rest] = isWhole ? [older.root, ...proof] : proof
  if (first === undefined || rest.length !== steps.length) return undefined
  let roots = { older: first, newer: first }
  for (const hash of rest) {
    const { older: old, newer } = roots
    roots =
      steps.pop() === 'left'
        ? { older: nodeHash(sha256, hash, old), newer: nodeHash(sha256, hash, newer) }
        : { older: old, newer: nodeHash(sha256, newer, hash) }
  }
  return roots
}
