import { ThroughlineError } from '../errors.ts'
import { type BulkAnswer, type Item, type ItemError, reasonsOf, sortAnswers } from './bulk-answer.ts'
import type { Elastic } from './client.ts'
import { failure, isPassing, statusOf } from './failure.ts'
import { backoffMs, type Pace } from './pace.ts'

export interface BulkOptions {
  /** The version that documents are given. */
  readonly version: number
  /** Overwrites other content of the same version, too. */
  readonly takeover: boolean
  /** How long nothing may be taken before it is given up. */
  readonly patienceMs: number
  readonly nowMs: () => number
  /** From 0 (included) to 1 (not). */
  readonly random: () => number
  /** Resolves after so long, or at once when `stop` is aborted. */
  readonly sleep: (ms: number, stop: AbortSignal) => Promise<void>
  readonly stop: AbortSignal
  readonly onRetry: (why: string, waitMs: number) => void
}

/** What became of documents; they add up to those that were sent. */
export interface Tally {
  taken: number
  /** The server had the same content in the same version. */
  same: number
  /** The server had a higher version. */
  newer: number
  rejected: number
  retries: number
}

export const noTally = (): Tally => ({ taken: 0, same: 0, newer: 0, rejected: 0, retries: 0 })

/** Sends documents to one index until each is taken, refused, or known to be there. */
export class Bulk {
  readonly tally = noTally()
  readonly #elastic: Elastic
  readonly #index: string
  readonly #pace: Pace
  readonly #options: BulkOptions
  readonly #reject: (items: readonly RejectedItem[]) => Promise<void>
  #lastTakenMs: number

  /** @param reject keeps documents that the server will not take */
  constructor(
    elastic: Elastic,
    index: string,
    pace: Pace,
    options: BulkOptions,
    reject: (items: readonly RejectedItem[]) => Promise<void>,
  ) {
    this.#elastic = elastic
    this.#index = index
    this.#pace = pace
    this.#options = options
    this.#reject = reject
    this.#lastTakenMs = options.nowMs()
  }

  /**
   * @throws EXPORT_UNAVAILABLE after too long without any taken, EXPORT_REFUSED, ELASTIC_CONFLICT
   */
  async send(items: readonly Item[]): Promise<void> {
    let left = items
    for (let attempt = 0; left.length > 0; attempt++) {
      const { later, why } = await this.#sendOnce(left)
      if (later.length < left.length) {
        this.#lastTakenMs = this.#options.nowMs()
        attempt = 0
      }
      left = later
      if (left.length > 0) await this.#wait(attempt, why)
    }
  }

  async #sendOnce(items: readonly Item[]): Promise<{ later: readonly Item[]; why: string }> {
    const call = {
      method: 'POST',
      path: `/${this.#index}/_bulk`,
      // A tenth of the answer: what else is in it is known.
      query: { filter_path: 'items.index.status,items.index.error' },
      lines: this.#lines(items),
    } as const
    try {
      const { body } = await this.#elastic.call<BulkAnswer>(call)
      return await this.#settle(items, body)
    } catch (error) {
      if (statusOf(error) === 413) return this.#tooLarge(items)
      if (!isPassing(error)) throw failure(this.#elastic.address, call, error)
      this.#pace.tooMuch()
      return { later: items, why: failure(this.#elastic.address, call, error).message }
    }
  }

  #lines(items: readonly Item[]): string {
    const { version, takeover } = this.#options
    const type = takeover ? 'external_gte' : 'external'
    let lines = ''
    for (const { id, doc } of items)
      lines += `{"index":{"_id":"${id}","version":${version},"version_type":"${type}"}}\n${doc}\n`
    return lines
  }

  async #settle(items: readonly Item[], answer: BulkAnswer): Promise<{ later: Item[]; why: string }> {
    const where = `Elasticsearch at ${this.#elastic.address}: index ${this.#index}`
    const { taken, conflicts, later, refused, why } = sortAnswers(where, items, answer)
    this.tally.taken += taken.length
    if (later.length > 0) this.#pace.tooMuch()
    else this.#pace.wentWell()
    if (conflicts.length > 0) later.push(...(await this.#compareOrWait(conflicts)))
    if (refused.length > 0)
      await this.#keep(
        refused.map(({ item, status, error }) => ({ item, status, error, index: this.#index })),
      )
    return { later, why }
  }

  async #keep(items: readonly RejectedItem[]): Promise<void> {
    await this.#reject(items)
    this.tally.rejected += items.length
  }

  /** What is too much for one request is sent in two; one document that is too much alone is refused. */
  async #tooLarge(items: readonly Item[]): Promise<{ later: readonly Item[]; why: string }> {
    const [only] = items
    if (items.length === 1 && only) {
      const reason = `the document has ${Buffer.byteLength(only.doc)} bytes; the server takes no request of that size (413)`
      await this.#keep([
        { item: { ...only, doc: '' }, status: 413, error: { type: 'too_large', reason }, index: this.#index },
      ])
      return { later: [], why: '' }
    }
    const half = items.length >> 1
    await this.send(items.slice(0, half))
    await this.send(items.slice(half))
    return { later: [], why: '' }
  }

  /** What cannot be compared now is sent again, which leads here again. */
  async #compareOrWait(items: readonly Item[]): Promise<readonly Item[]> {
    try {
      return await this.#compare(items)
    } catch (error) {
      if (!isPassing(error)) throw error
      this.#pace.tooMuch()
      return items
    }
  }

  /**
   * Documents whose version is not above that of the server: a higher one there is newer, the same content was sent
   * before. Those that are gone meanwhile are to be sent again.
   */
  async #compare(items: readonly Item[]): Promise<Item[]> {
    const call = {
      method: 'POST',
      path: `/${this.#index}/_mget`,
      query: { _source_includes: 'throughline.document_hash' },
      body: { ids: items.map(it => it.id) },
    } as const
    const { body } = await this.#elastic.call<Stored>(call)
    const again: Item[] = []
    items.forEach((item, i) => {
      const stored = body.docs[i]
      const hash = stored?._source?.['throughline.document_hash']
      if (!stored?.found || stored._version === undefined) again.push(item)
      else if (stored._version > this.#options.version) this.tally.newer++
      else if (hash === item.hash) this.tally.same++
      else if (stored._version < this.#options.version) again.push(item)
      else throw this.#conflict(item, hash)
    })
    return again
  }

  #conflict({ id, hash }: Item, stored: string | undefined): ThroughlineError {
    const { version } = this.#options
    return new ThroughlineError(
      'ELASTIC_CONFLICT',
      `index ${this.#index} at ${this.#elastic.address}: document ${id} has other content in version ${version} (hash ${stored ?? 'none'}) than this store makes of it (${hash}); expected the same. Two stores with one id, other settings (elastic.redact) or another version of Throughline may have published it: find out which is right, then publish with --takeover`,
      { id, version, stored, hash },
    )
  }

  async #wait(attempt: number, why: string): Promise<void> {
    const { patienceMs, nowMs, random, sleep, stop, onRetry } = this.#options
    if (stop.aborted) throw stop.reason
    if (nowMs() - this.#lastTakenMs > patienceMs)
      throw new ThroughlineError(
        'EXPORT_UNAVAILABLE',
        `Elasticsearch at ${this.#elastic.address}: nothing was taken for ${Math.round(patienceMs / 1000)} s; last: ${why}. What was taken is noted: run the command again when it is well`,
        { index: this.#index },
      )
    const waitMs = backoffMs(attempt, random)
    this.tally.retries++
    onRetry(why, waitMs)
    await sleep(waitMs, stop)
    if (stop.aborted) throw stop.reason
  }
}

interface Stored {
  readonly docs: readonly {
    readonly found?: boolean
    readonly _version?: number
    readonly _source?: Readonly<Record<string, string>>
  }[]
}

/** A document that the server will not take. */
export interface RejectedItem {
  readonly item: Item
  readonly index: string
  readonly status: number
  readonly error: ItemError
}

/** A rejected document as it is kept, JSON; its id is that of the document and its index. */
export function rejectDocument(rejected: RejectedItem, store: string, version: number, at: string): Item {
  const { item, index, status, error } = rejected
  const document = {
    '@timestamp': at,
    'event.id': item.id,
    'throughline.store': store,
    'throughline.index': index,
    'throughline.version': version,
    'error.type': error.type ?? '',
    'error.message': reasonsOf(error),
    'error.code': String(status),
    'event.original': item.doc,
  }
  return { id: `${index}:${item.id}`, hash: '', doc: JSON.stringify(document) }
}
