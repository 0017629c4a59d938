const FIRST_BYTES = 1024 * 1024
/** Room for what is written without asking: a varint, a tag, a fixed number. */
const SMALL_BYTES = 32
const MOST_KEYS = 4096
const TEXT = new TextEncoder()

export const VARINT = 0
export const FIXED64 = 1
export const LENGTH = 2
export const FIXED32 = 5

/**
 * Writes a Protocol Buffers message from its end to its start: the length of a message is known once its content is
 * written, so nothing is measured first and nothing is moved. Fields are written last one first, each before its tag.
 * One buffer serves all messages of a writer.
 */
export class ProtobufWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #at = FIRST_BYTES
  /** Keys come again and again: their bytes with tag and length. */
  readonly #keys = new Map<string, Uint8Array>()

  /** Bytes written so far; the length of a message is the difference of two. */
  get written(): number {
    return this.#bytes.length - this.#at
  }

  /** The message, as a copy; the writer is empty again. */
  finish(): Uint8Array {
    const message = this.#bytes.slice(this.#at)
    this.#at = this.#bytes.length
    return message
  }

  /** Drops what was written, after a failure in mid-message. */
  reset(): void {
    this.#at = this.#bytes.length
  }

  tag(field: number, type: number): void {
    this.varint(field * 8 + type)
  }

  /** Closes a message whose content was written since. */
  message(field: number, since: number): void {
    this.varint(this.written - since)
    this.tag(field, LENGTH)
  }

  /** @param value an integer; a negative one takes ten bytes, as the two's complement of an int64 */
  varint(value: number): void {
    this.#reserve(SMALL_BYTES)
    if (value >= 0 && value < 0x80) this.#bytes[--this.#at] = value
    else if (value >= 0 && value < 0x4000) {
      this.#bytes[--this.#at] = value >>> 7
      this.#bytes[--this.#at] = (value & 0x7f) | 0x80
    } else this.#longVarint(BigInt.asUintN(64, BigInt(value)))
  }

  #longVarint(value: bigint): void {
    const groups: number[] = []
    for (let rest = value; rest > 0n; rest >>= 7n) groups.push(Number(rest & 0x7fn))
    this.#at -= groups.length
    const last = groups.length - 1
    for (const [i, group] of groups.entries()) this.#bytes[this.#at + i] = i < last ? group | 0x80 : group
  }

  fixed32(value: number): void {
    this.#reserve(SMALL_BYTES)
    this.#at -= 4
    this.#view.setUint32(this.#at, value, true)
  }

  fixed64(low: number, high: number): void {
    this.fixed32(high)
    this.fixed32(low)
  }

  double(value: number): void {
    this.#reserve(SMALL_BYTES)
    this.#at -= 8
    this.#view.setFloat64(this.#at, value, true)
  }

  /** With its length. */
  bytes(value: Uint8Array): void {
    this.#copy(value)
    this.varint(value.length)
  }

  /** With its length. Half of a surrogate pair becomes U+FFFD. */
  string(value: string): void {
    this.#reserve(value.length)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = value.length; i > 0; ) {
      const unit = value.charCodeAt(--i)
      // One character beyond ASCII: what was written so far does not count.
      if (unit > 0x7f) return this.bytes(TEXT.encode(value))
      bytes[--at] = unit
    }
    this.#at = at
    this.varint(value.length)
  }

  /** A text of which there are few different ones, as field 1. */
  key(value: string): void {
    const known = this.#keys.get(value)
    if (known) return this.#copy(known)
    const since = this.written
    this.string(value)
    this.tag(1, LENGTH)
    if (this.#keys.size < MOST_KEYS)
      this.#keys.set(value, this.#bytes.slice(this.#at, this.#bytes.length - since))
  }

  /** Pairs of hexadecimal digits as bytes, with their length. */
  hex(value: string): void {
    this.#reserve(value.length)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = value.length - 2; i >= 0; i -= 2)
      bytes[--at] = (digit(value.charCodeAt(i)) << 4) | digit(value.charCodeAt(i + 1))
    this.#at = at
    this.varint(value.length >> 1)
  }

  #copy(value: Uint8Array): void {
    this.#reserve(value.length)
    const bytes = this.#bytes
    let at = this.#at
    for (let i = value.length; i > 0; ) bytes[--at] = value[--i] ?? 0
    this.#at = at
  }

  #reserve(length: number): void {
    if (this.#at >= length) return
    const old = this.#bytes
    const grown = new Uint8Array(2 * (old.length + length))
    this.#at += grown.length - old.length
    grown.set(old, grown.length - old.length)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

function digit(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57
}
