import type { Hasher } from './world.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A line without its line feed. */
export interface Line {
  readonly text: string
  /** From 1. */
  readonly no: number
}

/** Thrown where a file is not lines of UTF-8, each with its line feed. */
export class BadFile extends Error {}

/** Reads a file line by line and adds up its digest. Longer lines than memory holds are not expected. */
export class LineReader {
  readonly name: string
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #hasher: Hasher | undefined
  #rest: Uint8Array = new Uint8Array()
  #at = 0
  /** The whole lines from the start of `rest` on, where they are ASCII; then a place in one is the same in the other. */
  #ascii: string | undefined
  #no = 0
  #isDone = false
  #peeked: Line | undefined

  constructor(name: string, pieces: AsyncIterable<Uint8Array>, hasher?: Hasher) {
    this.name = name
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#hasher = hasher
  }

  /** The next line where it is in memory already, so that most lines need no waiting. */
  take(): Line | undefined {
    if (this.#peeked) {
      const line = this.#peeked
      this.#peeked = undefined
      return line
    }
    const from = this.#at
    this.#ascii ??= asciiOf(this.#rest.subarray(0, this.#rest.lastIndexOf(10) + 1))
    const isAscii = from < this.#ascii.length
    const end = isAscii ? this.#ascii.indexOf('\n', from) : this.#rest.indexOf(10, from)
    if (end < 0) return undefined
    this.#at = end + 1
    this.#no++
    const text = isAscii ? this.#ascii.slice(from, end) : this.#decode(this.#rest.subarray(from, end))
    return { no: this.#no, text }
  }

  /** The next line; undefined at the end. */
  async next(): Promise<Line | undefined> {
    for (;;) {
      const line = this.take()
      if (line || !(await this.#more())) return line
    }
  }

  /**
   * The next lines as bytes, with their line feeds, instead of one by one.
   *
   * @param isWanted is asked for each line from the first on, and told where it lies
   */
  async cut(isWanted: (bytes: Uint8Array, from: number, end: number) => boolean): Promise<Uint8Array> {
    let from = this.#at
    for (;;) {
      const end = this.#rest.indexOf(10, from)
      if (end < 0) {
        from -= this.#at
        if (await this.#more(from)) continue
        from = this.#rest.length
        break
      }
      if (!isWanted(this.#rest, from, end)) break
      from = end + 1
    }
    const bytes = new Uint8Array(this.#rest.subarray(this.#at, from))
    this.#at = from
    return bytes
  }

  /** Makes a line the next one again. */
  putBack(line: Line): void {
    this.#peeked = line
  }

  /** Reads what is left, for the digest. */
  async finish(): Promise<void> {
    while (await this.#more()) this.#at = this.#rest.length
  }

  /** The same, whatever is left. */
  async drain(): Promise<void> {
    for (this.#at = this.#rest.length; await this.#more(); ) this.#at = this.#rest.length
  }

  /** @param whole bytes from the current place on that are whole lines */
  async #more(whole = 0): Promise<boolean> {
    if (this.#isDone) return false
    const { value, done } = await this.#pieces.next()
    if (done) {
      this.#isDone = true
      if (this.#at + whole < this.#rest.length)
        throw new BadFile(`${this.name} line ${this.#no + 1}: no line feed at its end`)
      return false
    }
    this.#hasher?.update(value)
    const left = this.#rest.subarray(this.#at)
    if (left.length === 0) this.#rest = value
    else {
      this.#rest = new Uint8Array(left.length + value.length)
      this.#rest.set(left)
      this.#rest.set(value, left.length)
    }
    this.#at = 0
    this.#ascii = undefined
    return true
  }

  #decode(bytes: Uint8Array): string {
    try {
      return UTF8.decode(bytes)
    } catch {
      throw new BadFile(`${this.name} line ${this.#no}: bytes that are not UTF-8`)
    }
  }
}

/** The text of bytes that are ASCII; empty where they are not, as then they are decoded line by line. */
function asciiOf(bytes: Uint8Array): string {
  try {
    const text = UTF8.decode(bytes)
    // Every other character has fewer units than bytes.
    return text.length === bytes.length ? text : ''
  } catch {
    return ''
  }
}

/** A whole file. */
export async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    parts.push(piece)
    length += piece.length
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
