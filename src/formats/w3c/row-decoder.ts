import { countDecoded, type RejectReason, SOURCE_ENDS } from '../../model/source.ts'
import { DAY_SECONDS, SECOND_US } from '../../model/time.ts'
import { DateColumn, secondOfDay } from '../clock-columns.ts'
import { isDigits } from '../digits.ts'
import { escapeCarriageReturns, escapeInvalidUtf8, Utf8Test } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { IdentityHasher } from '../identity.ts'
import type { Position } from '../lines.ts'
import type { RowBinding } from './binding.ts'
import type { DayClock } from './clock.ts'
import type { Dialect } from './dialect.ts'
import { MAX_COLUMNS, RowColumns } from './row-columns.ts'
import { scrubRow } from './row-scrub.ts'

const CR = 13
/** Decimals of time-taken, as ASP.NET and some modules log them. */
const DECIMAL = /^\d{1,12}\.\d{1,9}$/
/** Digits of time-taken: 31 years in ms. */
const DURATION_DIGITS = 12
/** Values that are quoted in a reject's detail; others may be part of a secret in a torn row. */
const PLAIN_VALUE = /^[\d.:+-]{1,40}$/

/** Why a row is rejected, and what was found. */
export type Problem = readonly [reason: RejectReason, detail: string]

/** A row that is cut inside its last column looks whole, with another value. */
const NO_LINE_FEED: Problem = ['truncated', `no line feed behind it${SOURCE_ENDS}`]
const NO_FIELDS: Problem = ['no-fields', 'no #Fields directive above this row']

/** What the directives above a row say of it. */
export interface Governing<B extends RowBinding> {
  /** Columns of the rows; undefined: not known. */
  readonly binding: B | undefined
  /** Whether no #Fields has said what the columns are: only then may a row itself tell. */
  readonly mayGuess: boolean
  readonly clock: DayClock
}

/** One row, and where it stands. */
export interface FoundRow {
  readonly line: Buffer
  readonly start: number
  readonly end: number
  readonly at: Position
  /** Whether nothing of the row can be missing. */
  readonly isWhole: boolean
  /** Whether its line feed is there. */
  readonly isEnded: boolean
  /** Members of a JSON object, as a chunk column holds them, that go among the attributes of the row. */
  readonly members?: string
}

/** Part of a buffer that is one row. */
type Span = Pick<FoundRow, 'line' | 'start' | 'end'>

/** Turns rows of W3C extended logs into rows of chunks. One serves any number of logs. */
export class RowDecoder<B extends RowBinding> {
  readonly #context: ReaderContext
  readonly #hasher = new IdentityHasher()
  readonly #utf8 = new Utf8Test()
  readonly #row = new RowColumns()
  readonly #dates = new DateColumn()

  constructor(context: ReaderContext) {
    this.#context = context
  }

  /** To be called before new bytes, which may stand in the same memory. */
  forget(): void {
    this.#utf8.forget()
  }

  /**
   * Decodes one row; counted where it is a hop, or tells of none.
   *
   * @returns why it is rejected, which the caller counts
   */
  decode(found: FoundRow, governing: Governing<B>, dialect: Dialect<B>): Problem | undefined {
    if (!governing.binding && !governing.mayGuess) return NO_FIELDS
    const row = this.#row
    let span = this.#validUtf8(found)
    let odd = row.split(span.line, span.start, span.end)
    if (odd === CR) {
      const line = escapeCarriageReturns(span.line.subarray(span.start, span.end))
      span = { line, start: 0, end: line.length }
      odd = row.split(line, 0, line.length)
    }
    if (odd !== undefined) return ['nul-bytes', 'NUL bytes between the columns']
    const binding = governing.binding ?? dialect.guess?.(row)
    if (!binding) return NO_FIELDS
    const problem = this.#countProblem(binding, found) ?? this.#numberProblem(binding)
    if (problem) return problem
    if (binding.time < 0) return ['bad-date', 'no time column']
    const second = secondOfDay(row.line, row.start(binding.time), row.end(binding.time))
    const day = Number.isNaN(second) ? Number.NaN : this.#day(binding, second, governing.clock)
    if (Number.isNaN(day)) return this.#dateProblem(binding, governing.clock)
    if (dialect.isRecord(row, binding))
      this.#write(span, binding, dialect, { endSecond: day * DAY_SECONDS + second, day, found })
    else this.#skipIdle()
    return undefined
  }

  #skipIdle(): void {
    const { accounting } = this.#context
    accounting.lines++
    accounting.directives++
    accounting.idle = (accounting.idle ?? 0) + 1
  }

  #validUtf8({ line, start, end }: FoundRow): Span {
    if (this.#utf8.isValid(line, start, end)) return { line, start, end }
    this.#context.accounting.invalidUtf8++
    const escaped = escapeInvalidUtf8(line.subarray(start, end))
    return { line: escaped, start: 0, end: escaped.length }
  }

  #countProblem({ names }: B, found: FoundRow): Problem | undefined {
    const { count, hasGap } = this.#row
    if (count === names.length) {
      if (hasGap) return ['too-few-columns', 'an empty column: two spaces in a row']
      return found.isEnded ? undefined : NO_LINE_FEED
    }
    const detail = `${count === MAX_COLUMNS ? 'over ' : ''}${count} columns, #Fields names ${names.length}`
    if (count > names.length) return ['too-many-columns', detail]
    return found.isWhole ? ['too-few-columns', detail] : ['truncated', `${detail}${SOURCE_ENDS}`]
  }

  #numberProblem(binding: B): Problem | undefined {
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

  #numberDetail({ names }: B, index: number): Problem {
    return ['bad-number', `${names[index]} is ${this.#quoted(index)}`]
  }

  #dateProblem(binding: B, clock: DayClock): Problem {
    if (binding.date < 0 && Number.isNaN(clock.day)) return ['no-date', 'no date column, no #Date above']
    const date = binding.date < 0 ? '(none)' : this.#quoted(binding.date)
    return ['bad-date', `date ${date} time ${this.#quoted(binding.time)}`]
  }

  #quoted(index: number): string {
    const value = this.#row.text(index)
    return PLAIN_VALUE.test(value) ? value : 'text'
  }

  #day({ date }: B, second: number, clock: DayClock): number {
    const row = this.#row
    return date < 0 ? clock.dayOf(second) : this.#dates.day(row.line, row.start(date), row.end(date))
  }

  #write(span: Span, binding: B, dialect: Dialect<B>, facts: RowPlace): void {
    const { accounting, sink } = this.#context
    const row = this.#row
    const { endSecond, day, found } = facts
    let { line, start, end } = span
    const origin = dialect.origin(row, binding, day)
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
    const { at, members } = found
    const columns = dialect.columns(row, binding, { origin, at, hopId, endSecond, members })
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

/** When a row was logged, and where it was found. */
interface RowPlace {
  readonly endSecond: number
  readonly day: number
  readonly found: FoundRow
}
