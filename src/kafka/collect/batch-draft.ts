import type { ChunkLayout } from '../../formats/chunk.ts'
import type { Position } from '../../formats/lines.ts'
import type { SourceRecord } from '../../ledger/entry.ts'
import { BATCH_BYTES, BATCH_ROWS, type HopBatch, SCHEMA_VERSION } from '../batch/header.ts'
import { type BatchMessage, encodeBatch } from '../batch/message.ts'

/** Who sends a batch, and what it is of. */
export interface Shipment {
  readonly application: string
  readonly collector: string
  readonly source: string
  readonly replaces?: string
  /** Rows of this source and application in all batches before. */
  readonly before: number
}

interface Part {
  readonly layout: number
  readonly day: number
  firstUs: number
  lastUs: number
}

/** Rows of one source and application that have no message yet. */
export class BatchDraft {
  #bytes: Buffer = Buffer.allocUnsafe(16 * 1024)
  #size = 0
  #lengths: number[] = []
  #part: number[] = []
  #parts: Part[] = []
  #layouts: ChunkLayout[] = []
  #first: Position | undefined
  #lastLine = 0
  #lastOffset = 0

  get size(): number {
    return this.#size
  }

  get rows(): number {
    return this.#lengths.length
  }

  /** Whether a row of so many bytes still goes in. */
  hasRoom(bytes: number): boolean {
    return this.rows === 0 || (this.rows < BATCH_ROWS && this.#size + bytes <= BATCH_BYTES)
  }

  /** Appends a row with its line feed. */
  add(layout: ChunkLayout, day: number, us: number, row: Buffer, length: number): void {
    if (this.#size + length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#size + length))
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    row.copy(this.#bytes, this.#size, 0, length)
    this.#size += length
    this.#part.push(this.#partOf(layout, day, us))
    this.#lengths.push(length)
  }

  /** Says where the row that was added last stands in its source. */
  place(lineNo: number, byteOffset: number): void {
    this.#lastLine = lineNo
    this.#lastOffset = byteOffset
    this.#first ??= { lineNo, byteOffset }
  }

  #partOf(layout: ChunkLayout, day: number, us: number): number {
    let place = this.#parts.length - 1
    while (place >= 0 && !this.#isOf(place, layout, day)) place--
    if (place < 0) {
      let at = this.#layouts.indexOf(layout)
      if (at < 0) at = this.#layouts.push(layout) - 1
      place = this.#parts.push({ layout: at, day, firstUs: us, lastUs: us }) - 1
    }
    const part = this.#parts[place]
    if (part && us < part.firstUs) part.firstUs = us
    if (part && us > part.lastUs) part.lastUs = us
    return place
  }

  #isOf(place: number, layout: ChunkLayout, day: number): boolean {
    const part = this.#parts[place]
    return part?.day === day && this.#layouts[part.layout] === layout
  }

  /**
   * Makes the message, and begins anew.
   *
   * @param record the source as it stands with the last row
   */
  take(shipment: Shipment, { id: _, shipped: __, ...record }: SourceRecord): BatchMessage {
    const batch: HopBatch = {
      schema: SCHEMA_VERSION,
      kind: 'hops',
      ...shipment,
      record,
      ...(this.#first ? { first: this.#first } : {}),
      ...(this.#first ? { last: { lineNo: this.#lastLine, byteOffset: this.#lastOffset } } : {}),
      layouts: this.#layouts.map(({ kind, delimiter, quote, nullText, columns }) => ({
        kind, delimiter, ...(quote === undefined ? {} : { quote }), nullText, columns: [...columns],
      })),
      parts: this.#parts.map(part => ({ ...part })),
      ...(this.#parts.length > 1 ? { part: this.#part } : {}),
      lengths: this.#lengths,
    } // biome-ignore format: one batch
    const message = encodeBatch(batch, [this.#bytes.subarray(0, this.#size)])
    this.#size = 0
    this.#lengths = []
    this.#part = []
    this.#parts = []
    this.#layouts = []
    this.#first = undefined
    return message
  }
}
