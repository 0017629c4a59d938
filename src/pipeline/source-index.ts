import { hash } from 'node:crypto'
import type { SourceRecord } from '../ledger/entry.ts'
import type { Stop } from '../sources/digests.ts'

/** Bytes that tell whether two files may be the same, grown one. */
export const HEAD_DIGEST_BYTES = 1024

/** SHA-256 of the first KiB, hex. */
export function digestOfHead(head: Buffer): string {
  return hash('sha256', head.subarray(0, HEAD_DIGEST_BYTES), 'hex')
}

/** What may lead to a source. */
export interface Traits {
  readonly path?: string
  readonly identity?: string | undefined
  readonly heads: readonly string[]
  /** Whether sources are wanted that may have been packed away; those of the same size count as well. */
  readonly isInflated?: boolean
}

/**
 * Finds sources by size, content, path, identity and head, each at the cost of a look into a map: a folder of 100,000
 * files is compared with 100,000 sources. Only sources that were read to their end can be found, by all but
 * `unfinished`.
 */
export class SourceIndex {
  readonly #all = new Map<number, SourceRecord>()
  readonly #byContent = new Map<string, SourceRecord>()
  readonly #byTrait = new Map<string, Set<number>>()
  readonly #sizes = new Map<number, number>()
  readonly #short = new Map<number, number>()

  put(source: SourceRecord): void {
    const before = this.#all.get(source.id)
    if (before) this.#forget(before)
    this.#all.set(source.id, source)
    for (const key of traitsOf(source)) {
      const ids = this.#byTrait.get(key) ?? new Set()
      this.#byTrait.set(key, ids.add(source.id))
    }
    if (!isWhole(source)) return
    this.#byContent.set(contentKey(source.rawBytes, source.sha256), source)
    add(this.#sizes, source.rawBytes, 1)
    if (isShort(source)) add(this.#short, source.rawBytes, 1)
  }

  #forget(source: SourceRecord): void {
    for (const key of traitsOf(source)) {
      const ids = this.#byTrait.get(key)
      ids?.delete(source.id)
      if (ids?.size === 0) this.#byTrait.delete(key)
    }
    if (!isWhole(source)) return
    const key = contentKey(source.rawBytes, source.sha256)
    if (this.#byContent.get(key)?.id === source.id) this.#byContent.delete(key)
    add(this.#sizes, source.rawBytes, -1)
    if (isShort(source)) add(this.#short, source.rawBytes, -1)
  }

  hasSize(bytes: number): boolean {
    return this.#sizes.has(bytes)
  }

  byContent(stop: Stop | undefined): SourceRecord | undefined {
    return stop && this.#byContent.get(contentKey(stop.bytes, stop.hash.copy().digest('hex')))
  }

  /** Lengths below a KiB of which there are sources, up to a length. */
  shortLengths(most: number): number[] {
    return [...this.#short.keys()].filter(length => length <= most)
  }

  /** Ascending lengths of plain sources that a file of this size may be, or may have grown from. */
  lengths(size: number, { path, identity, heads, isInflated }: Traits): number[] {
    const keys = [
      ...heads.map(head => `head ${head}`),
      ...(path === undefined ? [] : [`path ${path}`]),
      ...(identity === undefined ? [] : [`identity ${identity}`]),
    ]
    const lengths = new Set<number>()
    for (const key of keys) {
      for (const id of this.#byTrait.get(key) ?? []) {
        const source = this.#all.get(id)
        if (source && isWhole(source) && !source.gzip && source.rawBytes <= size) lengths.add(source.rawBytes)
      }
    }
    if (!isInflated && size > 0 && this.#sizes.has(size)) lengths.add(size)
    return [...lengths].sort((a, b) => a - b)
  }

  unfinished(path: string, head: string): number | undefined {
    for (const id of this.#byTrait.get(`path ${path}`) ?? []) {
      const source = this.#all.get(id)
      if (source && source.status !== 'complete' && source.head === head) return id
    }
    return undefined
  }
}

function traitsOf({ path, head, identity }: SourceRecord): string[] {
  const traits = [`path ${path}`]
  if (head) traits.push(`head ${head}`)
  if (identity) traits.push(`identity ${identity}`)
  return traits
}

function isWhole({ status, rawBytes }: SourceRecord): boolean {
  return status === 'complete' && rawBytes > 0
}

function isShort({ rawBytes, gzip }: SourceRecord): boolean {
  return !gzip && rawBytes < HEAD_DIGEST_BYTES
}

function contentKey(bytes: number, sha256: string): string {
  return `${bytes} ${sha256}`
}

function add(counts: Map<number, number>, key: number, n: number): void {
  const next = (counts.get(key) ?? 0) + n
  if (next > 0) counts.set(key, next)
  else counts.delete(key)
}
