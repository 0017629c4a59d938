import { Chunk, type ChunkLayout, type RowSink } from '../formats/chunk.ts'
import type { Format, ReaderContext } from '../formats/format.ts'
import type { SourceRecord } from '../ledger/entry.ts'
import { emptyAccounting } from '../model/source.ts'
import { SECOND_US } from '../model/time.ts'
import { wrapsLines } from '../model/wrapped.ts'
import { readAt } from '../sources/read.ts'

/** How much of a source is looked at again at once. */
const STEP_BYTES = 1024 * 1024
/**
 * How far before the last line a line may stand that is written late. Source: Microsoft KB900700, rows of second :59
 * before rows of :58; five times that.
 */
const LATE_US = 5 * SECOND_US

/** A line that stands before the place where reading goes on. */
export interface EarlierLine {
  readonly hopId: string
  /** Its log, where a shipper wrapped it. */
  readonly log: string | null
}

/** Whether equal rows of a format are numbered within their second: those of IIS and HTTP.sys, which have no id. */
export function isNumberedBySecond({ name }: Pick<Format, 'name'>): boolean {
  return name === 'iis-w3c' || name === 'iis-httperr' || wrapsLines(name)
}

/**
 * The last lines before the place where a grown source is resumed, read again from the file. Only lines
 * of IIS and HTTP.sys are numbered by the second. Of an export all records without an id of their own are numbered: it is read again
 * from its beginning where it has any.
 *
 * @param path where the bytes are; not compressed
 */
export async function tailLines(
  path: string,
  source: SourceRecord,
  format: Format,
  context: ReaderContext,
): Promise<EarlierLine[]> {
  const { byteOffset } = source.state
  const lines: EarlierLine[] = []
  const isLine = isNumberedBySecond(format)
  const from = (source.accounting.lastUs ?? Number.NaN) - LATE_US
  for (let end = byteOffset; end > 0; ) {
    const start = Math.max(0, end - STEP_BYTES)
    const block = await readAt(path, start, end - start)
    const cut = start === 0 ? 0 : block.indexOf(10) + 1
    // A line longer than a step: what is before it is not looked at.
    if (start > 0 && cut === 0) break
    const sink = new RememberingSink(isLine)
    const reader = format.open(
      { ...context, sink, accounting: emptyAccounting() },
      { ...source.state, lineNo: 2 },
    )
    reader.push(block.subarray(cut))
    lines.push(...sink.lines())
    if (isLine && sink.lastUs < from) break
    end = start + cut
  }
  return lines
}

/** Keeps rows in memory. */
class RememberingSink implements RowSink {
  readonly #chunks: Chunk[] = []
  readonly #isLine: boolean

  constructor(isLine: boolean) {
    this.#isLine = isLine
  }

  /** Latest stamp of the rows, µs. */
  get lastUs(): number {
    return this.#chunks.reduce((last, chunk) => Math.max(last, chunk.lastUs), Number.NEGATIVE_INFINITY)
  }

  chunk(layout: ChunkLayout, day: number): Chunk {
    let chunk = this.#chunks.find(c => c.layout.key === layout.key && c.day === day)
    if (!chunk) {
      chunk = new Chunk(layout, day, Buffer.alloc(64 * 1024))
      this.#chunks.push(chunk)
    }
    return chunk
  }

  reject(): void {}

  lines(): EarlierLine[] {
    return this.#chunks.flatMap(chunk => {
      const { columns, delimiter } = chunk.layout
      const [id, ownId, attributes] = ['hop_id', 'gateway_flow_id', 'attributes'].map(name =>
        columns.indexOf(name),
      )
      const rows = chunk.buffer.toString('utf8', 0, chunk.length).split('\n')
      return rows.flatMap(row => {
        const values = row.split(delimiter)
        const hopId = values[id ?? -1]
        if (hopId === undefined || !(this.#isLine || values[ownId ?? -1] === '')) return []
        const { log, hasOffset } = this.#isLine ? shippedFrom(values[attributes ?? -1]) : NOT_SHIPPED
        return hasOffset ? [] : [{ hopId, log }]
      })
    })
  }
}

export const NOT_SHIPPED = { log: null, hasOffset: false }

/** What a chunk column of attributes says of a line that a shipper wrapped. */
export function shippedFrom(attributes = '-'): { log: string | null; hasOffset: boolean } {
  if (!attributes.includes('"log.file.path":"')) return NOT_SHIPPED
  const { 'log.file.path': log, 'log.offset': offset } = JSON.parse(attributes) as Record<string, string>
  return { log: log ?? null, hasOffset: offset !== undefined }
}
