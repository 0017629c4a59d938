import { createHash, type Hash } from 'node:crypto'

/** Bytes that are kept to digest them up to a place inside; a record of an export is never longer. */
const MOST_KEPT_BYTES = 8 * 1024 * 1024

/**
 * The SHA-256 of a file from its beginning to the last place behind which nothing is pending, moving on with what is
 * read: the beginning is never digested again.
 */
export class PrefixDigest {
  /** The place up to which the digest goes, bytes. */
  at: number
  /** Digest of everything that was read. */
  readonly #ahead: Hash
  #hash: Hash
  #kept: Buffer[] = []
  #read: number

  constructor(at = 0, hash: Hash = createHash('sha256')) {
    this.at = at
    this.#read = at
    this.#hash = hash.copy()
    this.#ahead = hash.copy()
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Takes a block that was read, and the place up to which everything is decoded by now. */
  push(block: Buffer, settledTo: number): void {
    this.#ahead.update(block)
    this.#read += block.length
    if (settledTo === this.#read) {
      this.#hash = this.#ahead.copy()
      this.#kept = []
    } else {
      this.#kept.push(block)
      this.#settle(settledTo)
    }
    this.at = settledTo
  }

  #settle(to: number): void {
    let left = to - this.at
    while (left > 0) {
      const block = this.#kept.shift()
      if (!block) throw new Error(`prefix digest: ${left} bytes before ${to} were not kept`)
      this.#hash.update(block.subarray(0, left))
      if (block.length > left) this.#kept.unshift(block.subarray(left))
      left -= Math.min(left, block.length)
    }
    // Inside a line beyond all limits: its end is a place where nothing is pending, and needs no kept bytes.
    if (this.#kept.reduce((sum, block) => sum + block.length, 0) > MOST_KEPT_BYTES) this.#kept = []
  }
}
