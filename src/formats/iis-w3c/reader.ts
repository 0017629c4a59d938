import { isUtf8 } from 'node:buffer'
import { normalizeId, traceIdOf } from '../../model/ids.ts'
import { parseSubject } from '../../model/subject.ts'
import { DAY_SECONDS, dayNumber, dayText } from '../../model/time.ts'
import type { Reader, ReaderContext, ReaderState } from '../format.ts'
import { LineFramer, type Position } from '../lines.ts'
import {
  byteString,
  digitsValue,
  escapeInvalidUtf8,
  IdentityHasher,
  identityPrefix,
  isDigits,
  jsonBytes,
  rejectKnown,
  rejectLine,
  utf8Text,
} from '../row-support.ts'
import { bindFields, type FieldBinding } from './fields.ts'

/** What host and site mean for a row: the head of its identity key, and its first columns. */
interface Origin {
  readonly identity: Buffer
  readonly columns: string
}

const SPACE = 32
const DASH = 45
const EQUALS = 61
const PERCENT = 37
const COLON = 58
const HASH = 35
const MAX_COLUMNS = 512
/** How far around midnight lines may stand out of order in a log without a date column. */
const MIDNIGHT_SLACK_SECONDS = 120

/**
 * Reads IIS W3C extended log lines (IIS 6 to 10, Azure App Service).
 * Grammar: `#Name: value` directives anywhere; rows are the columns of the last #Fields, one space apart, `-` for none.
 * `time` is the end of the request in whole UTC seconds; start = end - time-taken.
 */
export class W3cReader implements Reader {
  readonly #context: ReaderContext
  readonly #framer: LineFramer
  readonly #hasher = new IdentityHasher()
  readonly #origins = new Map<string, Origin>()
  readonly #subjects = new Map<string, string>()
  readonly #starts = new Int32Array(MAX_COLUMNS)
  readonly #ends = new Int32Array(MAX_COLUMNS)
  #binding: FieldBinding | undefined
  /** Day and second of the last #Date directive or row, for rows without a date column. */
  #directiveDay = Number.NaN
  #lastSecond = -1
  #cachedDate = ''
  #cachedDay = Number.NaN
  #blockHasCredentials = false
  #finished: ReaderState

  constructor(context: ReaderContext, resume?: ReaderState) {
    this.#context = context
    this.#framer = new LineFramer(
      {
        line: (buffer, start, end, at, terminated) => this.#line(buffer, start, end, at, terminated),
        tooLong: (head, length, sha256, at) =>
          rejectKnown(context, head, length, sha256, at, 'too-long', `${length} bytes; the limit is 1048576`),
      },
      resume ?? { lineNo: 1, byteOffset: 0 },
    )
    const fields = (resume?.format.fields as string[] | undefined) ?? context.fields
    if (fields) this.#binding = bindFields(fields, context)
    this.#directiveDay = (resume?.format.day as number | undefined) ?? Number.NaN
    this.#lastSecond = (resume?.format.second as number | undefined) ?? -1
    this.#finished = this.#snapshot()
  }

  push(block: Buffer): void {
    this.#context.accounting.bytes += block.length
    this.#blockHasCredentials = block.includes('eyJ') || block.includes('earer') || block.includes('asic+')
    this.#framer.push(block)
    this.#finished = this.#snapshot()
  }

  end(): void {
    this.#blockHasCredentials = true
    this.#framer.end()
  }

  state(): ReaderState {
    return this.#finished
  }

  #snapshot(): ReaderState {
    return {
      lineNo: this.#framer.lineNo,
      byteOffset: this.#framer.byteOffset,
      format: {
        ...(this.#binding ? { fields: this.#binding.names } : {}),
        ...(Number.isNaN(this.#directiveDay) ? {} : { day: this.#directiveDay, second: this.#lastSecond }),
      },
    }
  }

  #line(buffer: Buffer, from: number, end: number, at: Position, terminated: boolean): void {
    let start = from
    while (start < end && buffer[start] === 0) start++
    if (at.lineNo === 1 && buffer[start] === 0xef && buffer[start + 1] === 0xbb && buffer[start + 2] === 0xbf)
      start += 3
    if (isBlank(buffer, start, end)) this.#skip()
    else if (buffer[start] === HASH) this.#directive(buffer.toString('utf8', start, end))
    else this.#row(buffer, start, end, at, terminated)
  }

  #skip(): void {
    this.#context.accounting.lines++
    this.#context.accounting.directives++
  }

  #directive(text: string): void {
    this.#skip()
    const match = /^#\s*([A-Za-z-]+)\s*:\s*(.*?)\s*$/.exec(text)
    const value = match?.[2] ?? ''
    const name = match?.[1]?.toLowerCase()
    if (name === 'fields') {
      const names = value.split(/\s+/).filter(n => n !== '')
      if (names.length > 0 && names.length < MAX_COLUMNS) this.#binding = bindFields(names, this.#context)
    } else if (name === 'date' || name === 'start-date') {
      const day = dayNumber(value.slice(0, 10))
      const time = /^.{10}[ T](\d\d):(\d\d):(\d\d)/.exec(value)
      this.#directiveDay = day
      this.#lastSecond = time ? Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]) : -1
    }
  }

  #row(raw: Buffer, rawStart: number, rawEnd: number, at: Position, terminated: boolean): void {
    const binding = this.#binding
    const reject = (reason: Parameters<typeof rejectLine>[3], detail: string): void =>
      rejectLine(this.#context, raw.subarray(rawStart, rawEnd), at, reason, detail)
    if (!binding) return reject('no-fields', 'no #Fields directive above this row')
    let line = raw
    let start = rawStart
    let end = rawEnd
    if (!isUtf8(line.subarray(start, end))) {
      this.#context.accounting.invalidUtf8++
      line = escapeInvalidUtf8(line.subarray(start, end))
      start = 0
      end = line.length
    }
    let columns = this.#split(line, start, end)
    if (columns < 0) return reject('nul-bytes', 'NUL bytes between the columns')
    const expected = binding.names.length
    if (columns !== expected) {
      const detail = `${columns} columns, #Fields names ${expected}`
      if (columns < expected && !terminated) return reject('truncated', `${detail}; the source ends here`)
      return reject(columns < expected ? 'too-few-columns' : 'too-many-columns', detail)
    }
    const identity = this.#scrubInto(line, start, end, binding)
    if (identity) {
      line = identity.stored
      start = 0
      end = line.length
      columns = this.#split(line, start, end)
    }
    const day = this.#day(line, binding)
    if (Number.isNaN(day)) {
      if (binding.date < 0 && Number.isNaN(this.#directiveDay))
        return reject('no-date', 'no date column, no #Date above')
      return reject(
        'bad-date',
        `date ${this.#field(line, binding.date) || '(none)'} time ${this.#field(line, binding.time)}`,
      )
    }
    const bad = this.#badNumber(line, binding)
    if (bad !== -1) {
      return reject('bad-number', `${binding.names[bad]} is ${this.#field(line, bad)}`)
    }
    this.#write(line, start, end, at, binding, day, identity?.key)
  }

  /** Finds the columns; returns their number, or -1 where a NUL stands in the row. Also notes whether `=` occurs. */
  #split(line: Buffer, start: number, end: number): number {
    const starts = this.#starts
    const ends = this.#ends
    let count = 0
    let from = start
    let pair = false
    for (let i = start; i < end; i++) {
      const c = line[i]
      if (c === SPACE) {
        if (count >= MAX_COLUMNS - 1) return MAX_COLUMNS
        starts[count] = from
        ends[count++] = i
        from = i + 1
      } else if (c === EQUALS || c === PERCENT) pair = true
      else if (c === 0) return -1
    }
    starts[count] = from
    ends[count++] = end
    this.#hasPair = pair
    return count
  }

  #hasPair = false

  #field(line: Buffer, index: number): string {
    return index < 0 ? '' : line.toString('latin1', this.#starts[index], this.#ends[index])
  }

  #isEmpty(line: Buffer, index: number): boolean {
    const from = this.#starts[index] ?? 0
    const size = (this.#ends[index] ?? 0) - from
    return size === 0 || (size === 1 && line[from] === DASH)
  }

  /**
   * The row without secrets, and the row that identity is made of (it blanks a fixed list, so that a changed
   * configuration changes no id). Undefined where there is nothing to scrub: the normal case.
   */
  #scrubInto(
    line: Buffer,
    start: number,
    end: number,
    binding: FieldBinding,
  ): { stored: Buffer; key: Buffer } | undefined {
    const { scrubber, identityScrubber, accounting } = this.#context
    if (!this.#hasPair && !this.#blockHasCredentials && !binding.secret.length) return undefined
    const text = line.toString('latin1', start, end)
    const stored = scrubber.scrub(text)
    const key = identityScrubber === scrubber ? stored : identityScrubber.scrub(text)
    let storedText = stored.text
    let keyText = key.text
    let count = stored.count
    for (const index of binding.secret) {
      if (this.#isEmpty(line, index)) continue
      storedText = replaceColumn(storedText, index)
      keyText = replaceColumn(keyText, index)
      count++
    }
    if (count === 0 && keyText === text) return undefined
    accounting.scrubbed += count
    return { stored: Buffer.from(storedText, 'latin1'), key: Buffer.from(keyText, 'latin1') }
  }

  /** Days since 1970 of the row's date; NaN where date or time do not exist. Leaves the second in `#second`. */
  #day(line: Buffer, binding: FieldBinding): number {
    const second =
      binding.time < 0
        ? Number.NaN
        : secondOfDay(line, this.#starts[binding.time] ?? 0, this.#ends[binding.time] ?? 0)
    if (Number.isNaN(second)) return Number.NaN
    this.#second = second
    if (binding.date >= 0) {
      const date = this.#field(line, binding.date)
      if (date !== this.#cachedDate) {
        this.#cachedDate = date
        this.#cachedDay = dayNumber(date)
      }
      return this.#cachedDay
    }
    return this.#dayWithoutColumn(second)
  }

  #second = 0

  /**
   * Without a date column the day is the #Date directive's, one later each time the clock passes midnight. Lines
   * are not strictly in order: one from just before midnight may follow one from just after.
   */
  #dayWithoutColumn(second: number): number {
    const last = this.#lastSecond
    if (last >= 0 && second < last - DAY_SECONDS / 2) {
      this.#directiveDay++
      this.#lastSecond = second
    } else if (last >= 0 && last < MIDNIGHT_SLACK_SECONDS && second > DAY_SECONDS - MIDNIGHT_SLACK_SECONDS) {
      return this.#directiveDay - 1
    } else this.#lastSecond = Math.max(second, last)
    return this.#directiveDay
  }
  #badNumber(line: Buffer, binding: FieldBinding): number {
    for (const index of binding.numeric) {
      if (!this.#isEmpty(line, index) && !isDigits(line, this.#starts[index] ?? 0, this.#ends[index] ?? 0))
        return index
    }
    const taken = binding.timeTaken
    if (taken < 0 || this.#isEmpty(line, taken)) return -1
    return isDigits(line, this.#starts[taken] ?? 0, this.#ends[taken] ?? 0) ||
      /^\d+\.\d+$/.test(this.#field(line, taken))
      ? -1
      : taken
  }

  #write(
    line: Buffer,
    start: number,
    end: number,
    at: Position,
    binding: FieldBinding,
    day: number,
    key?: Buffer,
  ): void {
    const { accounting, sink, sourceId } = this.#context
    const endSecond = day * DAY_SECONDS + this.#second
    const origin = this.#origin(line, binding, day)
    const hopId = key
      ? this.#hasher.digest(origin.identity, key, 0, key.length)
      : this.#hasher.digest(origin.identity, line, start, end)
    const columns = `${sourceId} ${origin.columns} ${at.lineNo} ${at.byteOffset} ${hopId} ${endSecond} ${this.#durationUs(line, binding)} ${this.#ids(line, binding)} ${this.#subject(line, binding)} ${binding.forwardedFor < 0 ? '-' : this.#field(line, binding.forwardedFor) || '-'} ${this.#attributes(line, binding)} `
    const chunk = sink.chunk(binding.layout, day)
    chunk.reserve(columns.length + end - start + 1)
    chunk.text(columns)
    chunk.bytes(line, start, end)
    chunk.byte(10)
    const us = endSecond * 1e6
    chunk.count(us)
    accounting.lines++
    accounting.decoded++
    if (accounting.firstUs === undefined || us < accounting.firstUs) accounting.firstUs = us
    if (accounting.lastUs === undefined || us > accounting.lastUs) accounting.lastUs = us
  }

  /** Host and site of a row: its own columns, else the configured ones. */
  #origin(line: Buffer, binding: FieldBinding, day: number): Origin {
    const host = binding.host < 0 ? '' : this.#field(line, binding.host)
    const site = binding.site < 0 ? '' : this.#field(line, binding.site)
    const memo = `${day} ${host} ${site}`
    let origin = this.#origins.get(memo)
    if (!origin) {
      const { host: hostDefault = '', site: siteDefault = '' } = this.#context
      const named = (value: string, fallback: string): string =>
        (value && value !== '-' ? utf8Text(value) : fallback).toLowerCase()
      const names = [named(host, hostDefault), named(site, siteDefault)]
      origin = {
        identity: identityPrefix('app', ...names, dayText(day)),
        columns: names.map(name => byteString(name).replaceAll(' ', '+') || '-').join(' '),
      }
      if (this.#origins.size > 1000) this.#origins.clear()
      this.#origins.set(memo, origin)
    }
    return origin
  }

  #durationUs(line: Buffer, binding: FieldBinding): string {
    const taken = binding.timeTaken
    if (taken < 0 || this.#isEmpty(line, taken)) return '-'
    const text = this.#field(line, taken)
    return text.includes('.') ? String(Math.round(Number(text) * 1000)) : `${text}000`
  }

  /** correlation_id correlation_raw correlation_field other_ids traceparent */
  #ids(line: Buffer, binding: FieldBinding): string {
    let primary = '- - -'
    const others: string[] = []
    for (const { index, name } of binding.ids) {
      if (this.#isEmpty(line, index)) continue
      const raw = this.#field(line, index)
      const id = normalizeId(raw)
      if (id === undefined) continue
      const { idFields } = this.#context.accounting
      idFields[name] = (idFields[name] ?? 0) + 1
      if (primary === '- - -') primary = `${id} ${raw} ${name}`
      else others.push(jsonBytes(`${name}=${id}`))
    }
    const traceparent = binding.traceparent < 0 ? '-' : this.#field(line, binding.traceparent)
    const valid = traceparent !== '-' && traceIdOf(traceparent) !== undefined
    return `${primary} ${others.length ? `[${others.join(',')}]` : '-'} ${valid ? traceparent : '-'}`
  }

  /** subject_kind subject_issuer subject_name subject_raw */
  #subject(line: Buffer, binding: FieldBinding): string {
    for (const index of binding.subjects) {
      if (!this.#isEmpty(line, index)) {
        const found = this.#subjectColumns(this.#field(line, index))
        if (found) return found
      }
    }
    if (binding.username < 0 || this.#isEmpty(line, binding.username)) return '- - - -'
    return this.#subjectColumns(this.#field(line, binding.username)) || '- - - -'
  }

  #subjectColumns(raw: string): string {
    let columns = this.#subjects.get(raw)
    if (columns === undefined) {
      const subject = parseSubject(utf8Text(raw))
      const plain = (text: string): string => byteString(text).replaceAll(' ', '+') || '-'
      columns = subject ? `${subject.kind} ${plain(subject.issuer)} ${plain(subject.name)} ${raw}` : ''
      if (this.#subjects.size > 100_000) this.#subjects.clear()
      this.#subjects.set(raw, columns)
    }
    return columns
  }

  #attributes(line: Buffer, binding: FieldBinding): string {
    let members = ''
    for (const { index, member } of binding.extras) {
      if (this.#isEmpty(line, index)) continue
      members += `${members ? ',' : ''}${member}${jsonBytes(this.#field(line, index))}`
    }
    return members ? `{${members}}` : '-'
  }
}

function isBlank(buffer: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const c = buffer[i]
    if (c !== SPACE && c !== 9 && c !== 0 && c !== 13) return false
  }
  return true
}

/** Seconds since midnight of `HH:MM:SS`; NaN for anything else. 24:00:00 and leap seconds do not exist in IIS logs. */
function secondOfDay(line: Buffer, start: number, end: number): number {
  if (end - start !== 8 || line[start + 2] !== COLON || line[start + 5] !== COLON) return Number.NaN
  if (
    !isDigits(line, start, start + 2) ||
    !isDigits(line, start + 3, start + 5) ||
    !isDigits(line, start + 6, end)
  )
    return Number.NaN
  const hour = digitsValue(line, start, start + 2)
  const minute = digitsValue(line, start + 3, start + 5)
  const second = digitsValue(line, start + 6, end)
  return hour > 23 || minute > 59 || second > 59 ? Number.NaN : hour * 3600 + minute * 60 + second
}

function replaceColumn(text: string, index: number): string {
  const columns = text.split(' ')
  columns[index] = '[scrubbed]'
  return columns.join(' ')
}
