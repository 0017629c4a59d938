import type { Config } from '../config/schema.ts'
import { ThroughlineError } from '../errors.ts'
import type { Format, ReaderContext } from '../formats/format.ts'
import type { RefusedRecord, SourceRecord } from '../ledger/entry.ts'
import { createScrubber } from '../model/scrub.ts'
import { emptyAccounting } from '../model/source.ts'
import { commitBatch } from '../store/commit.ts'
import type { Store } from '../store/store.ts'
import { inSpan, type OwnSpan, timed } from '../telemetry/record.ts'
import { CarriedLines } from './carried.ts'
import { countCommit, lineChanges } from './count-lines.ts'
import { addedBy, type Counts, noCounts } from './counts.ts'
import { accountFor } from './duplicates.ts'
import { KnownSources } from './known.ts'
import { type Origin, originFinder } from './origin.ts'
import { digestOfHead } from './source-index.ts'
import { Stager } from './stager.ts'
import { hasRecordsWithoutId, isNumberedBySecond, tailLines } from './tail.ts'

export interface IntakeOptions {
  readonly config: Config
  readonly configDigest: string
  readonly host?: string | undefined
  readonly site?: string | undefined
  readonly fields?: readonly string[] | undefined
  /** Keyed hash of a credential. */
  readonly pseudonym: (secret: string) => string
  /** Rejected lines after which reading stops; what was committed until then stays. */
  readonly maxRejects?: number | undefined
  /** Called after each entry. */
  readonly onCommit?: ((committed: Committed) => void) | undefined
}

/** What an entry added. */
export interface Committed {
  /** Sources as the entry has them. */
  readonly sources: readonly SourceRecord[]
  /** Lines since the entry before; negative where a last line was read again. */
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
 * Takes in what readers decode and makes it part of the store, one ledger entry after the other. It knows sources and
 * their accounting; where bytes come from is for those who feed it.
 */
export class Intake {
  readonly store: Store
  readonly known: KnownSources
  readonly #stager: Stager
  readonly #options: IntakeOptions
  readonly #carried: CarriedLines
  readonly #origin: (path: string) => Origin
  readonly #scrubbers
  /** Sources that changed since the last entry. */
  #pending = new Map<number, SourceRecord>()
  /** Sources that are being read. */
  readonly #open = new Map<number, SourceRecord>()
  #pendingRefused: RefusedRecord[] = []
  #ended: number[] = []
  #nextId = 0
  /** Lines that were rejected, of sources that have ended. */
  #rejected = 0

  private constructor(store: Store, options: IntakeOptions, carried: CarriedLines) {
    this.store = store
    this.#options = options
    this.#carried = carried
    this.#stager = new Stager(store)
    this.known = new KnownSources(store.state.sources.values())
    for (const id of store.state.sources.keys()) this.#nextId = Math.max(this.#nextId, id + 1)
    const { config, host, site } = options
    const { names, exempt } = config.scrub
    const scrubber = createScrubber(names, exempt)
    const isPlain = names.length === 0 && exempt.length === 0
    this.#scrubbers = { scrubber, identityScrubber: isPlain ? scrubber : createScrubber() }
    this.#origin = originFinder({ ...(host ? { host } : {}), ...(site ? { site } : {}) }, config.hosts)
  }

  static async open(store: Store, options: IntakeOptions): Promise<Intake> {
    return new Intake(store, options, await CarriedLines.create(store.db))
  }

  /** Whether something of a source was read since the last entry. */
  isPending(id: number): boolean {
    return this.#pending.has(id)
  }

  /** Sources and refusals that the next entry will hold. */
  get pending(): number {
    return this.#pending.size + this.#pendingRefused.length
  }

  /** A source that the store does not know. It takes the number of an unfinished read of the same file. */
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
    await this.#carried.forget([record.id])
    const isNumbered = isNumberedBySecond(format) || (await hasRecordsWithoutId(this.store, record))
    if (plain && isNumbered)
      await this.#carried.enter(record.id, await tailLines(plain, record, format, this.context(record)))
    record.accounting.bytes = record.state.byteOffset
    return record
  }

  context(record: SourceRecord): ReaderContext {
    const { config, fields, pseudonym } = this.#options
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
      sink: this.#stager,
    }
  }

  /** Says that rows of this source follow; the next entry holds it as it stands then. */
  reading(record: SourceRecord): void {
    this.#pending.set(record.id, record)
    this.#open.set(record.id, record)
    this.#stager.sourceId = record.id
  }

  refuse(record: RefusedRecord): void {
    this.#pendingRefused.push(record)
  }

  /** To be called when a source is not read on: behind the next entry nothing of it is carried any more. */
  end(record: SourceRecord): void {
    this.#rejected += record.accounting.rejected
    this.#open.delete(record.id)
    this.#ended.push(record.id)
  }

  /**
   * @param record the source that is read now
   * @throws REJECTS_EXCEEDED
   */
  checkRejects(record: SourceRecord): void {
    const { maxRejects } = this.#options
    const rejected = this.#rejected + record.accounting.rejected
    if (maxRejects === undefined || rejected <= maxRejects) return
    throw new ThroughlineError(
      'REJECTS_EXCEEDED',
      `ingest ${record.path}: ${rejected} lines rejected so far, --max-rejects allows ${maxRejects}; nothing since the last commit was kept. See docs/formats.md for the reasons`,
      { rejected, allowed: maxRejects, rejectedBy: record.accounting.rejectedBy },
    )
  }

  /**
   * Makes everything read so far part of the store, in one ledger entry.
   *
   * @returns days with new hops, `YYYY-MM-DD`
   */
  async commit(): Promise<readonly string[]> {
    if (this.pending === 0) return this.#commit()
    return inSpan('commit', {}, span => timed('throughline.commit.duration', () => this.#commit(span)))
  }

  async #commit(span?: OwnSpan<'commit'>): Promise<readonly string[]> {
    const { staged, rejects } = await this.#stager.flush()
    if (staged.length === 0 && !rejects && this.pending === 0) return []
    const goingOn = [...this.#open.keys()].filter(id => this.#pending.has(id))
    await this.#carried.note(goingOn, staged)
    const rows = staged.reduce((sum, s) => sum + s.rows, 0)
    let sources: SourceRecord[] = []
    let added = noCounts()
    let changes: ReturnType<typeof lineChanges> = []
    const days = await commitBatch(this.store, {
      staged,
      rejects,
      sources: (duplicates, late) => {
        accountFor(this.#pending, duplicates, late)
        sources = [...this.#pending.values()].map(record => structuredClone(record))
        added = addedBy(sources, this.store.state.sources)
        changes = lineChanges(sources, this.store.state.sources)
        return sources
      },
      refused: this.#pendingRefused,
      config: this.#options.configDigest,
    })
    countCommit(rows, changes, this.#pendingRefused.length)
    await this.#carried.apply()
    await this.#carried.forget(this.#ended)
    for (const record of sources) this.known.put(record)
    this.#ended = []
    this.#pending = new Map()
    this.#pendingRefused = []
    span?.set({ 'throughline.sources': sources.length, 'throughline.rows': rows, 'throughline.lines': added.lines, 'throughline.days': days.length }) // biome-ignore format: one line
    this.#options.onCommit?.({ sources, added, days })
    return days
  }

  /** Lets decoding catch up; to be awaited after each block that was pushed. */
  async drain(): Promise<void> {
    await this.#stager.drain()
  }

  /** Hops that are decoded and in no entry yet. */
  get stagedRows(): number {
    return this.#stager.stagedRows
  }

  async close(): Promise<void> {
    await this.#stager.close()
  }
}
