import { open } from 'node:fs/promises'
import { ThroughlineError } from '../errors.ts'
import { HEAD_BYTES } from '../formats/registry.ts'
import { lengthWithoutPadding, readExactly, sizeWithoutPadding } from '../sources/padding.ts'
import { isGzip, openSource } from '../sources/read.ts'

/** How a file is followed, by its first bytes. */
export type FileSort = 'empty' | 'half a line' | 'one record' | 'lines' | 'gzip' | 'array'

const LF = 10

export function sortOf(head: Buffer): FileSort {
  if (isGzip(head)) return 'gzip'
  const end = lengthWithoutPadding(head)
  if (end === 0) return 'empty'
  const text = head.toString('latin1', 0, end)
  if (/^[\0\s]*\[/.test(text)) return 'array'
  if (head.subarray(0, end).includes(LF) || end >= HEAD_BYTES) return 'lines'
  return isRecord(head.subarray(0, end)) ? 'one record' : 'half a line'
}

/** Whether these bytes are one whole JSON object. */
export function isRecord(bytes: Buffer): boolean {
  const text = bytes.toString('utf8').trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return false
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

/**
 * Whether a file that only means something as a whole has been written to its end.
 *
 * @returns what is missing, else undefined
 */
export async function isWholeFile(path: string, sort: FileSort): Promise<string | undefined> {
  if (sort === 'gzip') return gzipProblem(path)
  return sort === 'array' ? arrayProblem(path) : undefined
}

async function gzipProblem(path: string): Promise<string | undefined> {
  try {
    for await (const _ of (await openSource(path)).blocks);
    return undefined
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error
    return `${error.message}; it is tried again when its size changes`
  }
}

async function arrayProblem(path: string): Promise<string | undefined> {
  const file = await open(path, 'r')
  try {
    const size = await sizeWithoutPadding(file, (await file.stat()).size)
    const end = await readExactly(file, Math.max(0, size - 1024), Math.min(1024, size))
    return /\]\s*$/.test(end.toString('latin1'))
      ? undefined
      : `source ${path}: a JSON array that is not closed; it is tried again when its size changes`
  } finally {
    await file.close()
  }
}
