import type { LoadedConfig } from '../config/load.ts'
import { Elastic } from '../elastic/client.ts'
import { madeBy, Publisher } from '../elastic/publish.ts'
import { Receiver as DocumentReceiver, receiverName as documentReceiver } from '../elastic/receiver.ts'
import { askServer } from '../elastic/server.ts'
import { ThroughlineError } from '../errors.ts'
import { SentIncidents, webhookName } from '../findings/sent.ts'
import { findingSettings, findingsDigest } from '../findings/settings.ts'
import { shownWebhook, webhookUrl } from '../findings/webhook.ts'
import { ALWAYS } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { exportOnce, SETTLE_MS } from '../traces/export/export.ts'
import { DayExport } from '../traces/export/export-day.ts'
import { Receiver as TraceReceiver, receiverName as traceReceiver } from '../traces/export/receiver.ts'
import { type Context, ownRedactor } from './context.ts'
import { type ElasticSettings, elasticSettings } from './elastic-settings.ts'
import { endpointOf } from './export-otlp.ts'
import { otlpSettings } from './export-otlp-settings.ts'
import { Reporter } from './findings-follow.ts'
import { LastingRecords } from './reads.ts'
import { findingsFor, SILENT } from './request-findings.ts'
import { pauseUntil } from './signals.ts'
import { VERSION } from './version.ts'

/** Where a worker gives on what it has linked. */
export interface OutletFlags {
  readonly elastic?: boolean
  readonly otlp?: boolean
  readonly webhook?: string
  readonly drain?: boolean
  readonly json?: boolean
}

/** How long a receiver may take nothing before the worker goes on with its messages and tries again later. */
const PATIENCE_MS = 15_000
const DRAIN_PATIENCE_MS = 5 * 60_000

interface Surroundings {
  readonly context: Context
  readonly loaded: LoadedConfig
  readonly flags: OutletFlags
  readonly stop: AbortSignal
}

/** With the records of what is given out. */
interface Giving extends Surroundings {
  readonly records: LastingRecords
}

/** Gives on documents, spans and findings of one store after the other. */
export class WorkOutlets {
  readonly #given: readonly ((store: Store) => Promise<void>)[]
  readonly #elastic: readonly LazyElastic[]
  readonly #giving: Giving

  private constructor(
    given: readonly ((store: Store) => Promise<void>)[],
    elastic: readonly LazyElastic[],
    giving: Giving,
  ) {
    this.#given = given
    this.#elastic = elastic
    this.#giving = giving
  }

  static open(surroundings: Surroundings): WorkOutlets {
    const { context, loaded, flags } = surroundings
    const giving = { ...surroundings, records: new LastingRecords(context) }
    const given: ((store: Store) => Promise<void>)[] = []
    const outlets: LazyElastic[] = []
    if (flags.elastic) {
      const settings = elasticSettings(context.env, loaded.config, {})
      if (settings.deployment === undefined)
        throw new ThroughlineError(
          'USAGE',
          'work --elastic: elastic.deployment is not set; the stores of all partitions publish into the same indices, so give them one id in the configuration',
        )
      const to = new LazyElastic(settings, surroundings.stop)
      outlets.push(to)
      given.push(async store => publish(giving, await to.get(), settings, store))
    }
    if (flags.otlp) given.push(store => sendSpans(giving, store))
    const { webhook } = flags
    if (webhook !== undefined) given.push(store => report(giving, webhookUrl(webhook), store))
    return new WorkOutlets(given, outlets, giving)
  }

  /** @throws EXPORT_UNAVAILABLE and others of the receivers; what they took until then is noted */
  async give(store: Store): Promise<void> {
    try {
      for (const to of this.#given) await to(store)
    } catch (error) {
      // Whoever stops the worker does not wait for its receivers; what they took is noted.
      if (!this.#giving.stop.aborted) throw error
    }
  }

  async close(): Promise<void> {
    this.#giving.records.end()
    for (const elastic of this.#elastic) await elastic.close()
  }
}

/** A connection that is made when it is first asked for: a worker starts while Elasticsearch is away. */
class LazyElastic {
  readonly #settings: ElasticSettings
  readonly #stop: AbortSignal
  #elastic: Elastic | undefined

  constructor(settings: ElasticSettings, stop: AbortSignal) {
    this.#settings = settings
    this.#stop = stop
  }

  /** @throws EXPORT_UNAVAILABLE, EXPORT_REFUSED */
  async get(): Promise<Elastic> {
    if (this.#elastic) return this.#elastic
    const sleep = (ms: number): Promise<void> => pauseUntil(ms, this.#stop)
    const elastic = await Elastic.open(this.#settings.access, { tries: 4, random: Math.random, sleep })
    try {
      await askServer(elastic)
    } catch (error) {
      await elastic.close()
      throw error
    }
    this.#elastic = elastic
    return elastic
  }

  async close(): Promise<void> {
    await this.#elastic?.close()
  }
}

function patienceOf({ flags }: Surroundings): number {
  return flags.drain ? DRAIN_PATIENCE_MS : PATIENCE_MS
}

async function publish(
  giving: Giving,
  elastic: Elastic,
  settings: ElasticSettings,
  store: Store,
): Promise<void> {
  const { context, loaded, stop, records } = giving
  const own = findingSettings(loaded.config)
  const receiver = await DocumentReceiver.open(
    store,
    documentReceiver(elastic.address, settings.prefix),
    elastic.address,
  )
  try {
    const publisher = new Publisher(elastic, store, receiver, {
      names: settings.names,
      deployment: settings.deployment ?? store.state.storeId,
      made: madeBy(settings.redact, findingsDigest(own, store.state)),
      findings: findingsFor(context, loaded.config, SILENT),
      redact: settings.redact ? ownRedactor(context) : undefined,
      range: ALWAYS,
      retentionDays: settings.retentionDays,
      again: false,
      takeover: false,
      concurrency: settings.concurrency,
      batchBytes: settings.batchMiB * 1024 * 1024,
      batchDocuments: settings.batchDocuments,
      patienceMs: patienceOf(giving),
      nowMs: context.now,
      random: Math.random,
      sleep: pauseUntil,
      stop,
      onRetry: () => undefined,
      onDay: () => undefined,
    })
    await publisher.check()
    const asked = { command: 'work', what: { to: elastic.address } }
    await records.add(store, asked, async () => (await publisher.run()).requests)
  } finally {
    receiver.close()
  }
}

async function sendSpans(giving: Giving, store: Store): Promise<void> {
  const { context, loaded, stop, records } = giving
  const settings = otlpSettings(context.env, loaded.config.otlp, { header: [], settle: SETTLE_MS / 1000 })
  const endpoint = endpointOf(settings.endpoint)
  const receiver = TraceReceiver.open(store, traceReceiver(endpoint), endpoint)
  const nowMs = context.now()
  const dayExport = new DayExport(store, receiver, {
    wanted: { filter: '', range: ALWAYS, sample: settings.sample, open: false, nowMs, findings: findingsFor(context, loaded.config, SILENT) },
    redact: settings.redact ? ownRedactor(context) : undefined,
    version: VERSION,
    nowMs: context.now,
  }) // biome-ignore format: one call
  // Loaded where it is needed: it takes as long as all the rest.
  const { openOutlets } = await import('./export-otlp-outlets.ts')
  const outlets = openOutlets(settings, {
    nowMs: context.now,
    patienceMs: patienceOf(giving),
    stop,
    onTaken: (kind, count) => dayExport.progress.taken(kind, count),
    onRetry: () => undefined,
  })
  try {
    const once = { range: ALWAYS, settleMs: SETTLE_MS, nowMs: context.now, isStopped: () => stop.aborted }
    const asked = { command: 'work', what: { to: endpoint } }
    await records.add(
      store,
      asked,
      async () => (await exportOnce(store, receiver, dayExport, outlets, once)).requests,
    )
  } finally {
    await outlets.close()
    dayExport.progress.save()
    receiver.close()
  }
}

async function report(
  { context, loaded, flags, stop, records }: Giving,
  url: URL,
  store: Store,
): Promise<void> {
  const sent = SentIncidents.open(store, webhookName(url), url)
  try {
    const following = {
      flags: { rule: [], json: flags.json === true, follow: false },
      settings: findingSettings(loaded.config),
      options: { openDays: false, rules: undefined, nowMs: context.now(), keepsRequests: false },
      range: ALWAYS,
      webhook: url.href,
    }
    const reporter = new Reporter(context, store, following, stop, url, sent)
    await records.add(store, { command: 'work', what: { to: shownWebhook(url) } }, async () => {
      await reporter.look()
      return reporter.taken
    })
  } finally {
    sent.close()
  }
}
