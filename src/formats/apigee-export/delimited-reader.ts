import type { RejectReason } from '../../model/source.ts'
import type { ReaderContext, ReaderState } from '../format.ts'
import { MAX_LINE_BYTES, type Position } from '../lines.ts'
import { rejectLine, wholeLine } from '../rejects.ts'
import { FULL_LAYOUT } from './columns.ts'
import { endsInQuotes, guessDelimiter, parseHeader, splitRecord } from './delimited.ts'
import { ExportReader, isBlankText, type Line, mayHoldControls, mayHoldSecrets } from './export-reader.ts'
import { bindPlain } from './plain-binding.ts'
import { PlainRows } from './plain-rows.ts'
import type { ColumnRole } from './roles.ts'

/** A record over more lines than this is taken for a stray quote. */
const MAX_RECORD_LINES = 64

/** A delimited export with a header row: comma, pipe or tab; quoted values may hold line feeds (RFC 4180). */
export class DelimitedReader extends ExportReader {
  #delimiter = ''
  #roles: readonly ColumnRole[] | undefined
  #names: readonly string[] | undefined
  #plain: PlainRows | undefined
  /** Lines of a record whose quoted value is not closed yet. */
  #open: Line[] = []
  #openBytes = 0

  constructor(context: ReaderContext, resume?: ReaderState, maxLineBytes?: number) {
    super(context, resume, '\\', maxLineBytes)
    const { names, delimiter = '' } = (resume?.format ?? {}) as { names?: string[]; delimiter?: string }
    const known = names ?? context.fields
    if (known) this.#bind(known, delimiter)
  }

  #bind(names: readonly string[], delimiter: string): void {
    this.#names = names
    this.#delimiter = delimiter
    const roles = names.map(name => this.writer.role(name))
    this.#roles = roles
    const plain = delimiter === '' ? undefined : bindPlain(names, roles, this.context)
    this.#plain = plain && new PlainRows(this.context, plain, delimiter)
    this.writer.use(plain?.layout ?? FULL_LAYOUT)
  }

  protected override takePlain(buffer: Buffer, start: number, end: number, at: Position): boolean {
    return this.#open.length === 0 && this.#plain?.take(buffer, start, end, at) === true
  }

  protected take(line: Line): void {
    const wasOpen = this.#open.length > 0
    const isOpen = endsInQuotes(line.text, this.#delimiter, wasOpen)
    if (!wasOpen && !isOpen) return this.#single(line)
    this.#open.push({ ...line, bytes: Buffer.from(line.bytes) })
    this.#openBytes += line.bytes.length + 1
    if (!isOpen) this.#close()
    else if (this.#open.length > MAX_RECORD_LINES || this.#openBytes > MAX_LINE_BYTES)
      this.#giveUp('bad-quotes')
  }

  /** Reads the open lines as one record. Where they are none, a stray quote joined them: it costs its own line only. */
  #close(): void {
    const record = joined(this.#open)
    const problem = this.#read(record)
    if (problem && problem[0] !== 'no-timestamp') return this.#giveUp('bad-quotes')
    this.#open = []
    this.#openBytes = 0
    if (problem) this.#reject(record, ...problem)
  }

  #giveUp(reason: 'bad-quotes' | 'truncated'): void {
    const [first, ...rest] = this.#open
    this.#open = []
    this.#openBytes = 0
    if (!first) return
    this.#reject(first, reason, 'a quoted value is not closed')
    for (const line of rest) this.take(line)
  }

  #single(line: Line): void {
    const problem = this.#read(line)
    if (problem) this.#reject(line, ...problem)
  }

  /** @returns why these lines are no row */
  #read(line: Line): [RejectReason, string] | undefined {
    const { text } = line
    if (isBlankText(text)) {
      this.skip()
      return undefined
    }
    if (!this.#roles || this.#delimiter === '') {
      if (this.#takeHeader(text)) return undefined
      this.#delimiter = this.#delimiter || guessDelimiter(text)
    }
    const problem = this.#row(line)
    // Concatenated shards repeat their header, maybe with other columns: a header fits as no row.
    return problem && !this.#takeHeader(text) ? problem : undefined
  }

  #takeHeader(text: string): boolean {
    const header = parseHeader(text)
    if (!header) return false
    this.#bind(header.names, header.delimiter)
    this.skip()
    return true
  }

  #row({ text, at, terminated }: Line): [RejectReason, string] | undefined {
    const roles = this.#roles
    if (!roles) return ['no-fields', 'no header row above this row']
    const values = splitRecord(text, this.#delimiter)
    if (!values) return ['bad-quotes', 'a closing quote is followed by text']
    if (values.length !== roles.length) {
      const detail = `${values.length} columns, the header names ${roles.length}`
      if (values.length > roles.length) return ['too-many-columns', detail]
      return [terminated ? 'too-few-columns' : 'truncated', detail]
    }
    this.writer.begin(mayHoldSecrets(text), mayHoldControls(text))
    for (let i = 0; i < roles.length; i++) {
      const role = roles[i]
      if (role) this.writer.set(role, values[i] ?? '')
    }
    const missing = this.writer.write(at)
    return missing === undefined ? undefined : ['no-timestamp', missing]
  }

  /** With a credential column in the header, a row that does not fit may hold one anywhere: no excerpt then. */
  #reject(line: Line, reason: RejectReason, detail: string): void {
    const secret =
      this.#roles?.some(role => role.to === 'token' || (role.to === 'extra' && role.secret)) ?? true
    rejectLine(this.context, wholeLine(line.bytes), line.at, reason, detail, secret)
  }

  protected finish(): void {
    while (this.#open.length) this.#giveUp('truncated')
  }

  protected interrupt(): void {
    while (this.#open.length) this.#giveUp('bad-quotes')
  }

  protected openSince(): Position | undefined {
    return this.#open[0]?.at
  }

  protected formatState(): Record<string, unknown> {
    return this.#names ? { names: this.#names, delimiter: this.#delimiter } : {}
  }
}

/** Lines that make up one record, with the line ends that stood between them. */
function joined(lines: readonly Line[]): Line {
  const [first] = lines
  const last = lines.at(-1)
  if (!first || !last) throw new Error('a record has at least one line')
  const ends = lines.map(line => (line === last ? '' : line.hadCr ? '\r\n' : '\n'))
  return {
    bytes: Buffer.concat(lines.flatMap((line, i) => [line.bytes, Buffer.from(ends[i] ?? '')])),
    text: lines.map((line, i) => line.text + ends[i]).join(''),
    at: first.at,
    terminated: last.terminated,
    hadCr: last.hadCr,
  }
}
