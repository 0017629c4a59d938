import type { Store } from '../store/store.ts'
import { Bulk, type BulkOptions, type RejectedItem, rejectDocument, type Tally } from './bulk.ts'
import type { Item } from './bulk-answer.ts'
import type { Elastic } from './client.ts'
import { type RequestCount, RequestCounts } from './coverage.ts'
import { DOCUMENT_JSON } from './document-sql.ts'
import { createDocuments, createSuperseded, type DocumentOptions } from './documents.ts'
import { indexOf, type Names } from './names.ts'
import { Pace } from './pace.ts'
import type { Receiver } from './receiver.ts'
import { ofStore, scan } from './scan.ts'
import { Sending } from './sending.ts'
import { ask } from './server.ts'
import { versionOf } from './version.ts'

export interface PublishOptions extends DocumentOptions, Omit<BulkOptions, 'version'> {
  readonly names: Names
  /** Digest of the settings that documents depend on. */
  readonly made: string
  readonly concurrency: number
  readonly batchBytes: number
  readonly batchDocuments: number
}

export interface PublishedDay {
  readonly day: string
  /** Requests of the day. */
  readonly live: number
  /** The same by application and state. */
  readonly counts: readonly RequestCount[]
  readonly superseded: number
  readonly tally: Tally
}

/** Publishes days of a store that is open for reading, one after the other. */
export class DayPublisher {
  readonly #elastic: Elastic
  readonly #store: Store
  readonly #receiver: Receiver
  readonly #options: PublishOptions
  readonly #pace: Pace

  constructor(elastic: Elastic, store: Store, receiver: Receiver, options: PublishOptions) {
    this.#elastic = elastic
    this.#store = store
    this.#receiver = receiver
    this.#options = options
    this.#pace = new Pace(options.concurrency)
  }

  /** Sends what is new or changed of a day since it was last sent. */
  async publish(day: string): Promise<PublishedDay> {
    const { state } = this.#store
    const index = indexOf(this.#options.names, day)
    const hasIndex = await this.#makeIndex(index)
    if (!(day in this.#receiver.days) && hasIndex) await this.relist(day, false)
    await createDocuments(this.#store, day, this.#options)
    const superseded = await this.#findGone(day)
    const made = { seq: state.head, made: this.#options.made }
    const before = this.#receiver.days[day]?.held
    this.#receiver.begin({ day, ...made })
    const { tally, sent, counts } = await this.#send(day, index)
    const live = counts.reduce((sum, it) => sum + it.requests, 0)
    await this.#receiver.finish(live)
    const held = sent === 0 ? before : await this.count(index)
    this.#receiver.confirm(day, { ...made, live, ...(held !== undefined && { held }) })
    return { day, live, counts, superseded, tally }
  }

  /** Documents of this store in an index, those that are superseded left out. */
  async count(index: string): Promise<number> {
    await ask(this.#elastic, { method: 'POST', path: `/${index}/_refresh` })
    const body = { query: ofStore(this.#store.state.storeId, { superseded: false }) }
    return (await ask<{ count: number }>(this.#elastic, { method: 'POST', path: `/${index}/_count`, body }))
      .body.count
  }

  /**
   * Notes what the index of a day has as what was published.
   *
   * @param isTrusted whether what is there with the same content need not be sent again
   */
  async relist(day: string, isTrusted: boolean): Promise<void> {
    const { db, state } = this.#store
    const index = indexOf(this.#options.names, day)
    await ask(this.#elastic, { method: 'POST', path: `/${index}/_refresh` })
    await db.run('CREATE OR REPLACE TEMP TABLE found_documents (request_id UUID, hash UBIGINT)')
    const query = ofStore(state.storeId, { superseded: true })
    for await (const hits of scan(this.#elastic, { index, query, source: ['throughline.document_hash'] })) {
      const rows = hits.map(({ _id, _source }) => ({
        id: _id,
        hash: isTrusted ? `0x${_source?.['throughline.document_hash'] ?? 0}` : '0',
      }))
      await db.run(
        `INSERT INTO found_documents SELECT o.id::UUID, o.hash::UBIGINT
         FROM (SELECT unnest(from_json($json, '[{"id":"VARCHAR","hash":"VARCHAR"}]')) AS o)`,
        { json: JSON.stringify(rows) },
      )
    }
    await this.#receiver.replaceList(day, 'SELECT request_id, hash FROM found_documents')
  }

  /**
   * Finds what is no longer a request of the day.
   *
   * @returns how many there are
   */
  async #findGone(day: string): Promise<number> {
    const { db } = this.#store
    // The rows of a day are put together by many steps: once less where nothing can be gone.
    const present =
      day in this.#receiver.days
        ? 'WHERE request_id NOT IN (SELECT request_id::UUID FROM live_rows)'
        : 'WHERE FALSE'
    await db.run(
      `CREATE OR REPLACE TEMP TABLE gone AS SELECT request_id FROM ${this.#receiver.published(day)} ${present}`,
    )
    await createSuperseded(this.#store, day, 'gone')
    return Number((await db.row<{ n: string }>('SELECT count(*)::VARCHAR AS n FROM gone')).n)
  }

  /** Every document of a day; without content where it says what was published. */
  #rows(day: string): string {
    const rows = (documents: string): string =>
      `SELECT application, state, is_superseded, CASE WHEN is_changed THEN request_id END AS id,
         CASE WHEN is_changed THEN document_hash END AS hash, CASE WHEN is_changed THEN ${DOCUMENT_JSON} END AS doc
       FROM (SELECT d.*, known_hash IS DISTINCT FROM ('0x' || d.document_hash)::UBIGINT AS is_changed
         FROM ${documents} AS d LEFT JOIN (SELECT request_id AS known_id, hash AS known_hash FROM ${this.#receiver.published(day)})
           ON known_id = d.request_id::UUID)`
    return `${rows('documents')} UNION ALL ${rows('superseded_documents')}`
  }

  /** Sends what has changed while it is being made; the store is asked nothing else meanwhile. */
  async #send(day: string, index: string): Promise<Sent> {
    const { batchBytes, batchDocuments, stop } = this.#options
    const version = versionOf(this.#store)
    const options = { ...this.#options, version }
    const bulk = new Bulk(this.#elastic, index, this.#pace, options, items => this.#reject(items, version))
    const sending = new Sending(this.#pace, async items => {
      await bulk.send(items)
      this.#receiver.noteTaken(items)
    })
    const counts = new RequestCounts()
    let sent = 0
    try {
      let batch: Item[] = []
      let bytes = 0
      for await (const rows of this.#store.db.stream<DocumentRow>(this.#rows(day))) {
        for (const row of rows) {
          if (!row.is_superseded) counts.add(row.application, row.state)
          if (row.doc === null) continue
          const { id, hash, doc } = row
          batch.push({ id, hash, doc })
          bytes += doc.length
          if (bytes < batchBytes && batch.length < batchDocuments) continue
          sent += batch.length
          await sending.add(batch)
          batch = []
          bytes = 0
        }
        stop.throwIfAborted()
      }
      sent += batch.length
      if (batch.length > 0) await sending.add(batch)
      await sending.end()
    } finally {
      await sending.settle()
    }
    return { tally: bulk.tally, sent, counts: counts.all() }
  }

  /** @returns whether it was there before */
  async #makeIndex(index: string): Promise<boolean> {
    const { status } = await ask(this.#elastic, { method: 'HEAD', path: `/${index}` }, [404])
    if (status === 200) return true
    // Another publisher may be making it at the same moment.
    await ask(this.#elastic, { method: 'PUT', path: `/${index}` }, [400])
    return false
  }

  async #reject(items: readonly RejectedItem[], version: number): Promise<void> {
    const { names, nowMs } = this.#options
    const at = new Date(nowMs()).toISOString()
    const options = { ...this.#options, version, takeover: true }
    const rejects = new Bulk(this.#elastic, names.rejects, new Pace(1), options, async refused => {
      throw new Error(`rejects cannot be kept: ${refused[0]?.error.reason}`)
    })
    await rejects.send(items.map(item => rejectDocument(item, this.#store.state.storeId, version, at)))
  }
}

type DocumentRow = (Item | Readonly<Record<keyof Item, null>>) & {
  readonly application: string
  readonly state: string
  readonly is_superseded: boolean
}

interface Sent {
  readonly tally: Tally
  readonly sent: number
  readonly counts: readonly RequestCount[]
}
