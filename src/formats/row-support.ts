import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { digest128, IDENTITY_VERSION } from '../model/ids.ts'
import { SCRUBBED } from '../model/scrub.ts'
import type { RejectReason } from '../model/source.ts'
import type { ReaderContext } from './format.ts'
import type { Position } from './lines.ts'

/** Bytes as a string of code points below 256, one a byte: the only lossless view of bytes as a string. */
export function byteString(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of a byte string; bytes that are not UTF-8 become \xHH. */
export function utf8Text(bytes: string): string {
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes
  const buffer = Buffer.from(bytes, 'latin1')
  return (isUtf8(buffer) ? buffer : escapeInvalidUtf8(buffer)).toString('utf8')
}

/** The same bytes with every byte that is not part of valid UTF-8 written as the four characters \xHH. */
export function escapeInvalidUtf8(line: Buffer): Buffer {
  const out: Buffer[] = []
  let start = 0
  for (let at = 0; at < line.length; ) {
    const size = sequenceLength(line, at)
    if (size) {
      at += size
      continue
    }
    out.push(line.subarray(start, at), Buffer.from(`\\x${(line[at] ?? 0).toString(16).padStart(2, '0')}`))
    start = ++at
  }
  out.push(line.subarray(start))
  return Buffer.concat(out)
}

function sequenceLength(line: Buffer, at: number): number {
  const lead = line[at] ?? 0
  if (lead < 0x80) return 1
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  const sequence = line.subarray(at, at + size)
  return sequence.length === size && isUtf8(sequence) ? size : 0
}

/**
 * Records one rejected line: counted, located, digested, and quoted after scrubbing.
 *
 * @param withholdText keeps the line's text out of the excerpt
 */
export function rejectLine(
  context: ReaderContext,
  line: Buffer,
  at: Position,
  reason: RejectReason,
  detail: string,
  withholdText = false,
): void {
  rejectKnown(context, line, line.length, hash('sha256', line, 'hex'), at, reason, detail, withholdText)
}

/** Like `rejectLine` where only the head of a long line is at hand. */
export function rejectKnown(
  context: ReaderContext,
  head: Buffer,
  length: number,
  sha256: string,
  at: Position,
  reason: RejectReason,
  detail: string,
  withholdText = false,
): void {
  const { accounting } = context
  accounting.lines++
  accounting.rejected++
  accounting.rejectedBy[reason] = (accounting.rejectedBy[reason] ?? 0) + 1
  const text = (isUtf8(head) ? head : escapeInvalidUtf8(head)).toString('utf8')
  // Scrub first, cut after: a cut inside a secret's name would let its value through.
  const scrubbed = scrubUnknown(context, text)
  accounting.scrubbed += scrubbed.count
  context.sink.reject({
    lineNo: at.lineNo,
    byteOffset: at.byteOffset,
    length,
    sha256,
    reason,
    detail: scrubUnknown(context, detail).text,
    excerpt: withholdText ? '(withheld: the layout has a credential column)' : scrubbed.text.slice(0, 200),
  })
}

const NAMED_VALUE = /([A-Za-z0-9_.\-%]+)(["'\\]*\s*[:=]\s*["'\\]*)([^\s&"',;}]+)/g
const TOKEN_LIKE = /(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{12,}/g

/**
 * Scrubs a line whose columns are not known. Besides named values, long runs of mixed letters and digits go:
 * a torn line may begin in the middle of a token. The source's position and digest still lead to the original.
 */
function scrubUnknown(context: ReaderContext, text: string): { text: string; count: number } {
  let { text: out, count } = context.scrubber.scrub(text)
  out = out.replace(NAMED_VALUE, (whole, name: string, gap: string, value: string) => {
    if (value.startsWith('[scrubbed') || !context.scrubber.isSecretName(name)) return whole
    count++
    return `${name}${gap}${SCRUBBED}`
  })
  return { text: out.replace(TOKEN_LIKE, SCRUBBED), count }
}

/** Identity key of an app hop, or of a gateway hop that has no id of its own. */
export function identityPrefix(kind: string, ...parts: string[]): Buffer {
  return Buffer.from(`throughline:${IDENTITY_VERSION}:${kind}\n${parts.map(p => `${p}\n`).join('')}`, 'utf8')
}

/** The digest of `prefix` and the bytes of a line, as a hop id. */
export class IdentityHasher {
  #scratch = Buffer.allocUnsafeSlow(64 * 1024)

  digest(prefix: Buffer, line: Buffer, start: number, end: number): string {
    const size = prefix.length + end - start
    if (size > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(size * 2)
    prefix.copy(this.#scratch, 0)
    line.copy(this.#scratch, prefix.length, start, end)
    return digest128(this.#scratch.subarray(0, size))
  }
}

/** A JSON string of a byte string, quotes included. */
export function jsonBytes(bytes: string): string {
  return /["\\\x00-\x1f]/.test(bytes) ? JSON.stringify(bytes) : `"${bytes}"`
}

/** True where bytes start..end are 1 to 15 ASCII digits: a number that is exact as a double. */
export function isDigits(buffer: Buffer, start: number, end: number): boolean {
  if (end <= start || end - start > 15) return false
  for (let i = start; i < end; i++) {
    const c = buffer[i] ?? 0
    if (c < 48 || c > 57) return false
  }
  return true
}

/** The number that ASCII digits start..end spell. */
export function digitsValue(buffer: Buffer, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) value = value * 10 + ((buffer[i] ?? 48) - 48)
  return value
}
