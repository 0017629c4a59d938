import { countDecoded, noteHeader, type RejectReason } from '../../model/source.ts'
import { DAY_SECONDS, SECOND_US } from '../../model/time.ts'
import { DateColumn, secondOfDay } from '../clock-columns.ts'
import { isDigits } from '../digits.ts'
import { escapeCarriageReturns, escapeInvalidUtf8, Utf8Test } from '../encoding.ts'
import type { Reader, ReaderContext, ReaderState } from '../format.ts'
import { IdentityHasher } from '../identity.ts'
import { isBlankLine, LineFramer, MAX_LINE_BYTES, type Position, withoutPadding } from '../lines.ts'
import { rejectLine, rejectLong, wholeLine } from '../rejects.ts'
import type { RowBinding } from './binding.ts'
import { DayClock } from './clock.ts'
import type { Dialect } from './dialect.ts'
import { MAX_COLUMNS, RowColumns } from './row-columns.ts'
import { scrubRow } from './row-scrub.ts'

const HASH = 35
const CR = 13
/** Decimals of time-taken, as ASP.NET and some modules log them. */
const DECIMAL = /^\d{1,12}\.\d{1,9}$/
/** Digits of time-taken: 31 years in ms. */
const DURATION_DIGITS = 12
/** Values that are quoted in a reject's detail; others may be part of a secret in a torn row. */
const PLAIN_VALUE = /^[\d.:+-]{1,40}$/

const NO_FIELDS: [RejectReason, string] = ['no-fields', 'no #Fields directive above this row']

/** Part of a block that is one row, and where it stands. */
interface RowSpan {
  readonly line: Buffer
  readonly start: number
  readonly end: number
}

/**
 * Reads W3C extended log lines as HTTP.sys writes them.
 * Grammar: `#Name: value` directives anywhere; rows are the columns of the last #Fields, one space apart, `-` for none.
 */
export class RowReader<B extends RowBinding> implements Reader {
  readonly #context: ReaderContext
  readonly #dialect: Dialect<B>
  readonly #framer: LineFramer
  readonly #hasher = new IdentityHasher()
  readonly #utf8 = new Utf8Test()
  readonly #row = new RowColumns()
  readonly #dates = new DateColumn()
  readonly #clock: DayClock
  #binding: B | undefined
  /** Whether no #Fields has said what the columns are: only then may a row itself tell. */
  #mayGuess = false
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
    if (names?.length) this.#binding = dialect.bind(names)
    this.#mayGuess = names === undefined && dialect.guess !== undefined
    this.#clock = new DayClock(day, second)
    this.#finished = this.#snapshot()
  }

  push(block: Buffer): void {
    this.#context.accounting.bytes += block.length
    this.#utf8.forget()
    this.#framer.push(block)
    this.#finished = this.#snapshot()
  }

  end(): void {
    this.#utf8.forget()
    this.#framer.end()
  }

  state(): ReaderState {
    return this.#finished
  }

  #snapshot(): ReaderState {
    const { day, second } = this.#clock
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
    if (this.#binding) return { fields: this.#binding.names }
    // Of a writer whose rows may tell: that they must not, as an unreadable #Fields stands above.
    return this.#dialect.guess && !this.#mayGuess ? { fields: [] } : {}
  }

  #line(buffer: Buffer, from: number, to: number, at: Position, terminated: boolean): void {
    const { start, end } = withoutPadding(buffer, from, to, at)
    if (isBlankLine(buffer, start, end)) this.#skip()
    else if (buffer[start] === HASH) {
      this.#skip()
      this.#directive(buffer.toString('utf8', start, end))
    } else {
      const problem = this.#readRow(buffer, start, end, at, terminated && end === to)
      if (problem) rejectLine(this.#context, wholeLine(buffer.subarray(from, to)), at, ...problem)
    }
  }

  #skip(): void {
    this.#context.accounting.lines++
    this.#context.accounting.directives++
  }

  #skipIdle(): void {
    const { accounting } = this.#context
    this.#skip()
    accounting.idle = (accounting.idle ?? 0) + 1
  }

  #directive(text: string): void {
    const colon = text.indexOf(':')
    const name = text.slice(1, Math.max(colon, 1)).trim().toLowerCase()
    const value = text.slice(colon + 1).trim()
    if (name === 'fields') {
      const names = value.split(/[ \t]+/).filter(n => n !== '')
      // Rows below a list that cannot be bound must not be read by the list above it.
      const canBind = names.length > 0 && names.length < MAX_COLUMNS
      this.#binding = canBind ? this.#dialect.bind(names) : undefined
      this.#mayGuess = false
    } else if (name === 'date' || name === 'start-date') this.#clock.set(value)
    if (name === 'date') noteHeader(this.#context.accounting, value)
  }

  /** @returns why the row is rejected */
  #readRow(
    raw: Buffer,
    rawStart: number,
    rawEnd: number,
    at: Position,
    terminated: boolean,
  ): [RejectReason, string] | undefined {
    if (!this.#binding && !this.#mayGuess) return NO_FIELDS
    const row = this.#row
    let span = this.#validUtf8(raw, rawStart, rawEnd)
    let odd = row.split(span.line, span.start, span.end)
    if (odd === CR) {
      const line = escapeCarriageReturns(span.line.subarray(span.start, span.end))
      span = { line, start: 0, end: line.length }
      odd = row.split(line, 0, line.length)
    }
    if (odd !== undefined) {
      this.#directiveBehindNuls(span)
      return ['nul-bytes', 'NUL bytes between the columns']
    }
    const binding = this.#binding ?? this.#dialect.guess?.(row)
    if (!binding) return NO_FIELDS
    const problem = this.#countProblem(binding, terminated) ?? this.#numberProblem(binding)
    if (problem) return problem
    if (binding.time < 0) return ['bad-date', 'no time column']
    const second = secondOfDay(row.line, row.start(binding.time), row.end(binding.time))
    const day = Number.isNaN(second) ? Number.NaN : this.#day(binding, second)
    if (Number.isNaN(day)) return this.#dateProblem(binding)
    if (this.#dialect.isRecord(row, binding)) this.#write(span, binding, day * DAY_SECONDS + second, day, at)
    else this.#skipIdle()
    return undefined
  }

  #validUtf8(line: Buffer, start: number, end: number): RowSpan {
    if (this.#utf8.isValid(line, start, end)) return { line, start, end }
    this.#context.accounting.invalidUtf8++
    const escaped = escapeInvalidUtf8(line.subarray(start, end))
    return { line: escaped, start: 0, end: escaped.length }
  }

  /** After a crash the next log is appended behind the NULs: its first line stands on the line of the torn row. */
  #directiveBehindNuls({ line, start, end }: RowSpan): void {
    const from = line.subarray(start, end).lastIndexOf(0) + 1
    const rest = line.subarray(start + from, end)
    if (rest[0] === HASH) this.#directive(rest.toString('utf8'))
  }

  #countProblem({ names }: B, terminated: boolean): [RejectReason, string] | undefined {
    const { count, hasGap } = this.#row
    if (count === names.length) {
      return hasGap ? ['too-few-columns', 'an empty column: two spaces in a row'] : undefined
    }
    const detail = `${count === MAX_COLUMNS ? 'over ' : ''}${count} columns, #Fields names ${names.length}`
    if (count > names.length) return ['too-many-columns', detail]
    return terminated ? ['too-few-columns', detail] : ['truncated', `${detail}; the source ends here`]
  }

  #numberProblem(binding: B): [RejectReason, string] | undefined {
    const row = this.#row
    for (const { index, digits } of binding.numeric) {
      const from = row.start(index)
      const to = row.end(index)
      if (to - from <= digits && isDigits(row.line, from, to)) continue
      if (!row.isAbsent(index)) return this.#numberDetail(binding, index)
    }
    const taken = binding.timeTaken
    if (row.isAbsent(taken)) return undefined
    const from = row.start(taken)
    const to = row.end(taken)
    if (to - from <= DURATION_DIGITS && isDigits(row.line, from, to)) return undefined
    return DECIMAL.test(row.text(taken)) ? undefined : this.#numberDetail(binding, taken)
  }

  #numberDetail({ names }: B, index: number): [RejectReason, string] {
    return ['bad-number', `${names[index]} is ${this.#quoted(index)}`]
  }

  #dateProblem(binding: B): [RejectReason, string] {
    if (binding.date < 0 && Number.isNaN(this.#clock.day))
      return ['no-date', 'no date column, no #Date above']
    const date = binding.date < 0 ? '(none)' : this.#quoted(binding.date)
    return ['bad-date', `date ${date} time ${this.#quoted(binding.time)}`]
  }

  #quoted(index: number): string {
    const value = this.#row.text(index)
    return PLAIN_VALUE.test(value) ? value : 'text'
  }

  #day({ date }: B, second: number): number {
    const row = this.#row
    return date < 0 ? this.#clock.dayOf(second) : this.#dates.day(row.line, row.start(date), row.end(date))
  }

  #write(found: RowSpan, binding: B, endSecond: number, day: number, at: Position): void {
    const { accounting, sink } = this.#context
    const row = this.#row
    let { line, start, end } = found
    const origin = this.#dialect.origin(row, binding, day)
    const scrubbed = scrubRow(row, start, end, binding, this.#context)
    let hopId: string
    if (scrubbed) {
      accounting.scrubbed += scrubbed.count
      hopId = this.#hasher.digest(origin.identity, scrubbed.key, 0, scrubbed.key.length)
      line = scrubbed.stored
      start = 0
      end = line.length
      row.split(line, start, end)
    } else hopId = this.#hasher.digest(origin.identity, line, start, end)
    const columns = this.#dialect.columns(row, binding, { origin, at, hopId, endSecond })
    const chunk = sink.chunk(binding.layout, day)
    chunk.reserve(columns.length + end - start + 1)
    chunk.text(columns)
    chunk.bytes(line, start, end)
    chunk.byte(10)
    const us = endSecond * SECOND_US
    chunk.count(us)
    countDecoded(accounting, us)
  }
}
