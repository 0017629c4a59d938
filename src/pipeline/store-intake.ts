import type { SourceRecord } from '../ledger/entry.ts'
import { factsRelation } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { inSpan, type OwnSpan, timed } from '../telemetry/record.ts'
import { CarriedLines } from './carried.ts'
import { commitSources } from './commit-sources.ts'
import { Intake, type IntakeOptions } from './intake.ts'
import { isPruned } from './known.ts'
import { Stager } from './stager.ts'
import type { EarlierLine } from './tail.ts'

/** Makes what readers decode part of a store, one ledger entry after the other. */
export class StoreIntake extends Intake {
  protected readonly sink: Stager
  readonly #store: Store
  readonly #options: IntakeOptions
  readonly #carried: CarriedLines

  private constructor(store: Store, options: IntakeOptions, carried: CarriedLines) {
    super(options, store.state.sources.values())
    this.#store = store
    this.#options = options
    this.#carried = carried
    this.sink = new Stager(store)
  }

  static async open(store: Store, options: IntakeOptions): Promise<StoreIntake> {
    return new StoreIntake(store, options, await CarriedLines.create(store.db))
  }

  override isPruned(source: SourceRecord): boolean {
    return isPruned(this.#store.state, source)
  }

  override reading(record: SourceRecord): void {
    super.reading(record)
    this.sink.sourceId = record.id
  }

  /** Whether the store has any in the time of the source. */
  protected override async hasRecordsWithoutId({
    accounting: { firstUs, lastUs },
  }: SourceRecord): Promise<boolean> {
    if (firstUs === undefined || lastUs === undefined) return false
    const { db, state, root } = this.#store
    const facts = factsRelation(state, root, 'gateway', { fromUs: firstUs, toUs: lastUs + 1 })
    const rows = await db.rows(`SELECT 1 AS found FROM ${facts} WHERE message_id IS NULL LIMIT 1`)
    return rows.length > 0
  }

  protected override async enter(sourceId: number, lines: readonly EarlierLine[]): Promise<void> {
    await this.#carried.forget([sourceId])
    await this.#carried.enter(sourceId, lines)
  }

  /** Makes everything read so far part of the store, in one ledger entry. */
  override async commit(): Promise<readonly string[]> {
    if (this.pending === 0) return this.#commit()
    return inSpan('commit', {}, span => timed('throughline.commit.duration', () => this.#commit(span)))
  }

  async #commit(span?: OwnSpan<'commit'>): Promise<readonly string[]> {
    const { staged, rejects } = await this.sink.flush()
    if (staged.length === 0 && !rejects && this.pending === 0) return []
    const goingOn = [...this.open.keys()].filter(id => this.changed.has(id))
    await this.#carried.note(goingOn, staged)
    const rows = staged.reduce((sum, s) => sum + s.rows, 0)
    const committed = await commitSources(this.#store, this.changed, rows, {
      staged, rejects, refused: this.refused, config: this.#options.configDigest,
    }) // biome-ignore format: one call
    const { sources, added, days } = committed
    await this.#carried.apply()
    await this.#carried.forget(this.ended)
    this.settle(sources)
    span?.set({ 'throughline.sources': sources.length, 'throughline.rows': rows, 'throughline.lines': added.lines, 'throughline.days': days.length }) // biome-ignore format: one line
    this.#options.onCommit?.(committed)
    return days
  }

  override async drain(): Promise<void> {
    await this.sink.drain()
  }

  override get stagedRows(): number {
    return this.sink.stagedRows
  }

  override async close(): Promise<void> {
    await this.sink.close()
  }
}
