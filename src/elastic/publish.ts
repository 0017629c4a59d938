import { hash } from 'node:crypto'
import { coverageReach } from '../coverage/block.ts'
import { ThroughlineError } from '../errors.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import { dayChanges, daysWithHops } from '../requests/settled-days.ts'
import { REQUESTS_OF_FACTS } from '../requests/view.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { noTally, type Tally } from './bulk.ts'
import type { Elastic } from './client.ts'
import { CoveragePublisher } from './coverage.ts'
import { DOCUMENT_HASH, DOCUMENT_JSON } from './document-sql.ts'
import { indexOf } from './names.ts'
import { findIndices, findTemplates, refuseForeign } from './ours.ts'
import { DayPublisher, type PublishedDay, type PublishOptions } from './publish-day.ts'
import type { Receiver } from './receiver.ts'
import { ofStore } from './scan.ts'
import { ask } from './server.ts'

export interface RunOptions extends PublishOptions {
  readonly deployment: string
  readonly range: Range
  /** Older days are left alone: the server deletes them. Undefined: none are. */
  readonly retentionDays: number | undefined
  /** All days, whatever was published before. */
  readonly again: boolean
  readonly onDay: (day: PublishedDay) => void
}

export interface Published {
  readonly days: number
  readonly requests: number
  readonly coverage: number
  readonly tally: Tally
  /** Days that lie in the future. */
  readonly future: readonly string[]
}

/**
 * Digest of what documents of an unchanged day depend on.
 *
 * @param findings digest of what findings depend on; empty where documents have none
 */
export function madeBy(isRedacted: boolean, findings = ''): string {
  return hash(
    'sha256',
    `${DOCUMENT_JSON}${DOCUMENT_HASH}${REQUESTS_OF_FACTS}${isRedacted}${findings}`,
    'hex',
  ).slice(0, 16)
}

/**
 * Publishes the days of a store that changed since they were published to a receiver, and what they rest on.
 *
 * @throws EXPORT_UNAVAILABLE, EXPORT_REFUSED, ELASTIC_FOREIGN, ELASTIC_CONFLICT; days before the failure are noted
 */
export class Publisher {
  readonly #elastic: Elastic
  readonly #store: Store
  readonly #receiver: Receiver
  readonly #options: RunOptions
  readonly #days: DayPublisher
  readonly #coverage: CoveragePublisher

  constructor(elastic: Elastic, store: Store, receiver: Receiver, options: RunOptions) {
    this.#elastic = elastic
    this.#store = store
    this.#receiver = receiver
    this.#options = options
    this.#days = new DayPublisher(elastic, store, receiver, options)
    this.#coverage = new CoveragePublisher(elastic, store, options)
  }

  /** Checks whose indices there are, and that setup was run. To be called once before `run`. */
  async check(): Promise<void> {
    const { names, deployment, takeover } = this.#options
    const indices = await findIndices(this.#elastic, names)
    const templates = await findTemplates(this.#elastic, names)
    refuseForeign(this.#elastic.address, names, deployment, { indices, templates }, takeover)
    const missing = [names.requests, names.coverage, names.rejects].find(
      name => !templates.some(it => it.name === name),
    )
    if (missing !== undefined)
      throw new ThroughlineError(
        'ELASTIC_FOREIGN',
        `Elasticsearch at ${this.#elastic.address}: index template ${missing} is missing; expected those that setup makes. Run throughline elastic setup first`,
        { template: missing },
      )
  }

  /** Publishes what is new, once. */
  async run(): Promise<Published> {
    const { state } = this.#store
    if (state.pruning) this.#receiver.dropBefore(state.pruning.before)
    await this.#heal()
    const tally = noTally()
    const days = this.#due()
    const done: PublishedDay[] = []
    for (const day of days) {
      this.#options.stop.throwIfAborted()
      const published = await this.#days.publish(day)
      done.push(await this.#healDay(published))
      for (const key of Object.keys(tally) as (keyof Tally)[]) tally[key] += published.tally[key]
      this.#options.onDay(published)
    }
    const coverage = await this.#coverage.publish(done)
    const requests = done.reduce((sum, it) => sum + it.live, 0)
    const nowMs = this.#options.nowMs()
    return { days: days.length, requests, coverage, tally, future: days.filter(day => isFuture(day, nowMs)) }
  }

  /** Days that changed since they were published. */
  #due(): string[] {
    const { made, again, findings } = this.#options
    const changed = dayChanges(this.#store.state, findings && coverageReach)
    return this.#wanted().filter(day => again || !this.#receiver.isDone(day, changed(day).seq, made))
  }

  /** Days of the range that the server is to keep. */
  #wanted(): string[] {
    const { range, retentionDays, nowMs } = this.#options
    const first =
      retentionDays === undefined ? Number.NEGATIVE_INFINITY : nowMs() * 1000 - (retentionDays + 1) * DAY_US
    return daysWithHops(this.#store.state).filter(day => {
      const start = dayNumber(day) * DAY_US
      return start < range.toUs && start + DAY_US > range.fromUs && start + DAY_US > first
    })
  }

  /**
   * Days whose index has more or fewer documents than it had after they were published, by another publisher or by a
   * loss: what is there is read, so that what is missing is sent and what should not be there is marked.
   */
  async #heal(): Promise<void> {
    const counts = await this.#counts()
    for (const day of this.#wanted()) {
      const done = this.#receiver.days[day]
      const found = counts.get(indexOf(this.#options.names, day))
      if (done?.held === undefined || found === undefined || found === done.held) continue
      await this.#days.relist(day, true)
    }
  }

  /** Another publisher may have put something there in the meantime. */
  async #healDay(published: PublishedDay): Promise<PublishedDay> {
    const { day, live, tally } = published
    const held = this.#receiver.days[day]?.held
    if (held === undefined || held === live - tally.rejected || tally.taken + tally.same === 0)
      return published
    await this.#days.relist(day, true)
    return this.#days.publish(day)
  }

  /** Documents of this store by index. */
  async #counts(): Promise<Map<string, number>> {
    const { names } = this.#options
    const body = {
      size: 0,
      query: ofStore(this.#store.state.storeId, { superseded: false }),
      aggs: { indices: { terms: { field: '_index', size: 10_000 } } },
    }
    const call = {
      method: 'POST',
      path: `/${names.requests}-*/_search`,
      query: { ignore_unavailable: true, allow_no_indices: true },
      body,
    } as const
    const answer = await ask<Counts>(this.#elastic, call)
    const buckets = answer.body.aggregations?.indices.buckets ?? []
    return new Map(buckets.map(it => [it.key, it.doc_count]))
  }
}

interface Counts {
  readonly aggregations?: {
    readonly indices: { readonly buckets: readonly { readonly key: string; readonly doc_count: number }[] }
  }
}

/** Whether a day lies after tomorrow: a clock is wrong. */
function isFuture(day: string, nowMs: number): boolean {
  return dayNumber(day) * DAY_US > nowMs * 1000 + DAY_US
}
