import type { HopKind } from '../model/hop.ts'
import type { Reject } from '../model/source.ts'

/**
 * How the rows of a chunk are written. `columns` names each column in order; a column the decoder does not read
 * is an empty string.
 */
export interface ChunkLayout {
  readonly kind: HopKind
  readonly delimiter: string
  /** Character that quotes a value which holds the delimiter; undefined where none can. */
  readonly quote: string | undefined
  /** Text that stands for "no value". */
  readonly nullText: string
  readonly columns: readonly string[]
  /** Equal for layouts that can share a chunk. */
  readonly key: string
}

/** Rows of one layout and one UTC day, as text that DuckDB's CSV reader parses without guessing. */
export class Chunk {
  readonly layout: ChunkLayout
  /** Days since 1970-01-01 of every row. */
  readonly day: number
  buffer: Buffer
  length = 0
  rows = 0
  /** Smallest and largest stamp of the rows, µs. */
  firstUs = Number.POSITIVE_INFINITY
  lastUs = Number.NEGATIVE_INFINITY

  constructor(layout: ChunkLayout, day: number, buffer: Buffer) {
    this.layout = layout
    this.day = day
    this.buffer = buffer
  }

  /** Makes room for `bytes` more bytes. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }

  /** Appends a string whose characters are bytes (code points below 256). Room must have been reserved. */
  text(bytes: string): void {
    this.length += this.buffer.write(bytes, this.length, 'latin1')
  }

  /** Appends raw bytes. Room must have been reserved. */
  bytes(source: Buffer, start: number, end: number): void {
    if (end - start > 24) {
      source.copy(this.buffer, this.length, start, end)
      this.length += end - start
      return
    }
    let at = this.length
    for (let i = start; i < end; i++) this.buffer[at++] = source[i] ?? 0
    this.length = at
  }

  /** Counts a row that has been written, stamped `us` µs since 1970. */
  count(us: number): void {
    this.rows++
    if (us < this.firstUs) this.firstUs = us
    if (us > this.lastUs) this.lastUs = us
  }

  byte(value: number): void {
    this.buffer[this.length++] = value
  }
}

/** Takes what a format reader produces. */
export interface RowSink {
  /** The open chunk for rows of this layout and day; valid until the next call. */
  chunk(layout: ChunkLayout, day: number): Chunk
  reject(reject: Reject): void
}
