import type { Chunk, ChunkLayout, RowSink } from '../../formats/chunk.ts'
import type { HopBatch } from '../batch/header.ts'

export interface ReceivedRows {
  readonly batch: HopBatch
  readonly layouts: readonly ChunkLayout[]
  readonly rows: Buffer
  /** Rows at the beginning that were taken before. */
  readonly skip: number
}

/**
 * Appends the rows of a message to the chunks of their layouts and days. The first column, the number that the source
 * has at its collector, becomes the number that it has in this store.
 */
export function appendRows(
  sink: RowSink,
  sourceId: number,
  { batch, layouts, rows, skip }: ReceivedRows,
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
