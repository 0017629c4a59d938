import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { openSource, unreadable } from './read.ts'

const BLOCK_BYTES = 1024 * 1024

/** A place in a file and the digest of everything before it. */
export interface Stop {
  readonly bytes: number
  /** SHA-256 so far; to be copied before it is read or fed. */
  readonly hash: Hash
}

/**
 * Digests of the first so many bytes of a file, in one pass that ends at the last of them. Lengths beyond the end of
 * the file are left out.
 *
 * @param lengths ascending
 * @param isInflated whether the lengths are of what a gzip file inflates to; then the file is read to its end
 * @throws SOURCE_UNREADABLE
 */
export async function digestsAt(
  path: string,
  lengths: readonly number[],
  isInflated = false,
): Promise<Stop[]> {
  const last = lengths.at(-1)
  if (last === undefined) return []
  const hash = createHash('sha256')
  const stops: Stop[] = []
  let at = 0
  const take = (block: Buffer): void => {
    let from = 0
    for (let next = lengths[stops.length]; next !== undefined && next <= at + block.length; ) {
      hash.update(block.subarray(from, next - at))
      from = next - at
      stops.push({ bytes: next, hash: hash.copy() })
      next = lengths[stops.length]
    }
    hash.update(block.subarray(from))
    at += block.length
  }
  take(Buffer.alloc(0))
  if (last > 0) for await (const block of blocksOf(path, last, isInflated)) take(block)
  return stops
}

async function* blocksOf(path: string, bytes: number, isInflated: boolean): AsyncGenerator<Buffer> {
  if (isInflated) {
    const { gzip, blocks } = await openSource(path)
    if (gzip) yield* blocks
    else await blocks.return(undefined)
    return
  }
  try {
    for await (const block of createReadStream(path, { end: bytes - 1, highWaterMark: BLOCK_BYTES }))
      yield block as Buffer
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** SHA-256 of the first `bytes` bytes of a file, hex; of all of them where it has fewer. */
export async function prefixDigest(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  if (bytes > 0) for await (const block of blocksOf(path, bytes, false)) hash.update(block)
  return hash.digest('hex')
}
