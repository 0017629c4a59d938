import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Elastic } from '../../../src/elastic/client.ts'
import { namesOf } from '../../../src/elastic/names.ts'
import { madeBy, type Published, Publisher, type RunOptions } from '../../../src/elastic/publish.ts'
import { Receiver } from '../../../src/elastic/receiver.ts'
import { recordHash } from '../../../src/elastic/record.ts'
import { type Hit, scan } from '../../../src/elastic/scan.ts'
import { ask, askServer } from '../../../src/elastic/server.ts'
import { sendAll, setupCalls } from '../../../src/elastic/setup.ts'
import { type DeepDay, verifyDay } from '../../../src/elastic/verify-deep.ts'
import { type QuickDay, verifyQuick } from '../../../src/elastic/verify-quick.ts'
import { populationOf } from '../../../src/requests/population.ts'
import { daysWithHops } from '../../../src/requests/settled-days.ts'
import { ALWAYS } from '../../../src/store/facts.ts'
import type { Store } from '../../../src/store/store.ts'
import { NOON } from '../../support/store.ts'

export type Tuning = Partial<Omit<RunOptions, 'names'>> & { readonly receiver?: string }

const PATIENCE = { tries: 40, random: () => 0.5, sleep: (ms: number) => sleep(Math.min(ms, 200)) }

/** A store's publishing to one Elasticsearch under one prefix. */
export class Publishing {
  readonly elastic: Elastic
  readonly prefix: string

  private constructor(elastic: Elastic, prefix: string) {
    this.elastic = elastic
    this.prefix = prefix
  }

  static async open(endpoint: string, prefix: string): Promise<Publishing> {
    const access = { url: endpoint, timeoutMs: 60_000, userAgent: 'throughline-test' }
    return new Publishing(await Elastic.open(access, PATIENCE), prefix)
  }

  get names() {
    return namesOf(this.prefix)
  }

  async setup(store: Store, { deployment = store.state.storeId, takeover = false }: Tuning = {}) {
    const server = await askServer(this.elastic)
    const calls = await setupCalls(this.elastic, server, { prefix: this.prefix, deployment, takeover })
    await sendAll(this.elastic, calls)
    return calls
  }

  async publish(
    store: Store,
    { receiver: name = `elastic-${this.prefix}`, ...tuning }: Tuning = {},
  ): Promise<Published> {
    const receiver = await Receiver.open(store, name, this.elastic.address)
    try {
      const publisher = new Publisher(this.elastic, store, receiver, {
        names: this.names,
        deployment: store.state.storeId,
        made: madeBy(tuning.redact !== undefined),
        range: ALWAYS,
        retentionDays: undefined,
        again: false,
        takeover: false,
        concurrency: 4,
        batchBytes: 200_000,
        batchDocuments: 500,
        patienceMs: 60_000,
        nowMs: () => NOON,
        random: () => 0.5,
        sleep: (ms, signal) => sleep(Math.min(ms, 500), undefined, { signal }).catch(() => undefined),
        stop: new AbortController().signal,
        onRetry: () => undefined,
        onDay: () => undefined,
        ...tuning,
      })
      await publisher.check()
      return await publisher.run()
    } finally {
      receiver.close()
    }
  }

  async deep(store: Store, options = {}): Promise<DeepDay[]> {
    const days: DeepDay[] = []
    for (const day of daysWithHops(store.state))
      days.push(await verifyDay(this.elastic, store, this.names, day, options))
    return days
  }

  async quick(store: Store, options = {}): Promise<QuickDay[]> {
    const days: QuickDay[] = []
    for (const day of daysWithHops(store.state))
      days.push(await verifyQuick(this.elastic, store, this.names, day, options))
    return days
  }

  /** All documents of an alias or indices, by id. */
  async documents(index = this.names.requests): Promise<Hit[]> {
    await ask(this.elastic, { method: 'POST', path: `/${index}/_refresh` })
    const found: Hit[] = []
    const options = { index, query: { match_all: {} }, source: true, isSorted: true } as const
    for await (const page of scan(this.elastic, options)) found.push(...page)
    return found
  }

  /** Number and population hash of what people see, from the documents alone. */
  async population(): Promise<{ requests: number; sha256: string }> {
    const hash = createHash('sha256')
    const documents = await this.documents()
    for (const { _source } of documents) hash.update(`${recordHash(_source ?? {})}\n`)
    return { requests: documents.length, sha256: hash.digest('hex') }
  }

  /** Ids of the documents that a query finds through the alias. */
  async search(query: object): Promise<string[]> {
    const body = { query, size: 10_000, _source: false }
    const call = { method: 'POST', path: `/${this.names.requests}/_search`, body } as const
    const answer = await ask<{ hits: { hits: readonly Hit[] } }>(this.elastic, call)
    return answer.body.hits.hits.map(hit => hit._id).sort()
  }
}

/** What the documents must add up to. */
export function expectedPopulation(store: Store): Promise<{ requests: number; sha256: string }> {
  return populationOf(store, { filter: '', nowMs: NOON })
}
