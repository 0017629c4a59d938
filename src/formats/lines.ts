import { createHash, type Hash, hash } from 'node:crypto'

/** A line longer than this is rejected as `too-long`; it is still counted, located and digested. */
export const MAX_LINE_BYTES = 1024 * 1024
/** How much of a line over the limit is kept for its excerpt. */
const HEAD_BYTES = 512

const LF = 10
const CR = 13
const BYTE_ORDER_MARK = 0xefbbbf

/** Where a line stands in its source: `lineNo` from 1, `byteOffset` of its first byte in the decompressed bytes. */
export interface Position {
  readonly lineNo: number
  readonly byteOffset: number
}

/** A line over the limit. */
export interface LongLine {
  /** Its first bytes. */
  readonly head: Buffer
  /** Its length in bytes, without its line end. */
  readonly length: number
  /** SHA-256 of all its bytes without its line end, hex. */
  readonly sha256: string
  /** The limit that it exceeds, bytes. */
  readonly limit: number
}

export interface LineHandler {
  /**
   * One line without its LF or CRLF; the bytes are only valid during the call.
   *
   * @param terminated false where the source ended before a line feed
   */
  line(buffer: Buffer, start: number, end: number, at: Position, terminated: boolean): void
  tooLong(line: LongLine, at: Position): void
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
  #carry: Buffer[] = []
  #carried = 0
  #long: LongLineReader | undefined

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
    const lf = block.indexOf(LF)
    let start = 0
    if (this.#long) {
      this.#long.update(lf === -1 ? block : block.subarray(0, lf))
      if (lf === -1) return
      this.#finishLong(this.#long, 1)
      start = lf + 1
    } else if (this.#carried > 0) {
      if (lf === -1) return this.#keep(block)
      const line = Buffer.concat([...this.#carry, block.subarray(0, lf + 1)])
      this.#carry = []
      this.#carried = 0
      this.#emit(line, 0, line.length - 1, 1)
      start = lf + 1
    }
    this.#keep(block.subarray(this.#lines(block, start)))
  }

  /** Hands over a last line without a line feed, if there is one. */
  end(): void {
    if (this.#long) return this.#finishLong(this.#long, 0)
    if (this.#carried === 0) return
    const line = Buffer.concat(this.#carry)
    this.#carry = []
    this.#carried = 0
    this.#emit(line, 0, line.length, 0)
  }

  #lines(buffer: Buffer, from: number): number {
    let start = from
    for (let lf = buffer.indexOf(LF, start); lf !== -1; lf = buffer.indexOf(LF, start)) {
      this.#emit(buffer, start, lf, 1)
      start = lf + 1
    }
    return start
  }

  #emit(buffer: Buffer, start: number, lf: number, terminator: number): void {
    const at = { lineNo: this.lineNo, byteOffset: this.byteOffset }
    const end = lf > start && buffer[lf - 1] === CR ? lf - 1 : lf
    if (end - start > this.#maxLineBytes) {
      const line = buffer.subarray(start, end)
      const head = Buffer.from(line.subarray(0, this.#headBytes()))
      const sha256 = hash('sha256', line, 'hex')
      this.#handler.tooLong({ head, length: line.length, sha256, limit: this.#maxLineBytes }, at)
    } else this.#handler.line(buffer, start, end, at, terminator > 0)
    this.lineNo++
    this.byteOffset += lf - start + terminator
  }

  /** Keeps the beginning of a line until the rest of it comes. One byte over the limit may still be a CR. */
  #keep(rest: Buffer): void {
    if (rest.length === 0) return
    this.#carry.push(Buffer.from(rest))
    this.#carried += rest.length
    if (this.#carried <= this.#maxLineBytes + 1) return
    const long = new LongLineReader(Buffer.concat(this.#carry).subarray(0, this.#headBytes()))
    for (const part of this.#carry) long.update(part)
    this.#long = long
    this.#carry = []
    this.#carried = 0
  }

  #headBytes(): number {
    return Math.min(HEAD_BYTES, this.#maxLineBytes)
  }

  #finishLong(long: LongLineReader, terminator: number): void {
    const at = { lineNo: this.lineNo, byteOffset: this.byteOffset }
    this.#handler.tooLong({ ...long.finish(), limit: this.#maxLineBytes }, at)
    this.lineNo++
    this.byteOffset += long.bytes + terminator
    this.#long = undefined
  }
}

/**
 * A line without what belongs to the file and not to the line: a byte order mark, and NULs. IIS extends a log by a block
 * of NULs and overwrites it row by row; after a crash the rest of it stays.
 */
export function withoutPadding(
  buffer: Buffer,
  from: number,
  to: number,
  { byteOffset }: Position,
): { start: number; end: number } {
  let start = from
  let end = to
  if (byteOffset === 0 && end - start >= 3 && buffer.readUIntBE(start, 3) === BYTE_ORDER_MARK) start += 3
  while (start < end && buffer[start] === 0) start++
  while (end > start && buffer[end - 1] === 0) end--
  return { start, end }
}

/** Whether a line holds nothing but blanks and NULs. */
export function isBlankLine(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = buffer[i] ?? 0
    if (c !== 32 && c !== 9 && c !== 0 && c !== CR) return false
  }
  return true
}

/** Digests a long line piece by piece; a CR is held back until it is known not to be part of the line end. */
class LongLineReader {
  bytes = 0
  readonly #head: Buffer
  readonly #hash: Hash = createHash('sha256')
  #heldCr = false

  constructor(head: Buffer) {
    this.#head = Buffer.from(head)
  }

  update(part: Buffer): void {
    if (part.length === 0) return
    this.bytes += part.length
    if (this.#heldCr) this.#hash.update('\r')
    this.#heldCr = part[part.length - 1] === CR
    this.#hash.update(this.#heldCr ? part.subarray(0, -1) : part)
  }

  finish(): { head: Buffer; length: number; sha256: string } {
    const length = this.bytes - (this.#heldCr ? 1 : 0)
    return { head: this.#head, length, sha256: this.#hash.digest('hex') }
  }
}
