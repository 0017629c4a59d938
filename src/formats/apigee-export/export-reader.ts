import { escapeInvalidUtf8, Utf8Test } from '../encoding.ts'
import type { Reader, ReaderContext, ReaderState } from '../format.ts'
import { LineFramer, MAX_LINE_BYTES, type Position, withoutPadding } from '../lines.ts'
import { rejectLong } from '../rejects.ts'
import { RecordWriter } from './record.ts'

/** A line, or the joined lines of one record. */
export interface Line {
  readonly bytes: Buffer
  /** The same without byte order mark and NUL padding, as a byte string. */
  readonly text: string
  readonly at: Position
  readonly terminated: boolean
  /** Whether the line ended in CRLF. */
  readonly hadCr: boolean
}

/** What both shapes of an export share: framing, padding, bytes that are not UTF-8. */
export abstract class ExportReader implements Reader {
  protected readonly context: ReaderContext
  protected readonly writer: RecordWriter
  readonly #framer: LineFramer
  readonly #utf8 = new Utf8Test()
  /** How a backslash is written where a byte that is not UTF-8 becomes \xHH. */
  readonly #backslash: string
  #finished: ReaderState

  constructor(
    context: ReaderContext,
    resume: ReaderState | undefined,
    backslash: string,
    maxLineBytes = MAX_LINE_BYTES,
  ) {
    this.context = context
    this.writer = new RecordWriter(context)
    this.#backslash = backslash
    this.#framer = new LineFramer(
      {
        line: (buffer, start, end, at, terminated) => this.#line(buffer, start, end, at, terminated),
        tooLong: (line, at) => {
          this.interrupt()
          rejectLong(context, line, at)
        },
      },
      resume ?? { lineNo: 1, byteOffset: 0 },
      maxLineBytes,
    )
    this.#finished = resume ?? { lineNo: 1, byteOffset: 0, format: {} }
  }

  push(block: Buffer): void {
    this.context.accounting.bytes += block.length
    this.#utf8.forget()
    this.#framer.push(block)
    const { lineNo, byteOffset } = this.openSince() ?? this.#framer
    this.#finished = { lineNo, byteOffset, format: this.formatState() }
  }

  end(): void {
    this.#utf8.forget()
    this.#framer.end()
    this.finish()
  }

  state(): ReaderState {
    return this.#finished
  }

  protected abstract take(line: Line): void

  /** Takes a row straight from its bytes, where it is plain. @returns whether it did */
  protected takePlain(_buffer: Buffer, _start: number, _end: number, _at: Position): boolean {
    return false
  }

  /** No further line follows. */
  protected abstract finish(): void
  /** A line that cannot be read follows: a record that is open cannot go on behind it. */
  protected abstract interrupt(): void
  /** Where the record begins that more lines belong to. */
  protected abstract openSince(): Position | undefined
  protected abstract formatState(): Record<string, unknown>

  #line(buffer: Buffer, from: number, to: number, at: Position, terminated: boolean): void {
    const { start, end } = withoutPadding(buffer, from, to, at)
    if (this.#utf8.isValid(buffer, start, end) && this.takePlain(buffer, start, end, at)) return
    const bytes = buffer.subarray(from, to)
    const hadCr = terminated && buffer[to] === 13
    this.take({ bytes, text: this.#text(buffer, start, end), at, terminated, hadCr })
  }

  #text(buffer: Buffer, start: number, end: number): string {
    if (this.#utf8.isValid(buffer, start, end)) return buffer.toString('latin1', start, end)
    this.context.accounting.invalidUtf8++
    return escapeInvalidUtf8(buffer.subarray(start, end), this.#backslash).toString('latin1')
  }

  protected skip(): void {
    this.context.accounting.lines++
    this.context.accounting.directives++
  }
}

/** Whether a record's text is blank. */
export function isBlankText(text: string): boolean {
  return /^[ \t\r\0]*$/.test(text)
}

/** Whether any value of this text can hold a secret; a cheap test that spares most records the search. */
export function mayHoldSecrets(text: string): boolean {
  return text.includes('=') || text.includes('%') || OTHER_SECRETS.test(text)
}

const OTHER_SECRETS = /['\\]|""|eyJ|:\/\/[^/"]*@|bearer|basic|negotiate|ntlm/i

/** Whether a value of this text may hold a character that separates or ends the rows of a chunk. */
export function mayHoldControls(text: string): boolean {
  return text.includes('\x1e') || text.includes('\x1f') || text.includes('\r') || text.includes('\n')
}
