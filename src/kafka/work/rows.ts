import type { Chunk, ChunkLayout, RowSink } from '../../formats/chunk.ts'
import type { HopBatch } from '../batch/header.ts'
import { RowText } from '../batch/row-text.ts'

export interface ReceivedRows {
  readonly batch: HopBatch
  readonly layouts: readonly ChunkLayout[]
  readonly rows: Buffer
}

/**
 * How many rows at the beginning of a message were taken before: by where they stand in their source, as what their
 * collector counts changes where its applications do.
 */
export function rowsTaken(
  { batch: { lengths, part, parts, before }, layouts, rows }: ReceivedRows,
  taken: { readonly rows: number; readonly rowsTo?: number | undefined },
): number {
  // Of an entry that does not say where it ended.
  if (taken.rowsTo === undefined) return Math.min(lengths.length, taken.rows - before)
  const texts = layouts.map(layout => new RowText(layout, ['byte_offset']))
  let from = 0
  for (const [row, length] of lengths.entries()) {
    const text = texts[parts[part?.[row] ?? 0]?.layout ?? 0]
    text?.read(rows.subarray(from), length)
    if (text && text.number(0) > taken.rowsTo) return row
    from += length
  }
  return lengths.length
}

/**
 * Appends the rows of a message to the chunks of their layouts and days. The first column, the number that the source
 * has at its collector, becomes the number that it has in this store.
 */
export function appendRows(
  sink: RowSink,
  sourceId: number,
  { batch, layouts, rows, skip }: ReceivedRows & { readonly skip: number },
): void {
  const { lengths, part, parts } = batch
  const number = Buffer.from(String(sourceId))
  let from = 0
  let place = -1
  let chunk: Chunk | undefined
  for (let row = 0; row < lengths.length; row++) {
    const to = from + (lengths[row] ?? 0)
    if (row >= skip) {
      const own = part?.[row] ?? 0
      if (own !== place || !chunk) {
        chunk = chunkOf(sink, layouts, parts[own])
        place = own
      }
      const layout = chunk.layout
      const cut = rows.indexOf(layout.delimiter, from, 'latin1')
      chunk.reserve(number.length + to - cut)
      chunk.bytes(number, 0, number.length)
      rows.copy(chunk.buffer, chunk.length, cut, to)
      chunk.length += to - cut
      chunk.rows++
    }
    from = to
  }
}

function chunkOf(
  sink: RowSink,
  layouts: readonly ChunkLayout[],
  part: HopBatch['parts'][number] | undefined,
): Chunk {
  const layout = layouts[part?.layout ?? 0]
  if (!layout || !part) throw new Error('rows: a part without a layout')
  const chunk = sink.chunk(layout, part.day)
  chunk.firstUs = Math.min(chunk.firstUs, part.firstUs)
  chunk.lastUs = Math.max(chunk.lastUs, part.lastUs)
  return chunk
}
