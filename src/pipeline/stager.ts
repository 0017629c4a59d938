import { join } from 'node:path'
import { Chunk, type ChunkLayout, type RowSink } from '../formats/chunk.ts'
import { stageChunk } from '../formats/stage.ts'
import { appendTo, makeFolder, removeFile, removeFolder, writeFile } from '../ledger/durable.ts'
import type { Reject } from '../model/source.ts'
import { dayText } from '../model/time.ts'
import type { StagedSegment } from '../store/dedupe.ts'
import { layout } from '../store/layout.ts'
import { sealOf } from '../store/leaves.ts'
import type { Store } from '../store/store.ts'

/** A chunk of this size goes to the decoder: large enough for segments that need no merging, small enough for flat memory. */
const CHUNK_BYTES = 48 * 1024 * 1024
/** Open chunks together; beyond it the largest goes early (many days or layouts at once). */
const OPEN_BYTES = 128 * 1024 * 1024
/** Full chunks that may wait for the decoder before reading pauses. */
const WAITING_CHUNKS = 1

/**
 * Turns chunks into Parquet files while reading goes on. One chunk is decoded at a time, by DuckDB's own threads;
 * reading waits when more than a few are full.
 */
export class Stager implements RowSink {
  staged: StagedSegment[] = []
  rejected = 0
  stagedRows = 0
  /** The source whose rows are being read; written into rejects. */
  sourceId = 0
  readonly #store: Store
  readonly #folder: string
  readonly #open = new Map<string, Chunk>()
  readonly #pool: Buffer[] = []
  #waiting: Chunk[] = []
  /** The chunk of the row before: rows of one layout and day follow each other. */
  #last: Chunk | undefined
  #decoding: Promise<void> = Promise.resolve()
  #failure: unknown
  #serial = 0
  #rejectLines: string[] = []
  #rejectFile: string | undefined

  constructor(store: Store) {
    this.#store = store
    this.#folder = join(layout.temporary(store.root), 'chunks')
    makeFolder(this.#folder)
  }

  chunk(layout: ChunkLayout, day: number): Chunk {
    const last = this.#last
    if (last && last.layout === layout && last.day === day && last.length < CHUNK_BYTES) return last
    this.#last = this.#find(layout, day)
    return this.#last
  }

  #find(layout: ChunkLayout, day: number): Chunk {
    const key = `${day} ${layout.key}`
    let chunk = this.#open.get(key)
    if (chunk && chunk.length >= CHUNK_BYTES) {
      this.#waiting.push(chunk)
      chunk = undefined
    }
    if (!chunk) {
      chunk = new Chunk(layout, day, this.#pool.pop() ?? Buffer.allocUnsafeSlow(256 * 1024))
      this.#open.set(key, chunk)
    }
    return chunk
  }

  reject(reject: Reject): void {
    this.rejected++
    this.#rejectLines.push(JSON.stringify({ source_id: this.sourceId, ...snakeCase(reject) }))
    if (this.#rejectLines.length >= 10_000) this.#flushRejects()
  }

  /** Lets the decoder catch up; to be awaited after each block that was read. */
  async drain(): Promise<void> {
    this.#spillLargest()
    for (const chunk of this.#waiting) this.#decode(chunk)
    this.#waiting = []
    while (this.#queued > WAITING_CHUNKS && !this.#failure) await this.#oneDecoded()
    if (this.#failure) throw this.#failure
  }

  /** Decodes everything that is open and returns what was staged since the last call. */
  async flush(): Promise<{ staged: StagedSegment[]; rejects: { file: string; rows: number } | undefined }> {
    this.#waiting.push(...this.#open.values())
    this.#open.clear()
    this.#last = undefined
    await this.drain()
    await this.#decoding
    await this.#store.db.useThreads()
    if (this.#failure) throw this.#failure
    this.#flushRejects()
    const taken = {
      staged: this.staged,
      rejects: this.#rejectFile ? { file: this.#rejectFile, rows: this.rejected } : undefined,
    }
    this.staged = []
    this.stagedRows = 0
    this.rejected = 0
    this.#rejectFile = undefined
    return taken
  }

  /** Removes what is left; chunk files hold log lines and must not stay behind. */
  async close(): Promise<void> {
    await this.#decoding.catch(() => undefined)
    removeFolder(this.#folder)
  }

  #queued = 0
  #wake: (() => void) | undefined

  #oneDecoded(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #decode(chunk: Chunk): void {
    if (chunk.rows === 0) {
      this.#pool.push(chunk.buffer)
      return
    }
    this.#queued++
    this.stagedRows += chunk.rows
    const serial = this.#serial++
    this.#decoding = this.#decoding
      .then(() => (this.#failure ? undefined : this.#stage(chunk, serial)))
      .catch(error => {
        this.#failure ??= error
      })
      .finally(() => {
        this.#queued--
        this.#wake?.()
      })
  }

  async #stage(chunk: Chunk, serial: number): Promise<void> {
    // A chunk is one piece of work: more threads would wait for each other while this process reads on.
    await this.#store.db.useThreads(1)
    const csv = join(this.#folder, `${serial}.csv`)
    const file = join(layout.temporary(this.#store.root), `${String(serial).padStart(6, '0')}.parquet`)
    writeFile(csv, chunk.buffer.subarray(0, chunk.length), { flags: 'wx', mode: 0o600 })
    if (this.#pool.length < 2) this.#pool.push(chunk.buffer)
    const rows = await stageChunk(this.#store.db, csv, chunk.layout, file)
    removeFile(csv)
    if (rows !== chunk.rows)
      throw new Error(`decoder: ${rows} rows of ${chunk.rows} in chunk ${serial} (${chunk.layout.key})`)
    const [kind, day] = [chunk.layout.kind, dayText(chunk.day)]
    const seal = await sealOf(this.#store.db, { file, kind, day, rows }, this.#store.keys?.salts)
    this.staged.push({
      kind, day, file, seal, rows, firstUs: chunk.firstUs, lastUs: chunk.lastUs, versions: 0,
    }) // biome-ignore format: one segment
  }

  #spillLargest(): void {
    let open = 0
    for (const chunk of this.#open.values()) open += chunk.length
    while (open > OPEN_BYTES) {
      const [key, largest] = [...this.#open].reduce((a, b) => (b[1].length > a[1].length ? b : a))
      this.#open.delete(key)
      this.#last = undefined
      this.#waiting.push(largest)
      open -= largest.length
    }
  }

  #flushRejects(): void {
    if (this.#rejectLines.length === 0) return
    this.#rejectFile ??= join(layout.temporary(this.#store.root), 'rejects.ndjson')
    appendTo(this.#rejectFile, `${this.#rejectLines.join('\n')}\n`)
    this.#rejectLines = []
  }
}

function snakeCase(reject: Reject): Record<string, unknown> {
  const { lineNo, byteOffset, ...rest } = reject
  return { line_no: lineNo, byte_offset: byteOffset, ...rest }
}
