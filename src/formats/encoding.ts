import { isUtf8 } from 'node:buffer'

/** Bytes as a string of code points below 256, one a byte: the only lossless view of bytes as a string. */
export function byteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of a byte string; bytes that are not UTF-8 become \xHH. */
export function utf8Text(bytes: string): string {
  if (isAscii(bytes)) return bytes
  const buffer = Buffer.from(bytes, 'latin1')
  return (isUtf8(buffer) ? buffer : escapeInvalidUtf8(buffer)).toString('utf8')
}

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text)
}

/**
 * Lower case of ASCII letters only: folding a byte string as text would change the bytes of other characters and leave
 * invalid UTF-8 behind.
 */
export function asciiLower(bytes: string): string {
  return /[A-Z]/.test(bytes) ? bytes.replace(/[A-Z]+/g, letters => letters.toLowerCase()) : bytes
}

/** Without blanks at either end; `String.trim` would also take the byte A0, which is half of a character. */
export function asciiTrim(bytes: string): string {
  let from = 0
  let to = bytes.length
  while (from < to && isBlankCode(bytes.charCodeAt(from))) from++
  while (to > from && isBlankCode(bytes.charCodeAt(to - 1))) to--
  return bytes.slice(from, to)
}

function isBlankCode(c: number): boolean {
  return c === 32 || (c >= 9 && c <= 13)
}

/**
 * The same bytes with every byte that is not part of valid UTF-8 written as the four characters \xHH.
 *
 * @param backslash what to write for the backslash; a line of JSON needs two
 */
export function escapeInvalidUtf8(line: Buffer, backslash = '\\'): Buffer {
  const out: Buffer[] = []
  let start = 0
  for (let at = 0; at < line.length; ) {
    const size = sequenceLength(line, at)
    if (size) {
      at += size
      continue
    }
    const hex = (line[at] ?? 0).toString(16).padStart(2, '0')
    out.push(line.subarray(start, at), Buffer.from(`${backslash}x${hex}`))
    start = ++at
  }
  out.push(line.subarray(start))
  return Buffer.concat(out)
}

/** The same bytes with every CR written as the four characters \x0d: chunks are lines, and some readers end one there. */
export function escapeCarriageReturns(line: Buffer): Buffer {
  return Buffer.from(line.toString('latin1').replaceAll('\r', '\\x0d'), 'latin1')
}

/** Bytes of the UTF-8 sequence that starts here; 0 where none does. */
function sequenceLength(line: Buffer, at: number): number {
  const lead = line[at] ?? 0
  if (lead < 0x80) return 1
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2
  const sequence = line.subarray(at, at + size)
  return sequence.length === size && isUtf8(sequence) ? size : 0
}

/** Tells which lines are UTF-8. Whole blocks are tested at once, as nearly all are valid. */
export class Utf8Test {
  #block: Buffer | undefined
  #isValid = false

  /** To be called before new bytes, which may stand in the same memory. */
  forget(): void {
    this.#block = undefined
  }

  isValid(block: Buffer, start: number, end: number): boolean {
    if (block !== this.#block) {
      this.#block = block
      // What follows the last line feed is cut where the block ends, maybe inside a character.
      const whole = block.lastIndexOf(10) + 1
      this.#isValid = whole > 0 && isUtf8(block.subarray(0, whole))
    }
    return (this.#isValid && end < block.length) || isUtf8(block.subarray(start, end))
  }
}

/** A JSON string of a byte string, quotes included. */
export function jsonBytes(bytes: string): string {
  return /["\\\x00-\x1f]/.test(bytes) ? JSON.stringify(bytes) : `"${bytes}"`
}
