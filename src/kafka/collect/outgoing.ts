import type { SourceRecord } from '../../ledger/entry.ts'
import { DEFAULT_APPLICATION } from '../../ledger/state.ts'
import { SCHEMA_VERSION } from '../batch/header.ts'
import { encodeBatch } from '../batch/message.ts'
import type { Topics } from '../topics.ts'
import { BatchDraft } from './batch-draft.ts'
import type { Sent } from './checkpoint.ts'
import type { HostsSeen } from './last-seen.ts'
import type { Numbering } from './numbering.ts'
import type { Outlet } from './sender.ts'

/** Rows that wait for more of their kind; beyond it the largest batch goes. */
const DRAFT_BYTES = 4 * 1024 * 1024
/** Bytes that may wait for Kafka before reading waits, too. */
const QUEUE_BYTES = 512 * 1024

/** A source as it is being sent. */
export interface Shipping {
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

/** Makes messages of what was read, and hands them to the sender. */
export class Outgoing {
  readonly #sender: Outlet
  readonly #collector: string
  readonly #topics: Topics
  #draftBytes = 0
  #rows = 0

  constructor(sender: Outlet, collector: string, topics: Topics) {
    this.#sender = sender
    this.#collector = collector
    this.#topics = topics
  }

  /** Rows that are in no message yet. */
  get rows(): number {
    return this.#rows
  }

  /** The draft of an application that has room for a row of so many bytes. */
  draftFor(shipping: Shipping, application: string, bytes: number): BatchDraft {
    let draft = shipping.drafts.get(application)
    if (!draft) {
      draft = new BatchDraft()
      shipping.drafts.set(application, draft)
      shipping.sent[application] ??= { rows: 0, rejects: 0 }
    }
    if (!draft.hasRoom(bytes)) this.#sendDraft(shipping, application, draft)
    this.#draftBytes += bytes
    this.#rows++
    return draft
  }

  #sendDraft(shipping: Shipping, application: string, draft: BatchDraft): void {
    const sent = shipping.sent[application] ?? { rows: 0, rejects: 0 }
    const { rows, size } = draft
    const shipment = { application, ...this.#shipmentOf(shipping), before: sent.rows }
    this.#sender.push(this.#topics.hops, draft.take(shipment, shipping.record))
    sent.rows += rows
    this.#draftBytes -= size
    this.#rows -= rows
  }

  #shipmentOf({ source, replaces }: Shipping) {
    return { collector: this.#collector, source, ...(replaces === undefined ? {} : { replaces }) }
  }

  /** A rejected line may be of any application that its source has rows of: each learns of it. */
  sendRejects(shipping: Shipping): void {
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
      this.#sender.push(this.#topics.rejects, encodeBatch(batch, lines))
      sent.rejects += lines.length
    }
  }

  /** Sends all of a source. Each application of it learns how far it was read. */
  sendAll(shipping: Shipping): void {
    this.sendRejects(shipping)
    if (Object.keys(shipping.sent).length === 0 && shipping.record.accounting.lines > 0)
      shipping.sent[DEFAULT_APPLICATION] = { rows: 0, rejects: 0 }
    for (const application of Object.keys(shipping.sent))
      this.#sendDraft(shipping, application, shipping.drafts.get(application) ?? new BatchDraft())
  }

  /** Tells every partition how far the gateway and hosts have come: a store that has none of their later lines waits for nothing. */
  tell(seen: ReturnType<HostsSeen['news']>): void {
    if (seen.length === 0) return
    const message = encodeBatch(
      { schema: SCHEMA_VERSION, kind: 'progress', collector: this.#collector, seen, lengths: [] },
      [],
    )
    for (let partition = 0; partition < this.#sender.partitions; partition++)
      this.#sender.push(this.#topics.hops, message, partition)
  }

  /** Waits until there is room for more. */
  async drain(all: Iterable<Shipping>): Promise<void> {
    while (this.#draftBytes > DRAFT_BYTES) this.#sendLargest([...all])
    await this.#sender.below(QUEUE_BYTES)
  }

  #sendLargest(all: readonly Shipping[]): void {
    const drafts = all.flatMap(shipping =>
      [...shipping.drafts].map(([application, draft]) => ({ shipping, application, draft })),
    )
    const largest = drafts.reduce((a, b) => (b.draft.size > a.draft.size ? b : a))
    this.#sendDraft(largest.shipping, largest.application, largest.draft)
  }

  /** Waits until Kafka has everything. */
  async settled(): Promise<void> {
    await this.#sender.below(0)
  }

  async close(): Promise<void> {
    await this.#sender.close()
  }
}
