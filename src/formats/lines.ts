import { createHash, type Hash, hash } from 'node:crypto'

/** A line longer than this is rejected as `too-long`; it is still counted, located and digested. */
export const MAX_LINE_BYTES = 1024 * 1024

/** Where a line stands in its source: `lineNo` from 1, `byteOffset` of its first byte in the decompressed bytes. */
export interface Position {
  readonly lineNo: number
  readonly byteOffset: number
}

export interface LineHandler {
  /**
   * One line without its LF or CRLF; the bytes are only valid during the call.
   *
   * @param terminated false where the source ended before a line feed
   */
  line(buffer: Buffer, start: number, end: number, at: Position, terminated: boolean): void
  /** A line over the limit: its first bytes, its whole length and the SHA-256 of all its bytes. */
  tooLong(head: Buffer, length: number, sha256: string, at: Position): void
}

/**
 * Cuts a stream of bytes into lines. The same bytes give the same lines however they are cut into blocks.
 * Memory is bounded by one block and one line.
 */
export class LineFramer {
  lineNo: number
  byteOffset: number
  readonly #handler: LineHandler
  readonly #maxLineBytes: number
  #carry: Buffer = Buffer.alloc(0)
  #long: { head: Buffer; length: number; hash: Hash } | undefined

  constructor(
    handler: LineHandler,
    from: Position = { lineNo: 1, byteOffset: 0 },
    maxLineBytes = MAX_LINE_BYTES,
  ) {
    this.#handler = handler
    this.lineNo = from.lineNo
    this.byteOffset = from.byteOffset
    this.#maxLineBytes = maxLineBytes
  }

  push(block: Buffer): void {
    let start = 0
    if (this.#long) {
      start = this.#continueLong(block)
      if (this.#long) return
    }
    const buffer = this.#carry.length ? Buffer.concat([this.#carry, block.subarray(start)]) : block
    if (this.#carry.length) start = 0
    start = this.#lines(buffer, start)
    const rest = buffer.subarray(start)
    if (rest.length > this.#maxLineBytes) {
      this.#long = {
        head: Buffer.from(rest.subarray(0, 512)),
        length: rest.length,
        hash: createHash('sha256').update(rest),
      }
      this.#carry = Buffer.alloc(0)
    } else this.#carry = Buffer.from(rest)
  }

  /** Hands over a last line without a line feed, if there is one. */
  end(): void {
    if (this.#long) this.#finishLong()
    else if (this.#carry.length) {
      const line = this.#carry
      this.#carry = Buffer.alloc(0)
      this.#emit(line, 0, line.length, line.length, false)
    }
  }

  #lines(buffer: Buffer, from: number): number {
    let start = from
    for (let lf = buffer.indexOf(10, start); lf !== -1; lf = buffer.indexOf(10, start)) {
      this.#emit(buffer, start, lf, lf - start + 1, true)
      start = lf + 1
    }
    return start
  }

  #emit(buffer: Buffer, start: number, lf: number, bytes: number, terminated: boolean): void {
    const at = { lineNo: this.lineNo, byteOffset: this.byteOffset }
    if (lf - start > this.#maxLineBytes) {
      const line = buffer.subarray(start, lf)
      this.#handler.tooLong(line.subarray(0, 512), line.length, hash('sha256', line, 'hex'), at)
    } else {
      const end = lf > start && buffer[lf - 1] === 13 ? lf - 1 : lf
      this.#handler.line(buffer, start, end, at, terminated)
    }
    this.lineNo++
    this.byteOffset += bytes
  }

  #continueLong(block: Buffer): number {
    const long = this.#long
    if (!long) return 0
    const lf = block.indexOf(10)
    const part = lf === -1 ? block : block.subarray(0, lf)
    long.hash.update(part)
    long.length += part.length
    if (lf === -1) return block.length
    this.#finishLong()
    this.byteOffset += 1
    return lf + 1
  }

  #finishLong(): void {
    const long = this.#long
    if (!long) return
    this.#handler.tooLong(long.head, long.length, long.hash.digest('hex'), {
      lineNo: this.lineNo,
      byteOffset: this.byteOffset,
    })
    this.lineNo++
    this.byteOffset += long.length
    this.#long = undefined
  }
}
