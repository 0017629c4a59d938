import { ThroughlineError } from '../../errors.ts'
import type { ChunkLayout } from '../../formats/chunk.ts'
import type { OffsetRecord, RefusedRecord, SeenRecord, SourceRecord } from '../../ledger/entry.ts'
import type { LedgerState } from '../../ledger/state.ts'
import type { Reject } from '../../model/source.ts'
import { CarriedLines } from '../../pipeline/carried.ts'
import { commitSources } from '../../pipeline/commit-sources.ts'
import { Stager } from '../../pipeline/stager.ts'
import type { StagedSegment } from '../../store/dedupe.ts'
import { quoteTexts } from '../../store/query.ts'
import type { Store } from '../../store/store.ts'
import { inSpan, timed } from '../../telemetry/record.ts'
import type { Batch, HopBatch, RejectBatch } from '../batch/header.ts'
import { appendRows, rowsTaken } from './rows.ts'
import { ShippedSources } from './shipped-sources.ts'

export interface BatchIntakeOptions {
  readonly configDigest: string
  /** Whether rows that are missing are passed over: their loss was accepted. */
  readonly acceptsLoss: boolean
  /** Says what was passed over. */
  readonly onLoss?: ((what: string) => void) | undefined
}

/** What an entry added. */
export interface Taken {
  /** Rows that became hops of this store, and those of them that it had before. */
  readonly hops: number
  readonly duplicates: number
  readonly rejected: number
  /** Rows of days that had been closed before. */
  readonly late: number
  /** Days with new hops, `YYYY-MM-DD`. */
  readonly days: readonly string[]
}

/** Makes messages part of the store of their partition, one ledger entry after the other. */
export class BatchIntake {
  readonly #store: Store
  readonly #stager: Stager
  readonly #options: BatchIntakeOptions
  readonly #layouts = new Map<string, ChunkLayout>()
  readonly #sources: ShippedSources
  /** The read whose rows of a source are in no entry yet. */
  #reads = new Map<number, string>()
  #applications = new Set<string>()
  #refused: RefusedRecord[] = []
  #seen = new Map<string, SeenRecord>()
  #rows = 0
  #replayed = 0

  private constructor(store: Store, options: BatchIntakeOptions) {
    this.#store = store
    this.#options = options
    this.#stager = new Stager(store)
    this.#sources = new ShippedSources(store.state)
  }

  static async open(store: Store, options: BatchIntakeOptions): Promise<BatchIntake> {
    // Lines are numbered where they are read: nothing is carried here, but deduplication asks for it.
    await CarriedLines.create(store.db)
    return new BatchIntake(store, options)
  }

  /** Rows that are in no entry yet. */
  get rows(): number {
    return this.#rows
  }

  /** Rows that came again, since this was last asked for. */
  takeReplayed(): number {
    const replayed = this.#replayed
    this.#replayed = 0
    return replayed
  }

  /**
   * Takes a message.
   *
   * @param where topic, partition and offset
   * @throws KAFKA_LOST where rows before it never came; KAFKA_MESSAGE
   */
  async take(batch: Batch, rows: Buffer, where: string): Promise<void> {
    if (batch.kind === 'progress') {
      for (const seen of batch.seen) this.#noteSeen(seen)
      return
    }
    const record = this.#sources.of(batch)
    this.#stager.sourceId = record.id
    if (batch.kind === 'hops') this.#takeHops(batch, rows, record, where)
    else this.#takeRejects(batch, rows, record, where)
    this.#sources.bringUpToDate(record, batch)
    await this.#stager.drain()
  }

  /** Notes a message that was put aside, so that the ledger says so. */
  putAside(record: RefusedRecord): void {
    this.#refused.push(record)
  }

  #noteSeen(seen: SeenRecord): void {
    const key = `${seen.side} ${seen.host}`
    const before = this.#seen.get(key) ?? this.#store.state.seen.get(key)
    if (seen.us > (before?.us ?? Number.NEGATIVE_INFINITY)) this.#seen.set(key, seen)
  }

  /**
   * Whether what was taken must be in an entry before a message is. Within one, equal rows of a source are told apart as
   * lines of their own; a file that is read again from its beginning gives the same ones, and so does a last line that
   * is read again when its line feed has come.
   */
  mustCommitBefore(batch: Batch): boolean {
    if (batch.kind !== 'hops' || !batch.first) return false
    const number = this.#sources.numberOf(batch)
    const read = number === undefined ? undefined : this.#reads.get(number)
    if (read === undefined) return false
    return read !== batch.source || batch.first.byteOffset <= this.#sources.rowsTo(batch)
  }

  #takeHops(batch: HopBatch, rows: Buffer, record: SourceRecord, where: string): void {
    const { application, lengths } = batch
    const taken = this.#sources.takenOf(record, batch)
    this.#applications.add(application)
    const layouts = batch.layouts.map(layout => this.#layout(layout, where))
    const comesAgain = this.#comesAgain(batch, taken.rows, 'rows', where)
    const skip = comesAgain ? rowsTaken({ batch, layouts, rows }, taken) : 0
    this.#replayed += skip
    taken.rows = countNow(taken.rows, batch, skip)
    if (skip >= lengths.length) return
    appendRows(this.#stager, record.id, { batch, layouts, rows, skip })
    this.#rows += lengths.length - skip
    this.#reads.set(record.id, batch.source)
    taken.rowsTo = batch.last?.byteOffset
  }

  #takeRejects(batch: RejectBatch, rows: Buffer, record: SourceRecord, where: string): void {
    const { lengths, before } = batch
    const taken = this.#sources.takenOf(record, batch)
    const comesAgain = this.#comesAgain(batch, taken.rejects, 'rejected lines', where)
    const { rejects, rejectsTo } = taken
    let skip = 0
    let from = 0
    for (const [place, length] of lengths.entries()) {
      const reject = JSON.parse(rows.toString('utf8', from, from + length)) as Reject
      from += length
      const isTaken = rejectsTo === undefined ? before + place < rejects : reject.byteOffset <= rejectsTo
      if (comesAgain && isTaken) skip++
      else {
        this.#stager.reject(reject)
        taken.rejectsTo = reject.byteOffset
      }
    }
    taken.rejects = countNow(rejects, batch, skip)
  }

  /** Whether rows of a message may have been taken before: its collector counts from less than was taken. */
  #comesAgain(
    { before, source, application, record, collector }: HopBatch | RejectBatch,
    taken: number,
    what: string,
    where: string,
  ): boolean {
    if (before <= taken) return before < taken
    const missing = `${before - taken} ${what} of ${record.path} (${collector}, application ${application}) never came: ${taken} were taken, the message says ${before} before it`
    if (this.#options.acceptsLoss) {
      this.#options.onLoss?.(missing)
      this.#refused.push({ path: `kafka ${where}`, name: 'lost', advice: missing })
      return false
    }
    throw new ThroughlineError(
      'KAFKA_LOST',
      `message ${where}: ${missing}. Kafka has deleted or lost messages; see "Lost messages" in docs/kafka.md: the log can be read again, or the loss accepted with work --accept-loss`,
      { where, source, missing: before - taken },
    )
  }

  #layout(layout: HopBatch['layouts'][number], where: string): ChunkLayout {
    const key = JSON.stringify(layout)
    let known = this.#layouts.get(key)
    if (known) return known
    const { kind, delimiter, quote, nullText, columns } = layout
    if (columns[0] !== 'source_id' || !['hop_id', 'line_no', 'byte_offset'].every(c => columns.includes(c)))
      throw new ThroughlineError('KAFKA_MESSAGE', `message ${where}: a layout lacks source_id, hop_id, line_no or byte_offset; a collector of another version wrote it. Update collectors and workers (docs/kafka.md)`, { where }) // biome-ignore format: one message
    known = { kind, delimiter, quote, nullText, columns, key: `kafka ${key}` }
    this.#layouts.set(key, known)
    return known
  }

  /**
   * Makes everything taken so far part of the store, in one ledger entry.
   *
   * @param consumed how far topics were read with it
   * @throws KAFKA_MESSAGE where rows are of an application that another partition may hold, too
   */
  async commit(consumed: readonly OffsetRecord[]): Promise<Taken> {
    return inSpan('commit', {}, () => timed('throughline.commit.duration', () => this.#commit(consumed)))
  }

  async #commit(consumed: readonly OffsetRecord[]): Promise<Taken> {
    const { staged, rejects } = await this.#stager.flush()
    await this.#checkApplications(staged.map(s => s.file))
    const late = lateRows(this.#store.state, staged)
    const { added, days } = await commitSources(this.#store, this.#sources.changed, this.#rows, {
      staged, rejects, refused: this.#refused, config: this.#options.configDigest, consumed,
      seen: [...this.#seen.values()],
    }) // biome-ignore format: one call
    const taken = { hops: this.#rows, duplicates: added.duplicates, rejected: rejects?.rows ?? 0, late, days }
    this.#sources.changed = new Map()
    this.#reads = new Map()
    this.#refused = []
    this.#seen = new Map()
    this.#rows = 0
    return taken
  }

  /** What decoding makes of the rows must be what their collector took them for: its partition is by that. */
  async #checkApplications(files: readonly string[]): Promise<void> {
    if (files.length === 0) return
    const known = new Set(this.#applications)
    for (const { application } of this.#store.state.days.values()) known.add(application)
    const rows = await this.#store.db.rows<{ application: string }>(
      `SELECT DISTINCT application FROM read_parquet(${quoteTexts(files)})`,
    )
    const foreign = rows.map(r => r.application).filter(application => !known.has(application))
    if (foreign.length === 0) return
    throw new ThroughlineError(
      'KAFKA_MESSAGE',
      `work: rows that collectors sent as ${[...this.#applications].join(', ')} are of application ${foreign.join(', ')} by this worker's configuration; their store is another. Give collectors and workers the same applications: (docs/kafka.md)`,
      { found: foreign, sent: [...this.#applications] },
    )
  }

  async close(): Promise<void> {
    await this.#stager.close()
  }
}

/** How many rows were taken behind a message, as its collector counts; where it brought nothing new, not less than before. */
function countNow(taken: number, { before, lengths }: HopBatch | RejectBatch, skip: number): number {
  const counted = before + lengths.length
  return skip === lengths.length ? Math.max(taken, counted) : counted
}

/** Rows of days that are closed. */
function lateRows({ days }: LedgerState, staged: readonly StagedSegment[]): number {
  const closed = new Set([...days.values()].filter(d => d.state === 'closed').map(d => d.day))
  return staged.filter(s => closed.has(s.day)).reduce((sum, s) => sum + s.rows, 0)
}
