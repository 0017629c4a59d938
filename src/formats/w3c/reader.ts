import { noteHeader } from '../../model/source.ts'
import type { Reader, ReaderContext, ReaderState } from '../format.ts'
import { isBlankLine, LineFramer, MAX_LINE_BYTES, type Position, withoutPadding } from '../lines.ts'
import { rejectLine, rejectLong, wholeLine } from '../rejects.ts'
import type { RowBinding } from './binding.ts'
import { DayClock } from './clock.ts'
import type { Dialect } from './dialect.ts'
import { fieldNames, isDate, parseDirective } from './directive.ts'
import { RowDecoder } from './row-decoder.ts'

const HASH = 35

/**
 * Reads W3C extended log lines as HTTP.sys writes them.
 * Grammar: `#Name: value` directives anywhere; rows are the columns of the last #Fields, one space apart, `-` for none.
 */
export class RowReader<B extends RowBinding> implements Reader {
  readonly #context: ReaderContext
  readonly #dialect: Dialect<B>
  readonly #framer: LineFramer
  readonly #decoder: RowDecoder<B>
  readonly #governing: { binding: B | undefined; mayGuess: boolean; readonly clock: DayClock }
  #finished: ReaderState

  constructor(
    context: ReaderContext,
    dialect: Dialect<B>,
    resume?: ReaderState,
    maxLineBytes = MAX_LINE_BYTES,
  ) {
    this.#context = context
    if (context.accounting.lines === 0) context.accounting.headers = []
    this.#dialect = dialect
    this.#decoder = new RowDecoder(context)
    this.#framer = new LineFramer(
      {
        line: (buffer, start, end, at, terminated) => this.#line(buffer, start, end, at, terminated),
        tooLong: (line, at) => rejectLong(context, line, at),
      },
      resume ?? { lineNo: 1, byteOffset: 0 },
      maxLineBytes,
    )
    const { fields, day, second } = (resume?.format ?? {}) as {
      fields?: string[]
      day?: number
      second?: number
    }
    const names = fields ?? dialect.fields
    this.#governing = {
      binding: names?.length ? dialect.bind(names) : undefined,
      mayGuess: names === undefined && dialect.guess !== undefined,
      clock: new DayClock(day, second),
    }
    this.#finished = this.#snapshot()
  }

  push(block: Buffer): void {
    this.#context.accounting.bytes += block.length
    this.#decoder.forget()
    this.#framer.push(block)
    this.#finished = this.#snapshot()
  }

  end(): void {
    this.#decoder.forget()
    this.#framer.end()
  }

  state(): ReaderState {
    return this.#finished
  }

  #snapshot(): ReaderState {
    const { day, second } = this.#governing.clock
    return {
      lineNo: this.#framer.lineNo,
      byteOffset: this.#framer.byteOffset,
      format: {
        ...this.#fieldsInForce(),
        ...(Number.isNaN(day) ? {} : { day, second }),
      },
    }
  }

  #fieldsInForce(): { fields?: readonly string[] } {
    const { binding, mayGuess } = this.#governing
    if (binding) return { fields: binding.names }
    // Of a writer whose rows may tell: that they must not, as an unreadable #Fields stands above.
    return this.#dialect.guess && !mayGuess ? { fields: [] } : {}
  }

  #line(buffer: Buffer, from: number, to: number, at: Position, terminated: boolean): void {
    const { start, end } = withoutPadding(buffer, from, to, at)
    if (isBlankLine(buffer, start, end)) return this.#skip()
    if (buffer[start] === HASH) {
      this.#skip()
      return this.#directive(buffer.toString('utf8', start, end))
    }
    const found = { line: buffer, start, end, at, isWhole: terminated && end === to, isEnded: terminated }
    const problem = this.#decoder.decode(found, this.#governing, this.#dialect)
    if (!problem) return
    if (problem[0] === 'nul-bytes') this.#directiveBehindNuls(buffer.subarray(start, end))
    rejectLine(this.#context, wholeLine(buffer.subarray(from, to)), at, ...problem)
  }

  #skip(): void {
    this.#context.accounting.lines++
    this.#context.accounting.directives++
  }

  #directive(text: string): void {
    const directive = parseDirective(text)
    const { name, value } = directive
    if (name === 'fields') {
      const names = fieldNames(value)
      // Rows below a list that cannot be bound must not be read by the list above it.
      this.#governing.binding = names && this.#dialect.bind(names)
      this.#governing.mayGuess = false
    } else if (isDate(directive)) this.#governing.clock.set(value)
    if (name === 'date') noteHeader(this.#context.accounting, value)
  }

  /** After a crash the next log is appended behind the NULs: its first line stands on the line of the torn row. */
  #directiveBehindNuls(line: Buffer): void {
    const rest = line.subarray(line.lastIndexOf(0) + 1)
    if (rest[0] === HASH) this.#directive(rest.toString('utf8'))
  }
}
