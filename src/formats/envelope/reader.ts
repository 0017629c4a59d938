import { escapeInvalidUtf8, Utf8Test } from '../encoding.ts'
import type { Reader, ReaderContext, ReaderState } from '../format.ts'
import { isBlankLine, LineFramer, MAX_LINE_BYTES, type Position, withoutPadding } from '../lines.ts'
import { rejectLine, rejectLong, wholeLine } from '../rejects.ts'
import { DayClock } from '../w3c/clock.ts'
import type { Problem } from '../w3c/row-decoder.ts'
import type { InnerLog } from './inner-log.ts'
import { InnerLogs, type SavedLogs } from './inner-logs.ts'
import { type RowKinds, rowKinds } from './row-kind.ts'
import { type Envelope, unwrap } from './unwrap.ts'

/** A line of 1 MiB, each byte of it written as six (\u00xx), and what a shipper says of it. */
const MAX_ENVELOPE_BYTES = 8 * MAX_LINE_BYTES
const HASH = 35

/** Things a person should know about envelopes; in words in `cli/warnings.ts`. */
type Warning = 'host-unknown' | 'no-offset' | 'offset-repeats'

/**
 * Reads lines of IIS and HTTP.sys that a log shipper wrapped in JSON, one envelope a line. The envelopes of many logs
 * may be mixed; each has its own directives. Positions are those of the envelope.
 */
export class EnvelopeReader implements Reader {
  readonly #context: ReaderContext
  readonly #framer: LineFramer
  readonly #utf8 = new Utf8Test()
  readonly #logs: InnerLogs
  readonly #kinds: RowKinds
  /** Kinds of rows that were decoded; of HTTP.sys also where only its directives were met. */
  readonly #found: Set<'app' | 'kernel'>
  readonly #warnings = new Set<Warning>()
  #finished: ReaderState | undefined

  constructor(context: ReaderContext, resume?: ReaderState, maxLineBytes = MAX_ENVELOPE_BYTES) {
    this.#context = context
    const saved = (resume?.format ?? {}) as Partial<SavedLogs> & { readonly kinds?: ('app' | 'kernel')[] }
    this.#logs = new InnerLogs(context, saved)
    this.#kinds = rowKinds(context)
    this.#found = new Set(saved.kinds)
    this.#framer = new LineFramer(
      {
        line: (buffer, start, end, at, terminated) => this.#line(buffer, start, end, at, terminated),
        tooLong: (line, at) => rejectLong(context, line, at),
      },
      resume ?? { lineNo: 1, byteOffset: 0 },
      maxLineBytes,
    )
  }

  push(block: Buffer): void {
    this.#context.accounting.bytes += block.length
    this.#utf8.forget()
    this.#finished = undefined
    this.#framer.push(block)
    this.#warn()
  }

  end(): void {
    this.#finished = this.state()
    this.#utf8.forget()
    this.#framer.end()
    this.#warn()
  }

  state(): ReaderState {
    if (this.#finished) return this.#finished
    const { lineNo, byteOffset } = this.#framer
    const saved = this.#logs.save()
    // A log of HTTP.sys tells that nothing was refused, too.
    const hasKernel = saved.logs.some(log => log.blocks.some(block => block.kind === 'kernel'))
    const kinds = [...new Set([...this.#found, ...(hasKernel ? (['kernel'] as const) : [])])].sort()
    this.#finished = { lineNo, byteOffset, format: { kinds, ...saved } }
    return this.#finished
  }

  #line(buffer: Buffer, from: number, to: number, at: Position, terminated: boolean): void {
    const { start, end } = withoutPadding(buffer, from, to, at)
    if (isBlankLine(buffer, start, end)) return this.#skip()
    const whole = buffer.subarray(from, to)
    const json = this.#parse(buffer, start, end)
    if (json === undefined) {
      const isCut = !terminated && buffer[end - 1] !== 125
      rejectLine(this.#context, wholeLine(whole), at, isCut ? 'truncated' : 'bad-json', 'not one JSON object')
      return
    }
    const envelope = unwrap(json)
    if (envelope) return this.#open(envelope, whole, at)
    const detail = 'neither message, event.original nor _raw is a text'
    rejectLine(this.#context, wholeLine(whole), at, 'no-message', detail)
  }

  /** @returns undefined where it is no JSON object */
  #parse(buffer: Buffer, start: number, end: number): object | undefined {
    const isValid = this.#utf8.isValid(buffer, start, end)
    if (!isValid) this.#context.accounting.invalidUtf8++
    // As the line itself has them, when it is read: \xHH. In JSON a backslash is two.
    const bytes = isValid
      ? buffer.subarray(start, end)
      : escapeInvalidUtf8(buffer.subarray(start, end), '\\\\')
    try {
      const json: unknown = JSON.parse(bytes.toString('utf8'))
      return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined
    } catch {
      return undefined
    }
  }

  #open(envelope: Envelope, whole: Buffer, at: Position): void {
    const log = this.#logs.of(envelope)
    log.look(envelope.offset ?? Number.NaN, envelope.text)
    const offset = log.hasOffsets ? (envelope.offset ?? Number.NaN) : Number.NaN
    const lines = innerLines(envelope.text, envelope.offset)
    const rows = lines.filter(line => line.length > 0 && line[0] !== HASH)
    const [row] = rows
    const problem = rows.length > 1 ? severalRows(rows.length) : cutProblem(envelope, row)
    if (problem) return this.#reject(problem, row ?? whole, whole, at, log)
    for (const line of lines)
      if (line[0] === HASH) log.directive(line.toString('utf8'), offset, this.#logs.intern)
    if (!row) return this.#skip()
    log.endBlock()
    const failed = this.#decode(log, row, offset, at)
    if (!failed) return
    if (failed[0] === 'nul-bytes') {
      const rest = row.subarray(row.lastIndexOf(0) + 1)
      if (rest[0] === HASH) log.directive(rest.toString('utf8'), offset, this.#logs.intern)
    }
    this.#reject(failed, row, whole, at, log)
  }

  #decode(log: InnerLog, line: Buffer, offset: number, at: Position): Problem | undefined {
    const block = log.blockAt(offset)
    if (block?.kind === 'other') return ['not-iis', `its log is ${block.refusal ?? 'of another kind'}`]
    const kind = block?.kind ?? this.#kinds.unannounced(line.toString('latin1'))
    const fields = block
      ? { names: block.names, mayGuess: false, clock: block.clock }
      : { names: this.#configured(kind), mayGuess: kind === 'kernel', clock: new DayClock() }
    const spot = log.member && !Number.isNaN(offset) ? `,"log.offset":"${offset}"` : ''
    const row = {
      line,
      start: 0,
      end: line.length,
      at,
      isWhole: true,
      isEnded: true,
      members: log.member + spot,
    }
    const { decoded } = this.#context.accounting
    const problem = this.#kinds[kind].decode(row, fields, log.origin)
    if (this.#context.accounting.decoded > decoded) {
      this.#note(log, kind, spot !== '')
      if (log.origin.host === undefined && !namesHost(fields.names)) this.#warnings.add('host-unknown')
    }
    return problem
  }

  /** The configured columns, for rows of a log whose directives the shipper left out. */
  #configured(kind: 'app' | 'kernel'): readonly string[] | undefined {
    const { fields } = this.#context
    const isForKernel = fields?.some(name => name.toLowerCase() === 's-reason') === true
    return isForKernel === (kind === 'kernel') ? fields : undefined
  }

  /** The reject is where the envelope is; what is quoted is the line inside. */
  #reject(problem: Problem, row: Buffer, whole: Buffer, at: Position, { name, origin }: InnerLog): void {
    const from = { log: name.path, host: origin.host?.toLowerCase() }
    rejectLine(this.#context, { ...wholeLine(whole), bytes: row, ...from }, at, ...problem)
  }

  #skip(): void {
    this.#context.accounting.lines++
    this.#context.accounting.directives++
  }

  #note(log: InnerLog, kind: 'app' | 'kernel', hasSpot: boolean): void {
    this.#context.accounting.scrubbed += log.name.scrubbed
    this.#found.add(kind)
    if (!log.hasOffsets) this.#warnings.add('offset-repeats')
    else if (!hasSpot) this.#warnings.add('no-offset')
  }

  #warn(): void {
    const { accounting } = this.#context
    const hasNoId = this.#found.has('app') && Object.keys(accounting.idFields).length === 0
    const others = accounting.warnings.filter(code => code !== 'no-id-field')
    accounting.warnings = [...new Set([...others, ...this.#warnings, ...(hasNoId ? ['no-id-field'] : [])])]
  }
}

/** The lines of a message without their line ends and padding; one, where the shipper does not join lines. */
function innerLines(text: string, offset = 0): Buffer[] {
  const parts = text.includes('\n') ? text.replace(/\r?\n$/, '').split('\n') : [text]
  return parts.map(part => {
    const line = Buffer.from(part.endsWith('\r') ? part.slice(0, -1) : part, 'utf8')
    // Where the offset is not told, any line may be the first of its log.
    const { start, end } = withoutPadding(line, 0, line.length, { lineNo: 1, byteOffset: offset })
    return isBlankLine(line, start, end) ? line.subarray(0, 0) : line.subarray(start, end)
  })
}

function namesHost(names: readonly string[] | undefined): boolean {
  return names?.some(name => name.toLowerCase() === 's-computername') === true
}

function severalRows(rows: number): Problem {
  return ['several-rows', `${rows} rows in one envelope`]
}

function cutProblem({ isCut }: Envelope, row: Buffer | undefined): Problem | undefined {
  if (isCut) return ['truncated', 'log.flags says that the shipper cut the line']
  if (!row || row.length <= MAX_LINE_BYTES) return undefined
  return ['too-long', `${row.length} bytes; the limit is ${MAX_LINE_BYTES}`]
}
