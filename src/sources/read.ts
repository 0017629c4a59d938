import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ThroughlineError } from '../errors.ts'
import { lengthWithoutPadding } from './padding.ts'

const BLOCK_BYTES = 1024 * 1024
const GZIP = [0x1f, 0x8b]

/** What was read of a source. */
export interface ReadDigest {
  /** SHA-256 of the raw bytes (compressed as they were), hex. */
  readonly sha256: string
  readonly rawBytes: number
  /** NULs at the end of the file, bytes: a place for rows that are not written yet. They are not read. */
  readonly padding: number
}

/** Where reading of a file goes on. */
export interface ReadFrom {
  /** Bytes to leave out: of the file, or of what a gzip file inflates to. */
  readonly offset: number
  /** Digest of the bytes before the offset; not for gzip, which is digested as it is. */
  readonly hash?: Hash | undefined
}

/** An open source: its bytes, decompressed, in blocks. */
export interface OpenSource {
  readonly gzip: boolean
  /** To be read to its end or given back by `return()`, which closes the file. */
  readonly blocks: AsyncGenerator<Buffer>
  /** Digest of everything read; only after `blocks` has ended. */
  digest(): ReadDigest
}

/**
 * Opens a file or standard input (`-`). Gzip is recognised by its magic bytes, several members included.
 *
 * @throws SOURCE_UNREADABLE while opening or from `blocks`
 */
export async function openSource(path: string, from: ReadFrom = { offset: 0 }): Promise<OpenSource> {
  const start = from.hash ? from.offset : 0
  const raw: Readable =
    path === '-' ? process.stdin : createReadStream(path, { start, highWaterMark: BLOCK_BYTES })
  const iterator = raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const head = await firstBytes(iterator, path)
  const gzip = start === 0 && isGzip(head)
  const hash = from.hash?.copy() ?? createHash('sha256')
  const read = { bytes: start, padding: 0 }
  async function* hashed(): AsyncGenerator<Buffer> {
    try {
      const all = blocksOf(head, iterator, path)
      for await (const block of gzip || path === '-' ? all : withoutPadding(all, read)) {
        hash.update(block)
        read.bytes += block.length
        yield block
      }
    } finally {
      await iterator.return?.()
    }
  }
  return {
    gzip,
    blocks: gzip ? skipping(gunzip(hashed(), path, read), from.offset) : hashed(),
    digest: () => ({ sha256: hash.copy().digest('hex'), rawBytes: read.bytes, padding: read.padding }),
  }
}

async function* blocksOf(head: Buffer, rest: AsyncIterator<Buffer>, path: string): AsyncGenerator<Buffer> {
  for (let block = head.length ? head : undefined; block; block = await next(rest, path)) yield block
}

/** Holds NULs back until something else follows them; those at the end stay where they are. */
async function* withoutPadding(
  blocks: AsyncIterable<Buffer>,
  read: { padding: number },
): AsyncGenerator<Buffer> {
  for await (const block of blocks) {
    const end = lengthWithoutPadding(block)
    if (end > 0) {
      for (; read.padding > 0; read.padding -= Math.min(read.padding, BLOCK_BYTES))
        yield Buffer.alloc(Math.min(read.padding, BLOCK_BYTES))
      yield end === block.length ? block : block.subarray(0, end)
    }
    read.padding += block.length - end
  }
}

async function* skipping(blocks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const block of blocks) {
    if (left < block.length) yield left > 0 ? block.subarray(left) : block
    left = Math.max(0, left - block.length)
  }
}

/** Whether a file begins like a gzip file. */
export function isGzip(head: Buffer): boolean {
  return head.length >= GZIP.length && GZIP.every((b, i) => head[i] === b)
}

/** The first block, with as many more as the magic bytes need: a pipe may deliver single bytes. */
async function firstBytes(iterator: AsyncIterator<Buffer>, path: string): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < GZIP.length) {
    const block = await next(iterator, path)
    if (block === undefined) return head
    head = head.length ? Buffer.concat([head, block]) : block
  }
  return head
}

async function next(iterator: AsyncIterator<Buffer>, path: string): Promise<Buffer | undefined> {
  try {
    const result = await iterator.next()
    return result.done ? undefined : result.value
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

async function* gunzip(
  blocks: AsyncIterable<Buffer>,
  path: string,
  read: { readonly bytes: number },
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: BLOCK_BYTES })
  // pipeline, unlike pipe, hands an error of the file on to the reader of the inflated bytes.
  const inflated = pipeline(Readable.from(blocks), gunzip, () => undefined)
  try {
    for await (const block of inflated) yield block as Buffer
  } catch (cause) {
    throw cause instanceof ThroughlineError ? cause : unreadable(path, cause)
  }
  // zlib stops in silence where what follows a member is no member.
  const rest = read.bytes - gunzip.bytesWritten
  if (rest > 0) throw unreadable(path, new Error(`${rest} bytes behind its gzip data are no gzip data`))
}

/** The failure of a source that cannot be read, with what to do. */
export function unreadable(path: string, cause: unknown): ThroughlineError {
  const { code, message } = cause as NodeJS.ErrnoException
  const why =
    code === 'EACCES' || code === 'EPERM'
      ? 'permission denied; let this user read it'
      : code === 'ENOENT'
        ? 'it vanished before it was read; hand it over again'
        : code?.startsWith('Z_')
          ? `its gzip data is damaged (${message}); fetch it again`
          : `${message}; check the disk and hand it over again`
  return new ThroughlineError('SOURCE_UNREADABLE', `source ${path}: ${why}`, { path }, cause)
}

/** The first blocks of a source, with at least so many bytes where it has them. */
export async function readHead(
  blocks: AsyncIterator<Buffer>,
  bytes: number,
): Promise<{ first: Buffer[]; head: Buffer; ended: boolean }> {
  const first: Buffer[] = []
  let size = 0
  while (size < bytes) {
    const next = await blocks.next()
    if (next.done) return { first, head: Buffer.concat(first), ended: true }
    first.push(next.value)
    size += next.value.length
  }
  return { first, head: Buffer.concat(first).subarray(0, bytes), ended: false }
}

/**
 * The first bytes of a file as it is.
 *
 * @throws SOURCE_UNREADABLE
 */
export async function readStart(path: string, maxBytes: number): Promise<Buffer> {
  try {
    return await readAt(path, 0, maxBytes)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** A line of a file as bytes, from its offset; for `trace --raw`. Only for files that are not compressed. */
export async function readAt(path: string, offset: number, maxBytes: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(maxBytes)
    const { bytesRead } = await file.read(buffer, 0, maxBytes, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
