import type { FileHandle } from 'node:fs/promises'

/**
 * IIS extends a log by blocks of NULs and overwrites them row by row. NULs at the end of a file are therefore no data
 * yet: what is read must end before them, or the rows that come into their place are lost.
 */
const STEP_BYTES = 256 * 1024

/** Length of a block without the NULs at its end. */
export function lengthWithoutPadding(block: Buffer): number {
  let end = block.length
  while (end > 0 && block[end - 1] === 0) end--
  return end
}

/**
 * Size of a file without the NULs at its end. Costs one byte where there are none, else as many as there are.
 *
 * @param from bytes before it are known to be no padding
 */
export async function sizeWithoutPadding(file: FileHandle, size: number, from = 0): Promise<number> {
  let end = size
  for (let step = 1; end > from; step = STEP_BYTES) {
    const start = Math.max(from, end - step)
    const block = await readExactly(file, start, end - start)
    const length = lengthWithoutPadding(block)
    if (length > 0) return start + length
    end = start
  }
  return from
}

/** Bytes at an offset; fewer where the file ends before. */
export async function readExactly(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes)
  let at = 0
  while (at < bytes) {
    const { bytesRead } = await file.read(buffer, at, bytes - at, offset + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return buffer.subarray(0, at)
}
