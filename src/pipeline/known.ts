import type { SourceRecord } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import { prefixDigest, sourceSize } from '../sources/read.ts'

/** Bytes that tell whether two files may be the same, grown one. */
export const HEAD_DIGEST_BYTES = 1024

export type Known =
  | { readonly is: 'new' }
  /** The store has read exactly these bytes. */
  | { readonly is: 'known'; readonly source: SourceRecord }
  /** The store has read the first part of it. */
  | { readonly is: 'grown'; readonly source: SourceRecord }

/**
 * Compares a file with what the store has read: by content, never by name alone. Only files that can match are
 * hashed: of the same size, or longer with the same name or the same first KiB.
 */
export async function lookUp(state: LedgerState, path: string): Promise<Known> {
  const size = await sourceSize(path)
  if (size === undefined || size === 0) return { is: 'new' }
  const sources = [...state.sources.values()].filter(s => s.status === 'complete')
  const equal = sources.filter(s => s.rawBytes === size)
  if (equal.length > 0) {
    const digest = await prefixDigest(path, size)
    const source = equal.find(s => s.sha256 === digest)
    if (source) return { is: 'known', source }
  }
  const shorter = sources.filter(s => s.rawBytes < size && s.rawBytes > 0 && !s.gzip)
  const head = shorter.length > 0 ? await prefixDigest(path, Math.min(size, HEAD_DIGEST_BYTES)) : ''
  for (const source of shorter.sort((a, b) => b.rawBytes - a.rawBytes)) {
    const isLong = source.rawBytes >= HEAD_DIGEST_BYTES
    if (isLong && source.path !== path && source.head !== head) continue
    if ((await prefixDigest(path, source.rawBytes)) === source.sha256) return { is: 'grown', source }
  }
  return { is: 'new' }
}

/** Whether everything that was read from a source has been pruned since. */
export function isPruned({ pruning }: LedgerState, { accounting }: SourceRecord): boolean {
  return (
    pruning !== undefined &&
    accounting.lastUs !== undefined &&
    accounting.lastUs < dayNumber(pruning.before) * DAY_US
  )
}
