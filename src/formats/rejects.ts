import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { SCRUBBED } from '../model/scrub.ts'
import type { RejectReason } from '../model/source.ts'
import { escapeInvalidUtf8 } from './encoding.ts'
import type { ReaderContext } from './format.ts'
import type { LongLine, Position } from './lines.ts'

const EXCERPT_CHARACTERS = 200
/** How much of a line is looked at for its excerpt, so that cost does not grow with the line. */
const EXCERPT_BYTES = 4096

export interface RejectedLine {
  /** The line, or its first bytes where it is long. */
  readonly bytes: Buffer
  readonly length: number
  readonly sha256: string
  /** Of a line inside of a source of many logs: which one, without secrets. */
  readonly log?: string | undefined
  readonly host?: string | undefined
}

/** A line whose bytes are all at hand, as a reject wants it. */
export function wholeLine(bytes: Buffer): RejectedLine {
  return { bytes, length: bytes.length, sha256: hash('sha256', bytes, 'hex') }
}

/**
 * Records one rejected line: counted, located, digested, and quoted after scrubbing.
 *
 * @param withholdText keeps the line's text out of the excerpt
 */
export function rejectLine(
  context: ReaderContext,
  line: RejectedLine,
  at: Position,
  reason: RejectReason,
  detail: string,
  withholdText = false,
): void {
  const { accounting } = context
  accounting.lines++
  accounting.rejected++
  accounting.rejectedBy[reason] = (accounting.rejectedBy[reason] ?? 0) + 1
  const head = withoutTornStart(line.bytes.subarray(0, EXCERPT_BYTES))
  const text = (isUtf8(head) ? head : escapeInvalidUtf8(head)).toString('utf8')
  // Scrub first, cut after: a cut inside a secret's name would let its value through.
  const scrubbed = scrubUnknown(context, text)
  accounting.scrubbed += scrubbed.count
  context.sink.reject({
    lineNo: at.lineNo,
    byteOffset: at.byteOffset,
    length: line.length,
    sha256: line.sha256,
    reason,
    detail: scrubUnknown(context, detail).text.slice(0, EXCERPT_CHARACTERS),
    excerpt: withholdText
      ? '(withheld: the layout has a credential column)'
      : scrubbed.text.slice(0, EXCERPT_CHARACTERS),
    ...(line.log === undefined ? {} : { log: line.log }),
    ...(line.host === undefined ? {} : { host: line.host }),
  })
}

/** Records a line over the limit. */
export function rejectLong(context: ReaderContext, line: LongLine, at: Position): void {
  const rejected = { bytes: line.head, length: line.length, sha256: line.sha256 }
  rejectLine(context, rejected, at, 'too-long', `${line.length} bytes; the limit is ${line.limit}`)
}

/** Runs of letters and digits mixed, which tokens are; ids may be, too, and go with them. */
const WORD = /[A-Za-z0-9_-]{12,}/g
const LETTER_ESCAPE = /\\u00([2-7][0-9a-f])/gi
/** A first word that a whole row can begin with: a date, a time, an address, or JSON. */
const WHOLE_START =
  /^(?:\s|$|\d{4}-\d\d-\d\d |\d\d:\d\d:\d\d |\d+\.\d+\.\d+\.\d+ |[\dA-Fa-f]*:[\dA-Fa-f]*:[\dA-Fa-f:.]*(?:%\w+)? |[{["#])/

/**
 * Scrubs a line whose columns are not known. Besides named values, long runs of mixed letters and digits go. The
 * source's position and digest still lead to the original.
 */
function scrubUnknown(context: ReaderContext, text: string): { text: string; count: number } {
  const plain = text.replace(LETTER_ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const { text: out, count } = context.scrubber.scrub(plain, 'torn')
  return {
    text: out.replace(WORD, word => (/\d/.test(word) && /[A-Za-z]/.test(word) ? SCRUBBED : word)),
    count,
  }
}

/**
 * The line with its first word blanked, unless that is a column that a row can begin with: a torn line may begin in
 * the middle of a secret, whose name stands elsewhere.
 */
function withoutTornStart(line: Buffer): Buffer {
  const text = line.toString('latin1')
  if (WHOLE_START.test(text)) return line
  const end = text.search(/[ \t,|&"]/)
  return Buffer.from(SCRUBBED + (end === -1 ? '' : text.slice(end)), 'latin1')
}
