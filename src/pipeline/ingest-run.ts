import { ThroughlineError } from '../errors.ts'
import type { Reader } from '../formats/format.ts'
import { detectFormat, HEAD_BYTES, makeHead } from '../formats/registry.ts'
import type { RefusedRecord, SourceRecord } from '../ledger/entry.ts'
import type { Input } from '../sources/discover.ts'
import { openSource, type ReadDigest, readHead } from '../sources/read.ts'
import { count, inSpan, type OwnSpan } from '../telemetry/record.ts'
import type { SpanAttributes } from '../telemetry/spans.ts'
import type { Intake, ReadingOptions } from './intake.ts'
import type { Known } from './known.ts'
import { forgetLastLine, lastLine } from './last-line.ts'
import { digestOfHead } from './source-index.ts'
import { addWarnings } from './warnings.ts'

/** Rows after which what was read becomes part of the store, so that memory and lost work stay bounded. */
const COMMIT_ROWS = 2_000_000
/** The same for sources, so that entries stay small. */
const COMMIT_SOURCES = 5_000

export interface RunReading extends Pick<ReadingOptions, 'fields'> {
  /** Rows after which what was read is committed. */
  readonly commitRows?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export interface Progress {
  readonly source: string
  readonly bytes: number
  readonly lines: number
}

export interface KnownSource {
  readonly path: string
  /** Whether all of its lines are of days that were pruned since. */
  readonly isPruned: boolean
}

export interface IngestResult {
  /** Sources that were read, in order. */
  readonly sources: readonly SourceRecord[]
  /** Sources whose bytes the store already had. */
  readonly known: readonly KnownSource[]
  readonly refused: readonly (RefusedRecord & { readonly named: boolean })[]
  /** Days with new hops, `YYYY-MM-DD`. */
  readonly days: readonly string[]
}

/** Reads whole inputs, one after the other. */
export class IngestRun {
  readonly #intake: Intake
  readonly #options: RunReading
  #done = new Map<number, SourceRecord>()
  #known: KnownSource[] = []
  #refused: (RefusedRecord & { named: boolean })[] = []
  #days = new Set<string>()
  #bytes = 0

  constructor(intake: Intake, options: RunReading) {
    this.#intake = intake
    this.#options = options
  }

  /**
   * Reads one input to its end. A source that cannot be read is recorded as failed and does not stop the others.
   *
   * @param found how it compares with what the store has, where that has been looked up
   */
  async take(input: Input, found?: Known): Promise<void> {
    try {
      const known = found ?? (await this.#lookUp(input.path))
      if (known.is === 'known')
        this.#known.push({ path: input.path, isPruned: this.#intake.isPruned(known.source) })
      else
        await inSpan('read file', { 'file.path': input.path }, span =>
          known.is === 'grown' ? this.#resume(input, known, span) : this.#read(input, span),
        )
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code !== 'SOURCE_UNREADABLE') throw error
      this.#refuse(input, { name: 'unreadable', advice: error.message })
    }
    if (this.#intake.pending >= COMMIT_SOURCES) await this.commit()
  }

  async #lookUp(path: string): Promise<Known> {
    return path === '-' ? { is: 'new' } : this.#intake.known.lookUp(path)
  }

  async #read(input: Input, span: OwnSpan<'read file'>): Promise<void> {
    const { path } = input
    const source = await openSource(path)
    const blocks = source.blocks[Symbol.asyncIterator]()
    const { first, head, ended } = await readHead(blocks, HEAD_BYTES)
    const { padding } = source.digest()
    const seen = head.length === 0 ? Buffer.alloc(Math.min(padding, HEAD_BYTES)) : head
    const format = detectFormat(makeHead(seen, ended), this.#options.fields)
    if (!('open' in format)) {
      await blocks.return?.(undefined)
      return this.#refuse(input, format)
    }
    const record = this.#intake.begin({ path, format: format.name, gzip: source.gzip, head })
    await this.#decode(record, format.open(this.#intake.context(record)), first, blocks)
    this.#finish(record, source.digest(), span)
  }

  /** Goes on where an earlier read of the same bytes ended. */
  async #resume(
    input: Input,
    { source, stop }: Extract<Known, { is: 'grown' }>,
    span: OwnSpan<'read file'>,
  ): Promise<void> {
    const { path } = input
    const start = await openSource(path)
    const { head } = await readHead(start.blocks, HEAD_BYTES)
    await start.blocks.return(undefined)
    const format = detectFormat(makeHead(head, false), this.#options.fields)
    if (!('open' in format)) return this.#refuse(input, format)
    const plain = start.gzip ? undefined : path
    const record = await this.#intake.resume(source, format, plain)
    // A last line without a line feed is read again, now that it may be whole.
    forgetLastLine(record)
    Object.assign(record, { path, gzip: start.gzip, head: start.gzip ? '' : digestOfHead(head) })
    const from = { offset: stop.bytes, ...(plain ? { hash: stop.hash } : {}) }
    const rest = await openSource(path, from)
    const reader = format.open(this.#intake.context(record), record.state)
    await this.#decode(record, reader, [], rest.blocks[Symbol.asyncIterator]())
    this.#finish(record, rest.digest(), span)
  }

  async #decode(
    record: SourceRecord,
    reader: Reader,
    first: readonly Buffer[],
    rest: AsyncIterator<Buffer>,
  ): Promise<void> {
    this.#intake.reading(record)
    const push = async (block: Buffer): Promise<void> => {
      reader.push(block)
      this.#progress(record, block.length)
      await this.#intake.drain()
      record.state = reader.state()
      if (this.#intake.stagedRows < (this.#options.commitRows ?? COMMIT_ROWS)) return
      await this.commit()
      this.#intake.reading(record)
    }
    try {
      for (const block of first) await push(block)
      for (let next = await rest.next(); !next.done; next = await rest.next()) await push(next.value)
      const whole = structuredClone(record.accounting)
      reader.end()
      record.torn = lastLine(whole, record.accounting)
      record.status = 'complete'
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code !== 'SOURCE_UNREADABLE') throw error
      record.status = 'failed'
      record.problem = error.message
    }
    addWarnings(record)
  }

  #finish(record: SourceRecord, { rawBytes, sha256, padding }: ReadDigest, span: OwnSpan<'read file'>): void {
    record.rawBytes = rawBytes
    record.sha256 = record.status === 'complete' ? sha256 : ''
    record.padding = padding > 0 ? padding : undefined
    span.set(spanOf(record))
    if (record.status === 'failed') count('throughline.files.failed', 1)
    this.#intake.end(record)
    this.#done.set(record.id, record)
  }

  async commit(): Promise<void> {
    for (const day of await this.#intake.commit()) this.#days.add(day)
  }

  /** What was read since the last call. */
  result(): IngestResult {
    const sources = [...this.#done.values()]
    const result = { sources, known: this.#known, refused: this.#refused, days: [...this.#days].sort() }
    this.#done = new Map()
    this.#known = []
    this.#refused = []
    this.#days = new Set()
    return result
  }

  async close(): Promise<void> {
    await this.#intake.close()
  }

  #refuse(input: Input, refusal: { name: string; advice: string }): void {
    const record = { path: input.path, name: refusal.name, advice: refusal.advice }
    this.#intake.refuse(record)
    this.#refused.push({ ...record, named: input.named })
  }

  #progress(record: SourceRecord, bytes: number): void {
    this.#bytes += bytes
    this.#options.onProgress?.({ source: record.path, bytes: this.#bytes, lines: record.accounting.lines })
    this.#intake.checkRejects(record)
  }
}

function spanOf({ rawBytes, format, status, accounting: a }: SourceRecord): SpanAttributes<'read file'> {
  return {
    'file.size': rawBytes,
    'throughline.format': format,
    'throughline.status': status,
    'throughline.lines': a.lines,
    'throughline.decoded': a.decoded,
    'throughline.directives': a.directives,
    'throughline.rejected': a.rejected,
  }
}
