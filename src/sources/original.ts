import { existsSync, statSync } from 'node:fs'
import { prefixDigest } from './digests.ts'
import { openSource, readAt } from './read.ts'

/** What the store knows about the bytes it read. */
interface ReadSource {
  readonly path: string
  readonly gzip: boolean
  readonly sha256: string
  readonly rawBytes: number
}

/** A line is never longer than the limit of the readers. */
const MOST_BYTES = 1024 * 1024

/**
 * The original line at an offset, if the source still exists and its bytes are the ones that were read.
 *
 * @param byteOffset offset in the decompressed bytes
 */
export async function originalLine(
  source: ReadSource,
  byteOffset: number,
): Promise<{ text: string } | { problem: string }> {
  if (source.path === '-') return { problem: 'it came from standard input' }
  if (!existsSync(source.path)) return { problem: `${source.path} is no longer there` }
  if (source.sha256 === '')
    return { problem: 'its source was not read to the end, so its digest is not known' }
  if (
    statSync(source.path).size < source.rawBytes ||
    (await prefixDigest(source.path, source.rawBytes)) !== source.sha256
  ) {
    return { problem: `${source.path} has changed since it was read` }
  }
  const bytes = source.gzip
    ? await inflatedAt(source.path, byteOffset)
    : await readAt(source.path, byteOffset, MOST_BYTES)
  const end = bytes.indexOf(10)
  return {
    text: bytes
      .subarray(0, end === -1 ? bytes.length : end)
      .toString('utf8')
      .replace(/\r$/, ''),
  }
}

async function inflatedAt(path: string, byteOffset: number): Promise<Buffer> {
  const { blocks } = await openSource(path)
  const parts: Buffer[] = []
  let at = 0
  for await (const block of blocks) {
    const from = Math.max(0, byteOffset - at)
    if (from < block.length) parts.push(block.subarray(from))
    at += block.length
    if (at > byteOffset + MOST_BYTES || parts.some(part => part.includes(10))) break
  }
  return Buffer.concat(parts)
}
