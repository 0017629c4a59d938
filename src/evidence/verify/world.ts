import type { Sha256 } from '../../ledger/merkle.ts'
import type { Verify } from '../../ledger/note.ts'

/** Adds up SHA-256 over what is read piece by piece. */
export interface Hasher {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

/** What the checks need of the program they run in: Node, or a browser. */
export interface Crypto {
  readonly sha256: Sha256
  /** Writes SHA-256 of some bytes to a place in others, which may be those that are hashed: no memory for each hash. */
  readonly hashInto: (data: Uint8Array, into: Uint8Array, at: number) => void
  readonly hasher: () => Hasher
  /** Ed25519 (RFC 8032). */
  readonly verify: Verify
}

/** A folder that is to be checked. */
export interface BundleFiles {
  /** Every file in it, with `/` between folders, in any order; whatever is no plain file is named, too. */
  readonly names: readonly string[]
  /** Pieces of a file in order. Throws where it cannot be read. */
  read(name: string): AsyncIterable<Uint8Array>
}
