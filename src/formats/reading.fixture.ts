import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createScrubber } from '../model/scrub.ts'
import { type Accounting, emptyAccounting, type Reject } from '../model/source.ts'
import { Database, quoteText, sqlFile } from '../store/query.ts'
import { Chunk, type ChunkLayout, type RowSink } from './chunk.ts'
import type { Reader, ReaderContext, ReaderState } from './format.ts'
import { stageChunk } from './stage.ts'

/** Keeps what a reader produces. */
export class CollectingSink implements RowSink {
  readonly chunks: Chunk[] = []
  readonly rejects: Reject[] = []

  chunk(layout: ChunkLayout, day: number): Chunk {
    let chunk = this.chunks.find(c => c.layout.key === layout.key && c.day === day)
    if (!chunk) {
      chunk = new Chunk(layout, day, Buffer.alloc(256))
      this.chunks.push(chunk)
    }
    return chunk
  }

  reject(reject: Reject): void {
    this.rejects.push(reject)
  }
}

export interface ReadResult {
  readonly sink: CollectingSink
  readonly accounting: Accounting
  readonly state: ReaderState
  /** Chunk rows as text, layout by layout. */
  readonly rows: readonly string[]
}

export type OpenReader = (context: ReaderContext, resume?: ReaderState) => Reader

export const FIELD_CHOICES = {
  gatewayFields: {
    correlation: ['dc*correlation*', 'dc*request*id*', 'traceparent'],
    subject: ['dc*user*id*', 'dc*sub'],
  },
  appFields: {
    correlation: ['x*correlation*id*', 'x*request*id*', 'traceparent'],
    subject: ['x*forwarded*user'],
  },
}

export function testContext(
  overrides: Partial<ReaderContext> = {},
): ReaderContext & { readonly sink: CollectingSink } {
  const scrubber = createScrubber()
  const context = {
    sourceId: 7,
    host: 'web01',
    site: 'shop',
    fields: undefined,
    scrubber,
    identityScrubber: scrubber,
    pseudonym: (secret: string) => `hmac:${secret.length}`,
    ...FIELD_CHOICES,
    accounting: emptyAccounting(),
    ...overrides,
  }
  return { ...context, sink: new CollectingSink() }
}

/**
 * Reads bytes as one source.
 *
 * @param cuts offsets at which the bytes are cut into blocks
 */
export function readBytes(
  open: OpenReader,
  bytes: Buffer | string,
  overrides: Partial<ReaderContext> = {},
  cuts: readonly number[] = [],
): ReadResult {
  const context = testContext(overrides)
  const reader = open(context)
  const whole = Buffer.from(bytes)
  const ends = [...new Set(cuts.map(cut => Math.min(cut, whole.length)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...ends, whole.length]) {
    if (to > from) reader.push(Buffer.from(whole.subarray(from, to)))
    from = to
  }
  const state = reader.state()
  reader.end()
  return { sink: context.sink, accounting: context.accounting, state, rows: rowsOf(context.sink) }
}

function rowsOf(sink: CollectingSink): string[] {
  return sink.chunks.map(
    c => `${c.day} ${c.layout.columns.join(' ')}\n${c.buffer.toString('latin1', 0, c.length)}`,
  )
}

/** Everything that a reader handed out, as text in which a secret would be found. */
export function outputOf(result: ReadResult): string {
  return [...result.rows, JSON.stringify(result.sink.rejects), JSON.stringify(result.accounting)].join('\n')
}

/** Decodes chunks with DuckDB as the pipeline does. */
export class StageBench {
  readonly db: Database
  readonly #folder = mkdtempSync(join(tmpdir(), 'throughline-stage-'))
  #serial = 0

  private constructor(db: Database) {
    this.db = db
  }

  static async open(): Promise<StageBench> {
    const db = await Database.open({ threads: 2, memoryMiB: 512, spillFolder: tmpdir() })
    await db.run(sqlFile('../store/macros.sql', import.meta.url))
    return new StageBench(db)
  }

  /** Stored rows of a read, in the order of its lines, and the columns that DuckDB reports. */
  async rows(result: ReadResult): Promise<Record<string, unknown>[]> {
    const stored: Record<string, unknown>[] = []
    for (const chunk of result.sink.chunks) {
      const file = await this.parquet(chunk)
      const raw =
        chunk.layout.kind === 'kernel'
          ? ''
          : 'REPLACE (raw_id(correlation_raw, correlation_id) AS correlation_raw)'
      stored.push(...(await this.db.rows(`SELECT * ${raw} FROM read_parquet(${quoteText(file)})`)))
    }
    return stored.sort((a, b) => Number(a.line_no) - Number(b.line_no))
  }

  async parquet(chunk: Chunk): Promise<string> {
    const csv = join(this.#folder, `${this.#serial}.csv`)
    const file = join(this.#folder, `${this.#serial++}.parquet`)
    writeFileSync(csv, chunk.buffer.subarray(0, chunk.length))
    const rows = await stageChunk(this.db, csv, chunk.layout, file)
    if (rows !== chunk.rows) throw new Error(`${rows} rows stored of ${chunk.rows} written`)
    return file
  }

  close(): void {
    this.db.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
