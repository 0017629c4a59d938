import type { ChunkLayout } from '../../formats/chunk.ts'

const LF = 10

/** Finds values in a row that a reader has written, as DuckDB reads them. One object serves all rows. */
export class RowText {
  readonly #wanted: readonly number[]
  readonly #last: number
  readonly #delimiter: number
  readonly #quote: number
  readonly #quoteText: string
  readonly #nullText: string
  readonly #starts: number[]
  readonly #ends: number[]
  #row: Buffer = Buffer.alloc(0)

  /** @param columns names of the columns that are asked for; one that the layout lacks has no value */
  constructor({ columns, delimiter, quote, nullText }: ChunkLayout, wanted: readonly string[]) {
    this.#wanted = wanted.map(name => columns.indexOf(name))
    this.#last = Math.max(-1, ...this.#wanted)
    this.#delimiter = delimiter.charCodeAt(0)
    this.#quote = quote?.charCodeAt(0) ?? -1
    this.#quoteText = quote ?? ''
    this.#nullText = nullText
    this.#starts = this.#wanted.map(() => 0)
    this.#ends = this.#wanted.map(() => 0)
  }

  /** Looks at a row, up to the last column that is asked for. */
  read(row: Buffer, length: number): void {
    this.#row = row
    let column = 0
    let from = 0
    for (let i = 0; column <= this.#last && i < length; i++) {
      const c = row[i]
      if (c === this.#quote && i === from) i = this.#closing(row, i + 1, length)
      else if (c === this.#delimiter || c === LF) {
        this.#note(column++, from, i)
        from = i + 1
      }
    }
  }

  #closing(row: Buffer, from: number, length: number): number {
    for (let i = from; i < length; i++) {
      if (row[i] !== this.#quote) continue
      if (row[i + 1] !== this.#quote) return i
      i++
    }
    return length
  }

  #note(column: number, from: number, to: number): void {
    for (let n = 0; n < this.#wanted.length; n++) {
      if (this.#wanted[n] !== column) continue
      this.#starts[n] = from
      this.#ends[n] = to
    }
  }

  start(n: number): number {
    return this.#starts[n] ?? 0
  }

  end(n: number): number {
    return this.#ends[n] ?? 0
  }

  /** The bytes of a value that needs no quotes, as text. */
  plain(n: number): string {
    return this.#row.toString('latin1', this.#starts[n], this.#ends[n])
  }

  /** A value; undefined where there is none. */
  value(n: number): string | undefined {
    if ((this.#wanted[n] ?? -1) < 0) return undefined
    const text = this.#row.toString('utf8', this.#starts[n], this.#ends[n])
    const quote = this.#quoteText
    if (quote && text.startsWith(quote)) return text.slice(1, -1).replaceAll(quote + quote, quote)
    return text === this.#nullText ? undefined : text
  }

  number(n: number): number {
    let value = 0
    for (let i = this.start(n); i < this.end(n); i++) value = value * 10 + ((this.#row[i] ?? 48) - 48)
    return value
  }
}
