import { Chunk, type ChunkLayout, type RowSink } from '../formats/chunk.ts'
import type { Format, ReaderContext } from '../formats/format.ts'
import type { SourceRecord } from '../ledger/entry.ts'
import { emptyAccounting } from '../model/source.ts'
import { readAt } from '../sources/read.ts'

/** How much of a source before its resume point is looked at again. */
const TAIL_BYTES = 1024 * 1024

/**
 * The hop ids of the last lines before the place where a grown source is resumed, read again from the file. Only IIS
 * lines are numbered within their source.
 */
export async function tailHopIds(
  source: SourceRecord,
  format: Format,
  context: ReaderContext,
): Promise<string[]> {
  const { byteOffset } = source.state
  if (format.name !== 'iis-w3c' || byteOffset === 0) return []
  const from = Math.max(0, byteOffset - TAIL_BYTES)
  const tail = await readAt(source.path, from, byteOffset - from)
  const start = from === 0 ? 0 : tail.indexOf(10) + 1
  const sink = new RememberingSink()
  const reader = format.open(
    { ...context, sink, accounting: emptyAccounting() },
    { ...source.state, lineNo: 2 },
  )
  reader.push(tail.subarray(start))
  return sink.hopIds()
}

/** Keeps rows in memory. */
class RememberingSink implements RowSink {
  readonly #chunks: Chunk[] = []

  chunk(layout: ChunkLayout, day: number): Chunk {
    let chunk = this.#chunks.find(c => c.layout.key === layout.key && c.day === day)
    if (!chunk) {
      chunk = new Chunk(layout, day, Buffer.alloc(64 * 1024))
      this.#chunks.push(chunk)
    }
    return chunk
  }

  reject(): void {}

  hopIds(): string[] {
    return this.#chunks.flatMap(chunk => {
      const column = chunk.layout.columns.indexOf('hop_id')
      const rows = chunk.buffer.toString('latin1', 0, chunk.length).split('\n')
      return rows.flatMap(row => row.split(chunk.layout.delimiter)[column] ?? [])
    })
  }
}
