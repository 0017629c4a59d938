import type { Reader } from '../formats/format.ts'
import { MAX_LINE_BYTES } from '../formats/lines.ts'
import type { SourceRecord } from '../ledger/entry.ts'
import type { GrowingFile, Rest } from '../sources/growing.ts'
import type { PrefixDigest } from '../sources/prefix.ts'
import { isRecord } from './file-sort.ts'
import type { Intake } from './intake.ts'
import { lastLine } from './last-line.ts'
import { digestOfHead, HEAD_DIGEST_BYTES } from './source-index.ts'
import { addWarnings } from './warnings.ts'

/**
 * A log that is being read as it grows. After each block its record says what an entry may say: everything before the
 * last whole line has been read, with its digest, as if the file had ended there.
 */
export class OpenLog {
  readonly record: SourceRecord
  #decoded = 0
  readonly #intake: Intake
  readonly #reader: Reader
  readonly #file: GrowingFile
  readonly #prefix: PrefixDigest
  #rest: Rest = { is: 'rest', torn: 0, padding: 0, hasGap: false }

  constructor(intake: Intake, record: SourceRecord, reader: Reader, file: GrowingFile, prefix: PrefixDigest) {
    this.#intake = intake
    this.record = record
    this.#reader = reader
    this.#file = file
    this.#prefix = prefix
  }

  /** Whether NULs stand where rows may come. */
  get hasPadding(): boolean {
    return this.#rest.padding > 0 || this.#rest.hasGap
  }

  /** Whether the last line, or what NULs keep apart from the rest, waits for being read. */
  get hasTorn(): boolean {
    return this.#rest.torn > 0 || this.#rest.hasGap
  }

  /** Whether the last line is a whole record though it has no line feed: JSON says where it ends. */
  async isTornWhole(): Promise<boolean> {
    const { torn, hasGap } = this.#rest
    const isJson = this.record.format === 'apigee-export' || this.record.format === 'envelope'
    if (!isJson || torn === 0 || torn > MAX_LINE_BYTES || hasGap) return false
    return isRecord(await this.#file.peek(torn))
  }

  get behindBytes(): number {
    return this.#file.behind
  }

  /** Hops decoded since this was last asked for. */
  takeDecoded(): number {
    const decoded = this.#decoded
    this.#decoded = 0
    return decoded
  }

  /** @returns what was there: `lines` were read, `rest` waits, the file was `replaced` */
  async read(passGap: boolean): Promise<'lines' | 'rest' | 'replaced'> {
    const ahead = await this.#file.next(passGap)
    if (ahead.is === 'lines') await this.#take(ahead.block)
    else if (ahead.is === 'rest') this.#rest = ahead
    return ahead.is
  }

  async #take(block: Buffer): Promise<void> {
    const { record } = this
    const before = record.accounting.decoded
    this.#intake.reading(record)
    this.#reader.push(block)
    await this.#intake.drain()
    record.state = this.#reader.state()
    await this.#settle(block, record.state.byteOffset)
    this.#decoded += record.accounting.decoded - before
    this.#intake.checkRejects(record)
  }

  async #settle(block: Buffer, to: number): Promise<void> {
    const { record } = this
    const hadHead = record.rawBytes >= HEAD_DIGEST_BYTES
    this.#prefix.push(block, to)
    record.rawBytes = to
    record.sha256 = this.#prefix.sha256
    record.accounting.bytes = to
    record.status = to > 0 ? 'complete' : 'partial'
    if (!hadHead) record.head = digestOfHead(await this.#file.start(Math.min(to, HEAD_DIGEST_BYTES)))
    addWarnings(record)
  }

  /** Takes a last line without a line feed as it is. */
  async finish(): Promise<void> {
    const { record } = this
    const block = await this.#file.rest(this.#rest.torn)
    this.#intake.reading(record)
    this.#reader.push(block)
    record.state = this.#reader.state()
    const whole = structuredClone(record.accounting)
    this.#reader.end()
    record.torn = lastLine(whole, record.accounting)
    this.#decoded += record.accounting.decoded - whole.decoded
    await this.#settle(block, this.#file.offset)
    if (this.#rest.padding > 0) record.padding = this.#rest.padding
  }

  async close(): Promise<void> {
    this.#intake.end(this.record)
    await this.#file.close()
  }
}
