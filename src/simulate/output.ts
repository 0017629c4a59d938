/** A piece of one output file; the pieces of a path, in the order they come, are the file. */
export interface Block {
  /** Relative to the output folder, with `/`. */
  readonly path: string
  /** Belongs to the receiver. */
  readonly bytes: Uint8Array
  /** No more pieces of this path follow. */
  readonly isLast: boolean
}

const BLOCK_BYTES = 1 << 20
/** No row comes near this; it is checked all the same. */
const MAX_ROW_BYTES = 1 << 16
/** From here on one native call beats a loop over the characters. */
const LONG_TEXT_CHARS = 40
/** Larger integers are written in two halves, each within 32 bits. */
const HALF_DIGITS = 8
const HALF_LIMIT = 10 ** HALF_DIGITS
const ZERO = 0x30

/** Files under way. Finished blocks wait until the caller takes them. */
export class Output {
  private blocks: Block[] = []

  /**
   * @param isMissing nothing of the file ever comes out
   * @param onRows takes what is written, row by row, in the place of the file; the bytes are only valid during the call
   */
  open(path: string, isMissing = false, onRows?: (rows: Buffer) => void): OutputFile {
    const emit = isMissing ? () => undefined : (block: Block) => this.blocks.push(block)
    return new OutputFile(path, emit, isMissing, onRows)
  }

  get hasBlocks(): boolean {
    return this.blocks.length > 0
  }

  takeBlocks(): Block[] {
    const taken = this.blocks
    this.blocks = []
    return taken
  }
}

/**
 * One file being written, row by row, straight into bytes: when rows were concatenated, a quarter of all time went
 * into flattening V8's string chains and a tenth into collecting them.
 */
export class OutputFile {
  readonly path: string
  readonly isMissing: boolean
  private readonly emit: (block: Block) => void
  private buffer = Buffer.allocUnsafe(BLOCK_BYTES + MAX_ROW_BYTES)
  private used = 0
  private readonly onRows: ((rows: Buffer) => void) | undefined

  constructor(
    path: string,
    emit: (block: Block) => void,
    isMissing: boolean,
    onRows?: (rows: Buffer) => void,
  ) {
    this.path = path
    this.isMissing = isMissing
    this.emit = emit
    this.onRows = onRows
  }

  text(text: string): this {
    const { length } = text
    const { buffer, used } = this
    if (length < LONG_TEXT_CHARS) {
      let at = 0
      for (; at < length; at++) {
        const code = text.charCodeAt(at)
        if (code >= 0x80) break
        buffer[used + at] = code
      }
      if (at === length) {
        this.used = used + length
        return this
      }
    }
    this.used = used + buffer.write(text, used)
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.buffer.set(bytes, this.used)
    this.used += bytes.length
    return this
  }

  /** @param value whole, not negative, below 2^31 * 10^8 */
  integer(value: number): this {
    if (value < HALF_LIMIT) return this.digits(value, digitCount(value))
    const high = Math.floor(value / HALF_LIMIT)
    return this.digits(high, digitCount(high)).digits(value - high * HALF_LIMIT, HALF_DIGITS)
  }

  private digits(value: number, count: number): this {
    let rest = value | 0
    for (let at = this.used + count - 1; at >= this.used; at--) {
      const tenth = (rest / 10) | 0
      this.buffer[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.used += count
    return this
  }

  /** Must be called after each row, which may be `MAX_ROW_BYTES` long. */
  endRow(): void {
    if (this.used > this.buffer.length) throw new RangeError(`a row of ${this.path} is too long`)
    if (this.onRows) return this.handOver()
    if (this.used >= BLOCK_BYTES) this.flush(false)
  }

  close(): void {
    if (this.onRows) this.handOver()
    else this.flush(true)
  }

  private handOver(): void {
    this.onRows?.(this.buffer.subarray(0, this.used))
    this.used = 0
  }

  private flush(isLast: boolean): void {
    this.emit({ path: this.path, bytes: this.buffer.subarray(0, this.used), isLast })
    this.buffer = isLast ? Buffer.alloc(0) : Buffer.allocUnsafe(BLOCK_BYTES + MAX_ROW_BYTES)
    this.used = 0
  }
}

function digitCount(value: number): number {
  let count = 1
  for (let limit = 10; value >= limit; limit *= 10) count++
  return count
}
