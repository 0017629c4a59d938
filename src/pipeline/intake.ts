import type { Config } from '../config/schema.ts'
import { ThroughlineError } from '../errors.ts'
import type { RowSink } from '../formats/chunk.ts'
import type { Format, ReaderContext } from '../formats/format.ts'
import type { RefusedRecord, SourceRecord } from '../ledger/entry.ts'
import { createScrubber } from '../model/scrub.ts'
import { emptyAccounting } from '../model/source.ts'
import type { Counts } from './counts.ts'
import { KnownSources } from './known.ts'
import { type Origin, originFinder } from './origin.ts'
import { digestOfHead } from './source-index.ts'
import { type EarlierLine, isNumberedBySecond, tailLines } from './tail.ts'

export interface ReadingOptions {
  readonly config: Config
  readonly host?: string | undefined
  readonly site?: string | undefined
  readonly fields?: readonly string[] | undefined
  /** Keyed hash of a credential. */
  readonly pseudonym: (secret: string) => string
  /** Rejected lines after which reading stops; what was committed until then stays. */
  readonly maxRejects?: number | undefined
}

export interface IntakeOptions extends ReadingOptions {
  readonly configDigest: string
  /** Called after each entry. */
  readonly onCommit?: ((committed: Committed) => void) | undefined
}

/** What a commit added. */
export interface Committed {
  /** Sources as they stand with it. */
  readonly sources: readonly SourceRecord[]
  /** Lines since the commit before; negative where a last line was read again. */
  readonly added: Counts
  /** Days with new hops, `YYYY-MM-DD`. */
  readonly days: readonly string[]
}

/** What a new source is, before anything of it is decoded. */
export interface NewSource {
  readonly path: string
  readonly format: string
  readonly gzip: boolean
  /** Its first bytes. */
  readonly head: Buffer
  readonly identity?: string | undefined
}

/**
 * Takes in what readers decode, commit by commit. It knows sources and their accounting; where bytes come from is for
 * those who feed it, and where rows go for those who extend it.
 */
export abstract class Intake {
  readonly known: KnownSources
  protected readonly options: ReadingOptions
  /** Sources that changed since the last commit. */
  protected readonly changed = new Map<number, SourceRecord>()
  /** Sources that are being read. */
  protected readonly open = new Map<number, SourceRecord>()
  protected refused: RefusedRecord[] = []
  protected ended: number[] = []
  readonly #origin: (path: string) => Origin
  readonly #scrubbers
  #nextId = 0
  /** Lines that were rejected, of sources that have ended. */
  #rejected = 0

  protected constructor(options: ReadingOptions, sources: Iterable<SourceRecord>) {
    this.options = options
    const all = [...sources]
    this.known = new KnownSources(all)
    for (const { id } of all) this.#nextId = Math.max(this.#nextId, id + 1)
    const { config, host, site } = options
    const { names, exempt } = config.scrub
    const scrubber = createScrubber(names, exempt)
    const isPlain = names.length === 0 && exempt.length === 0
    this.#scrubbers = { scrubber, identityScrubber: isPlain ? scrubber : createScrubber() }
    this.#origin = originFinder({ ...(host ? { host } : {}), ...(site ? { site } : {}) }, config.hosts)
  }

  /** Where readers write. */
  protected abstract readonly sink: RowSink
  /** Hops that are decoded and in no commit yet. */
  abstract readonly stagedRows: number
  /** Whether everything that was read from a source has been pruned since. */
  abstract isPruned(source: SourceRecord): boolean
  /** Lets what takes the rows catch up; to be awaited after each block that was pushed. */
  abstract drain(): Promise<void>
  /**
   * Makes everything that was read so far durable where it belongs.
   *
   * @returns days with new hops, `YYYY-MM-DD`
   */
  abstract commit(): Promise<readonly string[]>
  abstract close(): Promise<void>
  /** Whether a source has records of an export without an id of their own. */
  protected abstract hasRecordsWithoutId(record: SourceRecord): Promise<boolean>
  /** Takes the lines that stand before the place where a source is resumed; none where they are not numbered. */
  protected abstract enter(sourceId: number, lines: readonly EarlierLine[]): Promise<void>

  /** Whether something of a source was read since the last commit. */
  isPending(id: number): boolean {
    return this.changed.has(id)
  }

  /** Sources and refusals that the next commit will hold. */
  get pending(): number {
    return this.changed.size + this.refused.length
  }

  /** A source that is not known. It takes the number of an unfinished read of the same file. */
  begin({ path, format, gzip, head, identity }: NewSource): SourceRecord {
    const headDigest = gzip ? '' : digestOfHead(head)
    return {
      id: this.known.unfinished(path, headDigest) ?? this.#nextId++,
      path,
      format,
      gzip,
      ...this.#origin(path),
      sha256: '',
      rawBytes: 0,
      head: headDigest,
      ...(identity ? { identity } : {}),
      state: { lineNo: 1, byteOffset: 0, format: {} },
      accounting: emptyAccounting(),
      status: 'partial',
    }
  }

  /**
   * A source that has grown, as it stood behind its last whole line.
   *
   * @param plain where its bytes before that place are; undefined where they are compressed now
   */
  async resume(earlier: SourceRecord, format: Format, plain: string | undefined): Promise<SourceRecord> {
    const record = structuredClone({ ...earlier, status: 'partial' as const })
    const isNumbered = isNumberedBySecond(format) || (await this.hasRecordsWithoutId(record))
    const lines = plain && isNumbered ? await tailLines(plain, record, format, this.context(record)) : []
    await this.enter(record.id, lines)
    record.accounting.bytes = record.state.byteOffset
    return record
  }

  context(record: SourceRecord): ReaderContext {
    const { config, fields, pseudonym } = this.options
    return {
      sourceId: record.id,
      host: record.host,
      site: record.site,
      innerOrigin: this.#origin,
      fields,
      ...this.#scrubbers,
      pseudonym,
      gatewayFields: config.fields.gateway,
      appFields: config.fields.app,
      accounting: record.accounting,
      sink: this.sink,
    }
  }

  /** Says that rows of this source follow; the next commit holds it as it stands then. */
  reading(record: SourceRecord): void {
    this.changed.set(record.id, record)
    this.open.set(record.id, record)
    if (this.ended.includes(record.id)) this.ended = this.ended.filter(id => id !== record.id)
  }

  refuse(record: RefusedRecord): void {
    this.refused.push(record)
  }

  /** To be called when a source is not read on: behind the next commit nothing of it is carried any more. */
  end(record: SourceRecord): void {
    this.#rejected += record.accounting.rejected
    this.open.delete(record.id)
    this.ended.push(record.id)
  }

  /**
   * @param record the source that is read now
   * @throws REJECTS_EXCEEDED
   */
  checkRejects(record: SourceRecord): void {
    const { maxRejects } = this.options
    const rejected = this.#rejected + record.accounting.rejected
    if (maxRejects === undefined || rejected <= maxRejects) return
    throw new ThroughlineError(
      'REJECTS_EXCEEDED',
      `ingest ${record.path}: ${rejected} lines rejected so far, --max-rejects allows ${maxRejects}; nothing since the last commit was kept. See docs/formats.md for the reasons`,
      { rejected, allowed: maxRejects, rejectedBy: record.accounting.rejectedBy },
    )
  }

  /** Forgets what the commit that was just made has taken, and notes its sources as known. */
  protected settle(sources: readonly SourceRecord[]): void {
    for (const record of sources) this.known.put(record)
    this.ended = []
    this.changed.clear()
    this.refused = []
  }
}
