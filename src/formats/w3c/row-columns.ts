import { endsScheme, hasAddressBefore } from '../secret-signs.ts'

/** Columns that one row may have. */
export const MAX_COLUMNS = 512

const SPACE = 32
const DASH = 45
const PLUS = 43
const LETTER_J = 74
const BACKSLASH = 92
const AT = 64
const CR = 13

/** What a byte means to the split: 1 ends a column, 2 may belong to a secret, 3 is a NUL or a CR. */
const CLASSES = new Uint8Array(256)
for (const c of Buffer.from('=%"\'\\@+J')) CLASSES[c] = 2
CLASSES[SPACE] = 1
CLASSES[0] = 3
CLASSES[CR] = 3

/** Where the columns of a row begin and end. One object serves all rows, so that a row costs no allocation. */
export class RowColumns {
  line: Buffer = Buffer.alloc(0)
  count = 0
  /** Whether any column may hold a secret; where not, which is the normal case, the row needs no search. */
  isSuspect = false
  /** Whether a column is empty: two spaces in a row, or one at an end. */
  hasGap = false
  readonly #starts = new Int32Array(MAX_COLUMNS)
  readonly #ends = new Int32Array(MAX_COLUMNS)

  /** @returns the byte that no row may hold, NUL or CR, where one stands in it */
  split(line: Buffer, start: number, end: number): number | undefined {
    const starts = this.#starts
    const ends = this.#ends
    this.line = line
    this.isSuspect = false
    this.hasGap = false
    let count = 0
    let from = start
    for (let i = start; i < end; i++) {
      const kind = CLASSES[line[i] ?? 0]
      if (kind === 0) continue
      if (kind === 1) {
        if (i === from) this.hasGap = true
        starts[count] = from
        ends[count++] = i
        from = i + 1
        if (count === MAX_COLUMNS) break
      } else if (kind === 3) return line[i]
      else if (!this.isSuspect) this.isSuspect = beginsSecret(line, i, from)
    }
    if (count < MAX_COLUMNS) {
      if (from === end) this.hasGap = true
      starts[count] = from
      ends[count++] = end
    }
    this.count = count
    return undefined
  }

  start(index: number): number {
    return this.#starts[index] ?? 0
  }

  end(index: number): number {
    return this.#ends[index] ?? 0
  }

  /** The column as a byte string; empty for index -1. */
  text(index: number): string {
    return index < 0 ? '' : this.line.toString('latin1', this.#starts[index], this.#ends[index])
  }

  /** Whether the column is `-`, or not logged. */
  isAbsent(index: number): boolean {
    if (index < 0) return true
    const from = this.#starts[index] ?? 0
    const size = (this.#ends[index] ?? 0) - from
    return size === 0 || (size === 1 && this.line[from] === DASH)
  }
}

/** Whether what stands here may make a secret of what follows: an encoded or plain `=`, a JWT, `Bearer+`. */
function beginsSecret(line: Buffer, at: number, from: number): boolean {
  const c = line[at]
  if (c === LETTER_J) return line[at - 1] === 121 && line[at - 2] === 101
  // As in CORP\user; a JSON escape begins \u00.
  if (c === BACKSLASH) return line[at + 1] === 117 && line[at + 2] === 48
  if (c === AT) return hasAddressBefore(line, at, from)
  if (c === PLUS) return endsScheme(line, at)
  return true
}
