import { Chunk, type ChunkLayout, type RowSink } from '../../formats/chunk.ts'
import type { Format } from '../../formats/format.ts'
import type { SourceRecord } from '../../ledger/entry.ts'
import type { Reject } from '../../model/source.ts'
import { wrapsLines } from '../../model/wrapped.ts'
import { addedBy } from '../../pipeline/counts.ts'
import { type Committed, Intake, type NewSource, type ReadingOptions } from '../../pipeline/intake.ts'
import { type EarlierLine, isNumberedBySecond, NOT_SHIPPED, shippedFrom } from '../../pipeline/tail.ts'
import { BATCH_ROWS } from '../batch/header.ts'
import { RowText } from '../batch/row-text.ts'
import type { Topics } from '../topics.ts'
import { ApplicationOf } from './application-of.ts'
import { Checkpoint } from './checkpoint.ts'
import { HostsSeen } from './last-seen.ts'
import { Numbering } from './numbering.ts'
import { Outgoing, type Shipping } from './outgoing.ts'
import type { Outlet } from './sender.ts'

export interface ShipperOptions extends ReadingOptions {
  readonly collector: string
  readonly topics: Topics
  readonly onCommit?: ((committed: Committed) => void) | undefined
}

/** Columns of a row that are looked at, by their places. */
const COLUMNS = ['hop_id', 'line_no', 'byte_offset', 'attributes', 'gateway_flow_id']
/** The name of no column. */
const NOT_WANTED = '\0'
const [HOP_ID, LINE_NO, BYTE_OFFSET, ATTRIBUTES, OWN_ID] = [0, 1, 2, 3, 4]

/** Sends what readers decode to Kafka; a commit is what Kafka has acknowledged. */
export class Shipper extends Intake implements RowSink {
  protected readonly sink = this
  readonly #outgoing: Outgoing
  readonly #checkpoint: Checkpoint
  readonly #ship: ShipperOptions
  readonly #applications: ApplicationOf
  readonly #seen = new HostsSeen()
  readonly #shipping = new Map<number, Shipping>()
  readonly #texts = new Map<ChunkLayout, RowText>()
  readonly #chunks = new Map<string, RowChunk>()
  #current: Shipping | undefined

  constructor(checkpoint: Checkpoint, sender: Outlet, options: ShipperOptions) {
    super(
      options,
      [...checkpoint.sources.values()].map(s => s.record),
    )
    this.#checkpoint = checkpoint
    this.#outgoing = new Outgoing(sender, options.collector, options.topics)
    this.#ship = options
    this.#applications = new ApplicationOf(options.config.applications)
  }

  override isPruned(): boolean {
    return false
  }

  /** A source gets its id durably before anything of it is sent, so that it is the same source after a crash. */
  override begin(source: NewSource): SourceRecord {
    const record = super.begin(source)
    const before = this.#checkpoint.sources.get(record.id)
    this.#checkpoint.note([
      {
        record: structuredClone(record),
        source: Checkpoint.newSource(),
        ...(before ? { replaces: before.source } : {}),
        sent: {},
        hasRecordsWithoutId: false,
      },
    ])
    this.#shipping.delete(record.id)
    return record
  }

  override reading(record: SourceRecord): void {
    super.reading(record)
    this.#current = this.#shippingOf(record)
    this.#current.record = record
  }

  #shippingOf(record: SourceRecord): Shipping {
    let shipping = this.#shipping.get(record.id)
    if (shipping) return shipping
    const known = this.#checkpoint.sources.get(record.id)
    shipping = {
      record,
      source: known?.source ?? Checkpoint.newSource(),
      replaces: known?.replaces,
      next: known?.next,
      sent: structuredClone({ ...known?.sent }),
      drafts: new Map(),
      numbering: new Numbering(!isNumberedBySecond({ name: record.format })),
      rejects: [],
      hasRecordsWithoutId: known?.hasRecordsWithoutId ?? false,
    }
    this.#shipping.set(record.id, shipping)
    return shipping
  }

  /** The source of a path that is no file, as it was left, or a new one; with the offset at which reading goes on. */
  async openTopic(path: string, format: Format): Promise<{ record: SourceRecord; next: number | undefined }> {
    const known = [...this.#checkpoint.sources.values()].find(s => s.record.path === path)
    // Of one that was killed before it had noted anything, the first messages may be gone by now: it begins anew.
    if (known?.next !== undefined)
      return { record: await this.resume(known.record, format, undefined), next: known.next }
    const source = { path, format: format.name, gzip: false, head: Buffer.alloc(0) }
    return { record: this.begin(source), next: undefined }
  }

  /** Says up to which message a topic was read; it becomes durable with what was read of it. */
  readTo(record: SourceRecord, next: number): void {
    this.#shippingOf(record).next = next
  }

  protected override async hasRecordsWithoutId({ id }: SourceRecord): Promise<boolean> {
    return this.#checkpoint.sources.get(id)?.hasRecordsWithoutId === true
  }

  protected override async enter(sourceId: number, lines: readonly EarlierLine[]): Promise<void> {
    this.#shipping.delete(sourceId)
    const known = this.#checkpoint.sources.get(sourceId)
    if (known) this.#shippingOf(structuredClone(known.record)).numbering.enter(lines)
  }

  /** A place for one row; it is taken as soon as it is counted. */
  chunk(layout: ChunkLayout, day: number): Chunk {
    const key = `${day} ${layout.key}`
    let chunk = this.#chunks.get(key)
    if (!chunk || chunk.layout !== layout) {
      if (this.#chunks.size > 1000) this.#chunks.clear()
      chunk = new RowChunk(layout, day, (row, us) => this.#take(row, us))
      this.#chunks.set(key, chunk)
    }
    chunk.length = 0
    return chunk
  }

  #take(chunk: RowChunk, us: number): void {
    const { layout, day, buffer: row } = chunk
    const shipping = this.#current
    if (!shipping) throw new Error('shipper: a row before its source')
    const text = this.#textOf(layout, wrapsLines(shipping.record.format))
    text.read(row, chunk.length)
    this.#number(shipping, text, chunk, us)
    this.#seen.note(layout, row, chunk.length, us)
    const application = this.#applications.of(layout, row, chunk.length)
    const draft = this.#outgoing.draftFor(shipping, application, chunk.length)
    draft.add(layout, day, us, row, chunk.length)
    // Of the last row only where it may be asked for: the next one overwrites it.
    draft.place(text.number(LINE_NO), text.number(BYTE_OFFSET))
  }

  /** Gives a row its own id where it equals one before it. Of wrapped lines with an offset, the store does. */
  #number(
    { numbering, record }: Shipping,
    text: RowText,
    { layout, buffer: row }: RowChunk,
    us: number,
  ): void {
    const isGateway = layout.kind === 'gateway'
    if (isGateway && text.end(OWN_ID) > text.start(OWN_ID)) return
    const { log, hasOffset } = wrapsLines(record.format) ? shippedFrom(text.value(ATTRIBUTES)) : NOT_SHIPPED
    if (hasOffset) return
    const hopId = text.plain(HOP_ID)
    const id = numbering.idOf(hopId, us, log)
    if (id !== hopId) row.write(id, text.start(HOP_ID), 'latin1')
    if (isGateway && this.#current) this.#current.hasRecordsWithoutId = true
  }

  #textOf(layout: ChunkLayout, isWrapped: boolean): RowText {
    let text = this.#texts.get(layout)
    if (!text) {
      // A row is looked at as far as the last of them.
      const more = layout.kind === 'gateway' ? 'gateway_flow_id' : isWrapped ? 'attributes' : ''
      const wanted = [...COLUMNS.slice(0, ATTRIBUTES), more]
      text = new RowText(
        layout,
        COLUMNS.map(name => (wanted.includes(name) ? name : NOT_WANTED)),
      )
      if (this.#texts.size > 1000) this.#texts.clear()
      this.#texts.set(layout, text)
    }
    return text
  }

  reject(reject: Reject): void {
    this.#current?.rejects.push(`${JSON.stringify(reject)}\n`)
    if (this.#current && this.#current.rejects.length >= BATCH_ROWS) this.#outgoing.sendRejects(this.#current)
  }

  /** Says at the end of what there is to read how far hosts have come, to the last line. */
  async finish(): Promise<void> {
    await this.commit()
    this.#outgoing.tell(this.#seen.news(true))
    await this.#outgoing.settled()
  }

  override async drain(): Promise<void> {
    await this.#outgoing.drain(this.#shipping.values())
  }

  /** Sends everything and waits until Kafka has it. Each application of a source learns how far it was read. */
  override async commit(): Promise<readonly string[]> {
    if (this.pending === 0) return []
    const changed = [...this.changed.values()].map(record => this.#shippingOf(record))
    for (const shipping of changed) this.#outgoing.sendAll(shipping)
    this.#outgoing.tell(this.#seen.news(false))
    const sources = changed.map(({ record }) => structuredClone(record))
    const added = addedBy(sources, this.#records())
    await this.#outgoing.settled()
    this.#checkpoint.note(
      changed.map(({ source, replaces, sent, next, hasRecordsWithoutId }, n) => ({
        record: sources[n] as SourceRecord, source, sent: structuredClone(sent), hasRecordsWithoutId,
        ...(replaces === undefined ? {} : { replaces }), ...(next === undefined ? {} : { next }),
      })),
    ) // biome-ignore format: one call
    for (const id of this.ended) this.#shipping.delete(id)
    this.settle(sources)
    this.#ship.onCommit?.({ sources, added, days: [] })
    return []
  }

  #records(): Map<number, SourceRecord> {
    return new Map(
      [...this.changed.keys()].flatMap(id => {
        const known = this.#checkpoint.sources.get(id)
        return known ? [[id, known.record] as const] : []
      }),
    )
  }

  override get stagedRows(): number {
    return this.#outgoing.rows
  }

  override async close(): Promise<void> {
    await this.#outgoing.close()
  }
}

/** A chunk of one row. */
class RowChunk extends Chunk {
  readonly #onRow: (chunk: RowChunk, us: number) => void

  constructor(layout: ChunkLayout, day: number, onRow: (chunk: RowChunk, us: number) => void) {
    super(layout, day, Buffer.allocUnsafeSlow(4096))
    this.#onRow = onRow
  }

  override count(us: number): void {
    this.#onRow(this, us)
  }
}
