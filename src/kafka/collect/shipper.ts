import { Chunk, type ChunkLayout, type RowSink } from '../../formats/chunk.ts'
import type { Format } from '../../formats/format.ts'
import type { SourceRecord } from '../../ledger/entry.ts'
import { DEFAULT_APPLICATION } from '../../ledger/state.ts'
import type { Reject } from '../../model/source.ts'
import { wrapsLines } from '../../model/wrapped.ts'
import { addedBy } from '../../pipeline/counts.ts'
import { type Committed, Intake, type NewSource, type ReadingOptions } from '../../pipeline/intake.ts'
import { type EarlierLine, isNumberedBySecond, NOT_SHIPPED, shippedFrom } from '../../pipeline/tail.ts'
import { BATCH_ROWS, SCHEMA_VERSION } from '../batch/header.ts'
import { encodeBatch } from '../batch/message.ts'
import { RowText } from '../batch/row-text.ts'
import type { Topics } from '../topics.ts'
import { ApplicationOf } from './application-of.ts'
import { BatchDraft } from './batch-draft.ts'
import { Checkpoint, type Sent } from './checkpoint.ts'
import { HostsSeen } from './last-seen.ts'
import { Numbering } from './numbering.ts'
import type { Outlet } from './sender.ts'

/** Rows that wait for more of their kind; beyond it the largest batch goes. */
const DRAFT_BYTES = 4 * 1024 * 1024
/** Bytes that may wait for Kafka before reading waits, too. */
const QUEUE_BYTES = 512 * 1024

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

/** A source as it is being sent. */
interface Shipping {
  record: SourceRecord
  readonly source: string
  readonly replaces: string | undefined
  readonly sent: Record<string, Sent>
  next: number | undefined
  readonly drafts: Map<string, BatchDraft>
  readonly numbering: Numbering
  rejects: string[]
  hasRecordsWithoutId: boolean
}

/** Sends what readers decode to Kafka; a commit is what Kafka has acknowledged. */
export class Shipper extends Intake implements RowSink {
  protected readonly sink = this
  readonly #sender: Outlet
  readonly #checkpoint: Checkpoint
  readonly #ship: ShipperOptions
  readonly #applications: ApplicationOf
  readonly #seen = new HostsSeen()
  readonly #shipping = new Map<number, Shipping>()
  readonly #texts = new Map<ChunkLayout, RowText>()
  readonly #chunks = new Map<string, RowChunk>()
  #current: Shipping | undefined
  #draftBytes = 0
  #staged = 0

  constructor(checkpoint: Checkpoint, sender: Outlet, options: ShipperOptions) {
    super(
      options,
      [...checkpoint.sources.values()].map(s => s.record),
    )
    this.#checkpoint = checkpoint
    this.#sender = sender
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
    if (known) return { record: await this.resume(known.record, format, undefined), next: known.next }
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
    let draft = shipping.drafts.get(application)
    if (!draft) {
      draft = new BatchDraft()
      shipping.drafts.set(application, draft)
      shipping.sent[application] ??= { rows: 0, rejects: 0 }
    }
    if (!draft.hasRoom(chunk.length)) this.#sendDraft(shipping, application, draft)
    draft.add(layout, day, us, row, chunk.length)
    // Of the last row only where it may be asked for: the next one overwrites it.
    draft.place(text.number(LINE_NO), text.number(BYTE_OFFSET))
    this.#draftBytes += chunk.length
    this.#staged++
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
    if (this.#current && this.#current.rejects.length >= BATCH_ROWS) this.#sendRejects(this.#current)
  }

  #sendDraft(shipping: Shipping, application: string, draft: BatchDraft): void {
    const sent = shipping.sent[application] ?? { rows: 0, rejects: 0 }
    const { rows, size } = draft
    const shipment = { application, ...this.#shipmentOf(shipping), before: sent.rows }
    this.#sender.push(this.#ship.topics.hops, draft.take(shipment, shipping.record))
    sent.rows += rows
    this.#draftBytes -= size
    this.#staged -= rows
  }

  #shipmentOf({ source, replaces }: Shipping) {
    return { collector: this.#ship.collector, source, ...(replaces === undefined ? {} : { replaces }) }
  }

  /** A rejected line may be of any application that its source has rows of: each learns of it. */
  #sendRejects(shipping: Shipping): void {
    if (shipping.rejects.length === 0) return
    const lines = shipping.rejects.map(line => Buffer.from(line))
    shipping.rejects = []
    if (Object.keys(shipping.sent).length === 0) shipping.sent[DEFAULT_APPLICATION] = { rows: 0, rejects: 0 }
    const { id: _, shipped: __, ...record } = shipping.record
    for (const [application, sent] of Object.entries(shipping.sent)) {
      const batch = {
        schema: SCHEMA_VERSION, kind: 'rejects', application, ...this.#shipmentOf(shipping), record,
        before: sent.rejects, lengths: lines.map(line => line.length),
      } as const // biome-ignore format: one batch
      this.#sender.push(this.#ship.topics.rejects, encodeBatch(batch, lines))
      sent.rejects += lines.length
    }
  }

  /** Tells every partition how far the gateway and hosts have come: a store that has none of their later lines waits for nothing. */
  #tellSeen(isAll: boolean): void {
    const seen = this.#seen.news(isAll)
    if (seen.length === 0) return
    const { collector, topics } = this.#ship
    const message = encodeBatch(
      { schema: SCHEMA_VERSION, kind: 'progress', collector, seen, lengths: [] },
      [],
    )
    for (let partition = 0; partition < this.#sender.partitions; partition++)
      this.#sender.push(topics.hops, message, partition)
  }

  /** Says at the end of what there is to read how far hosts have come, to the last line. */
  async finish(): Promise<void> {
    await this.commit()
    this.#tellSeen(true)
    await this.#sender.below(0)
  }

  override async drain(): Promise<void> {
    while (this.#draftBytes > DRAFT_BYTES) this.#sendLargest()
    await this.#sender.below(QUEUE_BYTES)
  }

  #sendLargest(): void {
    const all = [...this.#shipping.values()].flatMap(shipping =>
      [...shipping.drafts].map(([application, draft]) => ({ shipping, application, draft })),
    )
    const largest = all.reduce((a, b) => (b.draft.size > a.draft.size ? b : a))
    this.#sendDraft(largest.shipping, largest.application, largest.draft)
  }

  /** Sends everything and waits until Kafka has it. Each application of a source learns how far it was read. */
  override async commit(): Promise<readonly string[]> {
    if (this.pending === 0) return []
    const changed = [...this.changed.values()].map(record => this.#shippingOf(record))
    for (const shipping of changed) {
      this.#sendRejects(shipping)
      if (Object.keys(shipping.sent).length === 0 && shipping.record.accounting.lines > 0)
        shipping.sent[DEFAULT_APPLICATION] = { rows: 0, rejects: 0 }
      for (const application of Object.keys(shipping.sent)) {
        const draft = shipping.drafts.get(application) ?? new BatchDraft()
        this.#sendDraft(shipping, application, draft)
      }
    }
    this.#tellSeen(false)
    const sources = changed.map(({ record }) => structuredClone(record))
    const added = addedBy(sources, this.#records())
    await this.#sender.below(0)
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
    return this.#staged
  }

  override async close(): Promise<void> {
    await this.#sender.close()
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
