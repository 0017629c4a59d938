import { type FileHandle, open } from 'node:fs/promises'
import { readExactly, sizeWithoutPadding } from './padding.ts'
import { unreadable } from './read.ts'

const BLOCK_BYTES = 1024 * 1024
/** Bytes before the place of reading that must still be as they were: a file may be written anew in place. */
const PROOF_BYTES = 512
const LF = 10

/** What stands behind the place of reading. */
export type Ahead =
  /** Whole lines, or a piece of a line longer than a block. */
  | { readonly is: 'lines'; readonly block: Buffer }
  /** No whole line. */
  | Rest
  /** The bytes that were read are gone: truncated, or another file in their place. */
  | { readonly is: 'replaced' }

export interface Rest {
  readonly is: 'rest'
  /** Bytes of a line that has no line feed yet. */
  readonly torn: number
  /** NULs that end the file: rows will be written over them. */
  readonly padding: number
  /** Whether NULs are followed by data, so that they may stay for good. */
  readonly hasGap: boolean
}

/**
 * A file that is being written, read by whole lines. NULs are not read: not at the end, and not between rows unless
 * asked to, as rows may come into their place.
 */
export class GrowingFile {
  /** Place of reading: the bytes before it have been handed over. */
  offset: number
  /** Bytes of the file that are not read yet, as last seen; NULs at its end not counted. */
  behind = 0
  readonly #path: string
  #file: FileHandle | undefined
  #proof: Buffer
  /** Up to here lines are whole; behind the place of reading only inside a line longer than a block. */
  #wholeTo: number
  /** Bytes that hold no line feed, behind the place of reading. */
  #scanned = 0

  private constructor(path: string, offset: number, file: FileHandle, proof: Buffer) {
    this.#path = path
    this.#file = file
    this.#proof = proof
    this.offset = offset
    this.#wholeTo = offset
  }

  /**
   * @param identity the file that is meant, `dev:ino`; undefined for whichever has that name
   * @throws SOURCE_UNREADABLE, also where the name leads to another file by now
   */
  static async open(path: string, offset: number, identity?: string): Promise<GrowingFile> {
    try {
      const file = await open(path, 'r')
      const { dev, ino } = await file.stat({ bigint: true })
      if (identity !== undefined && identity !== `${dev}:${ino}`) {
        await file.close()
        throw Object.assign(new Error('another file has its name'), { code: 'ENOENT' })
      }
      const bytes = Math.min(PROOF_BYTES, offset)
      return new GrowingFile(path, offset, file, await readExactly(file, offset - bytes, bytes))
    } catch (cause) {
      throw unreadable(path, cause)
    }
  }

  /**
   * What comes next.
   *
   * @param passGap whether NULs that data follows are taken for what stays
   * @throws SOURCE_UNREADABLE
   */
  async next(passGap: boolean): Promise<Ahead> {
    try {
      const file = await this.#open()
      const { size } = await file.stat()
      if (size < this.offset || !(await this.#isProven(file))) return { is: 'replaced' }
      return await this.#next(file, size, passGap)
    } catch (cause) {
      throw unreadable(this.#path, cause)
    }
  }

  async #next(file: FileHandle, size: number, passGap: boolean): Promise<Ahead> {
    if (this.offset < this.#wholeTo)
      return this.#lines(await this.#read(file, this.offset, this.#wholeTo), size)
    for (let from = this.offset + this.#scanned; ; from = this.offset + this.#scanned) {
      const block = await this.#read(file, from, size)
      const nul = block.indexOf(0)
      const content = nul === -1 ? size : await sizeWithoutPadding(file, size, from + nul)
      const hasGap = nul !== -1 && content > from + nul
      const end = nul === -1 ? block.length : hasGap && passGap ? Math.min(block.length, content - from) : nul
      const lf = block.subarray(0, end).lastIndexOf(LF)
      if (lf !== -1 && this.#scanned === 0) return this.#lines(block.subarray(0, lf + 1), content)
      if (lf !== -1) {
        this.#wholeTo = from + lf + 1
        return this.#next(file, size, passGap)
      }
      const torn = this.#scanned + end
      if (end < BLOCK_BYTES || block.length < BLOCK_BYTES) {
        this.behind = torn
        const stops = hasGap && !passGap
        return { is: 'rest', torn, padding: stops ? 0 : size - content, hasGap: stops }
      }
      this.#scanned = torn
    }
  }

  #lines(block: Buffer, size: number): Ahead {
    this.offset += block.length
    this.#wholeTo = Math.max(this.#wholeTo, this.offset)
    this.#scanned = 0
    this.behind = Math.max(0, size - this.offset)
    this.#proof = Buffer.concat([this.#proof, block.subarray(-PROOF_BYTES)]).subarray(-PROOF_BYTES)
    return { is: 'lines', block }
  }

  /** Bytes behind the place of reading, which stays. */
  async peek(bytes: number): Promise<Buffer> {
    return readExactly(await this.#open(), this.offset, bytes)
  }

  /** The bytes of a last line that will not be finished; the place of reading is behind them then. */
  async rest(bytes: number): Promise<Buffer> {
    const block = await this.peek(bytes)
    this.offset += block.length
    return block
  }

  /** The first bytes of the file. */
  async start(bytes: number): Promise<Buffer> {
    return readExactly(await this.#open(), 0, bytes)
  }

  #read(file: FileHandle, from: number, to: number): Promise<Buffer> {
    return readExactly(file, from, Math.max(0, Math.min(BLOCK_BYTES, to - from)))
  }

  async #isProven(file: FileHandle): Promise<boolean> {
    const { length } = this.#proof
    return (await readExactly(file, this.offset - length, length)).equals(this.#proof)
  }

  /** The file under its name, opened once more after `rest` and `close`. */
  async #open(): Promise<FileHandle> {
    this.#file ??= await open(this.#path, 'r')
    return this.#file
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}
