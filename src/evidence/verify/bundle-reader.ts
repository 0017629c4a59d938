import { textOf, toHex } from '../../ledger/bytes.ts'
import { MANIFEST_FILE } from './format.ts'
import { BadFile, LineReader, readAll } from './lines.ts'
import type { BundleFiles, Crypto, Hasher } from './world.ts'

/** Reads files of a bundle and takes their digests on the way. */
export class BundleReader {
  /** The file that was opened last. */
  reading: string = MANIFEST_FILE
  readonly #files: BundleFiles
  readonly #crypto: Crypto
  readonly #hashers = new Map<string, Hasher>()

  constructor(files: BundleFiles, crypto: Crypto) {
    this.#files = files
    this.#crypto = crypto
  }

  lines(name: string): LineReader {
    return new LineReader(name, this.#files.read(name), this.#hasherOf(name))
  }

  async bytes(name: string): Promise<Uint8Array> {
    const hasher = this.#hasherOf(name)
    const bytes = await readAll(this.#files.read(name))
    hasher.update(bytes)
    return bytes
  }

  /** @throws BadFile where it is not UTF-8 */
  async text(name: string): Promise<string> {
    const text = textOf(await this.bytes(name))
    if (text === undefined) throw new BadFile(`${name}: bytes that are not UTF-8`)
    return text
  }

  /** What is in a file of JSON lines; what it is made of is not checked. */
  async records<T>(name: string): Promise<T[]> {
    const reader = this.lines(name)
    const records: T[] = []
    for (let line = await reader.next(); line; line = await reader.next())
      records.push(JSON.parse(line.text) as T)
    return records
  }

  /** SHA-256 of a file, hex. One that was not read to its end is read again. */
  async digestOf(name: string): Promise<string | undefined> {
    if (!this.#hashers.has(name)) await this.bytes(name)
    const hasher = this.#hashers.get(name)
    return hasher && toHex(hasher.digest())
  }

  /** Files that were read in part are to be read again for their digests. */
  forget(): void {
    this.#hashers.clear()
  }

  #hasherOf(name: string): Hasher {
    this.reading = name
    const hasher = this.#crypto.hasher()
    this.#hashers.set(name, hasher)
    return hasher
  }
}
