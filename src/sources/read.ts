import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ThroughlineError } from '../errors.ts'

const BLOCK_BYTES = 1024 * 1024
const GZIP = [0x1f, 0x8b]

/** What was read of a source. */
export interface ReadDigest {
  /** SHA-256 of the raw bytes (compressed as they were), hex. */
  readonly sha256: string
  readonly rawBytes: number
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
 * @param from offset to start at; only for files that are not compressed
 * @throws SOURCE_UNREADABLE while opening or from `blocks`
 */
export async function openSource(path: string, from = 0): Promise<OpenSource> {
  const raw: Readable =
    path === '-' ? process.stdin : createReadStream(path, { start: from, highWaterMark: BLOCK_BYTES })
  const iterator = raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const head = await firstBytes(iterator, path)
  const gzip = from === 0 && head.length >= GZIP.length && GZIP.every((b, i) => head[i] === b)
  const hash = createHash('sha256')
  const read = { bytes: 0 }
  async function* hashed(): AsyncGenerator<Buffer> {
    try {
      for (let block = head.length ? head : undefined; block; block = await next(iterator, path)) {
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
    blocks: gzip ? gunzip(hashed(), path, read) : hashed(),
    digest: () => ({ sha256: hash.copy().digest('hex'), rawBytes: read.bytes }),
  }
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

function unreadable(path: string, cause: unknown): ThroughlineError {
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

/** Size of a file in bytes; undefined for standard input. */
export async function sourceSize(path: string): Promise<number | undefined> {
  if (path === '-') return undefined
  try {
    return (await stat(path)).size
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** SHA-256 of the first `bytes` bytes of a file, hex. */
export async function prefixDigest(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  if (bytes > 0) {
    try {
      for await (const block of createReadStream(path, { end: bytes - 1, highWaterMark: BLOCK_BYTES }))
        hash.update(block as Buffer)
    } catch (cause) {
      throw unreadable(path, cause)
    }
  }
  return hash.digest('hex')
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
