import { endsScheme, hasAddressBefore } from '../secret-signs.ts'

/** Columns that one row may have. */
const MAX_COLUMNS = 1024

const SPACE = 32
const PLUS = 43
const AT = 64
const LETTER_J = 74

/** What a byte means: 1 separates columns, 2 may belong to a secret, 3 makes the row one that is not plain. */
function classesOf(delimiter: number): Uint8Array {
  const classes = new Uint8Array(256)
  for (let c = 0; c < SPACE; c++) classes[c] = 3
  for (const c of Buffer.from('"\\')) classes[c] = 3
  for (const c of Buffer.from(`=%'@J+ `)) classes[c] = 2
  classes[delimiter] = 1
  return classes
}

/** Where the columns of a plain row begin and end. One object serves all rows, so that a row costs no allocation. */
export class PlainColumns {
  line: Buffer = Buffer.alloc(0)
  readonly starts = new Int32Array(MAX_COLUMNS)
  readonly ends = new Int32Array(MAX_COLUMNS)
  /** Columns that may hold a secret. */
  readonly suspects = new Int32Array(MAX_COLUMNS)
  suspectCount = 0
  readonly #classes: Uint8Array

  constructor(delimiter: string) {
    this.#classes = classesOf(delimiter.charCodeAt(0))
  }

  /** @returns the number of columns; 0 where the row is not plain: a quote, a backslash or a control character */
  split(line: Buffer, start: number, end: number): number {
    const { starts, ends, suspects } = this
    const classes = this.#classes
    this.line = line
    let count = 0
    let from = start
    let suspectCount = 0
    for (let i = start; i < end; i++) {
      const kind = classes[line[i] ?? 0]
      if (kind === 0) continue
      if (kind === 1) {
        if (count === MAX_COLUMNS - 1) return 0
        starts[count] = from
        ends[count++] = i
        from = i + 1
      } else if (kind === 3) return 0
      else if (suspects[suspectCount - 1] !== count || suspectCount === 0) {
        if (beginsSecret(line, i, from)) suspects[suspectCount++] = count
      }
    }
    starts[count] = from
    ends[count++] = end
    this.suspectCount = suspectCount
    return count
  }

  size(index: number): number {
    return (this.ends[index] ?? 0) - (this.starts[index] ?? 0)
  }

  /** The column as a byte string; empty for index -1. */
  text(index: number): string {
    return index < 0 ? '' : this.line.toString('latin1', this.starts[index], this.ends[index])
  }
}

/** Whether what stands here may make a secret of what follows in its column: `=`, `%`, a quote, a JWT, `Bearer `. */
function beginsSecret(line: Buffer, at: number, from: number): boolean {
  const c = line[at]
  if (c === LETTER_J) return line[at - 1] === 121 && line[at - 2] === 101
  if (c === AT) return hasAddressBefore(line, at, from)
  if (c === SPACE || c === PLUS) return endsScheme(line, at)
  return true
}
