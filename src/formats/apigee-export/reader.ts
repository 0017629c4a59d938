import { isUtf8 } from 'node:buffer'
import type { Reader, ReaderContext, ReaderState } from '../format.ts'
import { LineFramer, MAX_LINE_BYTES, type Position } from '../lines.ts'
import { escapeInvalidUtf8, rejectKnown, rejectLine } from '../row-support.ts'
import { isOpenQuoted, parseHeader, splitRecord } from './delimited.ts'
import { JsonRecordScanner } from './json.ts'
import { type ColumnRole, RecordWriter } from './record.ts'

/** A record over more lines than this is taken for a stray quote. */
const MAX_RECORD_LINES = 64

/** A line or joined lines of a source. */
interface Line {
  readonly bytes: Buffer
  readonly at: Position
  readonly terminated: boolean
}

/** What both shapes of an export share: framing, blank lines, bytes that are not UTF-8. */
abstract class ExportReader implements Reader {
  protected readonly context: ReaderContext
  protected readonly writer: RecordWriter
  protected mayHoldCredentials = false
  #framer: LineFramer
  #finished: ReaderState

  constructor(context: ReaderContext, resume?: ReaderState) {
    this.context = context
    this.writer = new RecordWriter(context)
    this.#framer = new LineFramer(
      {
        line: (buffer, start, end, at, terminated) => this.#line(buffer, start, end, at, terminated),
        tooLong: (head, length, sha256, at) =>
          rejectKnown(
            context,
            head,
            length,
            sha256,
            at,
            'too-long',
            `${length} bytes; the limit is ${MAX_LINE_BYTES}`,
          ),
      },
      resume ?? { lineNo: 1, byteOffset: 0 },
    )
    this.#finished = resume ?? { lineNo: 1, byteOffset: 0, format: {} }
  }

  push(block: Buffer): void {
    this.context.accounting.bytes += block.length
    this.mayHoldCredentials = block.includes('eyJ') || block.includes('earer') || block.includes('asic ')
    this.#framer.push(block)
    if (!this.isInsideRecord()) {
      this.#finished = {
        lineNo: this.#framer.lineNo,
        byteOffset: this.#framer.byteOffset,
        format: this.formatState(),
      }
    }
  }

  end(): void {
    this.mayHoldCredentials = true
    this.#framer.end()
    this.finish()
  }

  state(): ReaderState {
    return this.#finished
  }

  protected abstract take(line: Line): void
  protected abstract finish(): void
  protected abstract isInsideRecord(): boolean
  protected abstract formatState(): Record<string, unknown>

  #line(buffer: Buffer, from: number, end: number, at: Position, terminated: boolean): void {
    let start = from
    if (at.lineNo === 1 && buffer[start] === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf)
      start += 3
    this.take({ bytes: buffer.subarray(start, end), at, terminated })
  }

  protected skip(): void {
    this.context.accounting.lines++
    this.context.accounting.directives++
  }

  /** The line as a byte string; bytes that are not UTF-8 are written as \xHH. */
  protected text(bytes: Buffer): string {
    if (isUtf8(bytes)) return bytes.toString('latin1')
    this.context.accounting.invalidUtf8++
    return escapeInvalidUtf8(bytes).toString('latin1')
  }

  /** Whether any value of this text can hold a secret; a cheap test that spares most rows the search. */
  protected mayHoldSecret(text: string): boolean {
    return this.mayHoldCredentials || text.includes('=') || text.includes('%3') || text.includes('\\u003')
  }
}

const BLANK = /^[\s\0]*$/

/** One JSON object a line (NDJSON), as Apigee's JSON export writes it. */
export class NdjsonReader extends ExportReader {
  readonly #scanner: JsonRecordScanner

  constructor(context: ReaderContext, resume?: ReaderState) {
    super(context, resume)
    this.#scanner = new JsonRecordScanner(this.writer)
  }

  protected take({ bytes, at, terminated }: Line): void {
    const text = this.text(bytes)
    if (text.length < 64 && BLANK.test(text)) return this.skip()
    this.writer.begin()
    const problem = this.#scanner.scan(text, this.mayHoldSecret(text))
    if (problem !== undefined) {
      return rejectLine(
        this.context,
        bytes,
        at,
        terminated || text.endsWith('}') ? 'bad-json' : 'truncated',
        problem,
      )
    }
    const missing = this.writer.write(at)
    if (missing !== undefined) rejectLine(this.context, bytes, at, 'no-timestamp', missing)
  }

  protected finish(): void {}

  protected isInsideRecord(): boolean {
    return false
  }

  protected formatState(): Record<string, unknown> {
    return {}
  }
}

/** A delimited export with a header row: comma, pipe or tab; quoted values may hold line feeds (RFC 4180). */
export class DelimitedReader extends ExportReader {
  #delimiter = ','
  #roles: readonly ColumnRole[] | undefined
  #names: readonly string[] | undefined
  #open: Line[] = []
  #openBytes = 0

  constructor(context: ReaderContext, resume?: ReaderState) {
    super(context, resume)
    const names = (resume?.format.names as string[] | undefined) ?? context.fields
    if (names) this.#bind(names, (resume?.format.delimiter as string | undefined) ?? '')
  }

  #bind(names: readonly string[], delimiter: string): void {
    this.#names = names
    this.#delimiter = delimiter
    this.#roles = names.map(name => this.writer.role(name.toLowerCase()))
  }

  protected take(line: Line): void {
    const quotes = line.bytes.includes(34)
    if (!this.#open.length && !quotes) return this.#record(line)
    this.#open.push({ ...line, bytes: Buffer.from(line.bytes) })
    this.#openBytes += line.bytes.length + 1
    const joined = Buffer.concat(this.#open.flatMap((l, i) => (i ? [Buffer.from('\n'), l.bytes] : [l.bytes])))
    if (!isOpenQuoted(joined.toString('latin1'))) {
      const first = this.#open[0] ?? line
      this.#open = []
      this.#openBytes = 0
      return this.#record({ bytes: joined, at: first.at, terminated: line.terminated })
    }
    if (this.#open.length > MAX_RECORD_LINES || this.#openBytes > MAX_LINE_BYTES) this.#giveUp('bad-quotes')
  }

  /** A quote that never closes costs its own line only: the lines after it are read again by themselves. */
  #giveUp(reason: 'bad-quotes' | 'truncated'): void {
    const [first, ...rest] = this.#open
    this.#open = []
    this.#openBytes = 0
    if (!first) return
    this.#reject(first, reason, 'a quoted value is not closed')
    for (const line of rest) this.take(line)
  }

  #record(line: Line): void {
    const text = this.text(line.bytes)
    if (text.length < 64 && BLANK.test(text)) return this.skip()
    if (!this.#roles || this.#delimiter === '') {
      const header = parseHeader(text)
      if (header) {
        this.#bind(header.names, header.delimiter)
        return this.skip()
      }
      this.#delimiter = this.#delimiter || guessDelimiter(text)
    } else if (isRepeatedHeader(text, this.#names, this.#delimiter)) return this.skip()
    this.#row(line, text)
  }

  #row(line: Line, text: string): void {
    const roles = this.#roles
    if (!roles) return this.#reject(line, 'no-fields', 'no header row above this row')
    const values = splitRecord(text, this.#delimiter)
    if (!values) return this.#reject(line, 'bad-quotes', 'a closing quote is followed by text')
    if (values.length !== roles.length) {
      const detail = `${values.length} columns, the header names ${roles.length}`
      const short = values.length < roles.length
      const reason = !short ? 'too-many-columns' : line.terminated ? 'too-few-columns' : 'truncated'
      return this.#reject(line, reason, detail)
    }
    const scan = this.mayHoldSecret(text)
    this.writer.begin()
    for (let i = 0; i < roles.length; i++) {
      const role = roles[i]
      if (role) this.writer.set(role, values[i] ?? '', scan)
    }
    const missing = this.writer.write(line.at)
    if (missing !== undefined) this.#reject(line, 'no-timestamp', missing)
  }

  /** With a credential column in the header, a row that does not fit may hold one anywhere: no excerpt then. */
  #reject(line: Line, reason: Parameters<typeof rejectLine>[3], detail: string): void {
    const secret =
      this.#roles?.some(role => role.to === 'token' || (role.to === 'extra' && role.secret)) ?? true
    rejectLine(this.context, line.bytes, line.at, reason, detail, secret)
  }

  protected finish(): void {
    while (this.#open.length) this.#giveUp('truncated')
  }

  protected isInsideRecord(): boolean {
    return this.#open.length > 0
  }

  protected formatState(): Record<string, unknown> {
    return this.#names ? { names: this.#names, delimiter: this.#delimiter } : {}
  }
}

function guessDelimiter(text: string): string {
  return [',', '|', '\t'].reduce(
    (best, d) => (text.split(d).length > text.split(best).length ? d : best),
    ',',
  )
}

/** Concatenated shards repeat their header; a repeated one is no row. */
function isRepeatedHeader(text: string, names: readonly string[] | undefined, delimiter: string): boolean {
  const first = names?.[0]
  if (first === undefined || text.slice(0, first.length).toLowerCase() !== first) return false
  return splitRecord(text.toLowerCase(), delimiter)?.join('\n') === names?.join('\n')
}
