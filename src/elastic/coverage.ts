import { createHash } from 'node:crypto'
import { coverageAround } from '../coverage/block.ts'
import { groupKey } from '../coverage/coverage.ts'
import type { SourceRecord } from '../ledger/entry.ts'
import { DAY_US, dayNumber, rfc3339 } from '../model/time.ts'
import { sideOfFormat } from '../requests/overview.ts'
import { createRequestsOfDay } from '../requests/search-view.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { Bulk, type BulkOptions } from './bulk.ts'
import type { Item } from './bulk-answer.ts'
import type { Elastic } from './client.ts'
import { coverageValues } from './coverage-values.ts'
import { ECS_VERSION } from './fields.ts'
import type { Names } from './names.ts'
import { Pace } from './pace.ts'
import { versionOf } from './version.ts'

const DAY = sqlFile('./coverage-day.sql', import.meta.url)

type Values = Readonly<Record<string, unknown>>

interface HourRow {
  readonly side: string
  readonly source_id: number
  readonly path: string | null
  readonly host: string | null
  readonly hour: string
  readonly hops: string
  readonly joined: string
}

/** Requests of a day, by application and state. */
export interface RequestCount {
  readonly application: string
  readonly state: string
  readonly requests: number
}

/** Counts requests by application and state. */
export class RequestCounts {
  readonly #counts = new Map<string, { application: string; state: string; requests: number }>()

  add(application: string, state: string): void {
    const key = `${application} ${state}`
    const count = this.#counts.get(key)
    if (count) count.requests++
    else this.#counts.set(key, { application, state, requests: 1 })
  }

  all(): readonly RequestCount[] {
    return [...this.#counts.values()]
  }
}

/** States of requests, and how coverage sums them up. */
const STATES: Readonly<Record<string, string>> = {
  joined: 'joined',
  'gateway-only': 'gateway_only',
  'app-only': 'app_only',
  'awaiting-gateway': 'awaiting',
  'awaiting-app': 'awaiting',
  ambiguous: 'ambiguous',
}
const COUNTED = ['joined', 'gateway_only', 'app_only', 'awaiting', 'ambiguous', 'other'] as const

/** Documents in a request. */
const AT_ONCE = 1_000

/** Publishes what the requests rest on: days, sources, their hops by hour, and whether hours are whole. */
export class CoveragePublisher {
  readonly #elastic: Elastic
  readonly #store: Store
  readonly #options: Omit<BulkOptions, 'version'> & { readonly names: Names }
  /** What was sent of each source. */
  readonly #sent = new Map<string, string>()

  constructor(
    elastic: Elastic,
    store: Store,
    options: Omit<BulkOptions, 'version'> & { readonly names: Names },
  ) {
    this.#elastic = elastic
    this.#store = store
    this.#options = options
  }

  /** @returns how many documents were sent */
  async publish(
    days: readonly { readonly day: string; readonly counts: readonly RequestCount[] }[],
  ): Promise<number> {
    const items = this.#sources()
    if (days.length > 0) await this.#createSources()
    for (const { day, counts } of days) items.push(...(await this.#day(day, counts)))
    const options = { ...this.#options, version: versionOf(this.#store), takeover: true }
    const bulk = new Bulk(
      this.#elastic,
      this.#options.names.coverage,
      new Pace(1),
      options,
      async refused => {
        throw new Error(`coverage cannot be published: ${refused[0]?.error.reason}`)
      },
    )
    for (let at = 0; at < items.length; at += AT_ONCE) await bulk.send(items.slice(at, at + AT_ONCE))
    return items.length
  }

  /** Sources that were not sent yet as they stand. */
  #sources(): Item[] {
    const { state } = this.#store
    const all = [...state.sources.values()].map(source =>
      this.#item(`source:${source.id}`, sourceValues(source, state.readAt.get(source.id))),
    )
    const changed = all.filter(it => this.#sent.get(it.id) !== it.doc)
    for (const it of changed) this.#sent.set(it.id, it.doc)
    return changed
  }

  async #createSources(): Promise<void> {
    const { db, state } = this.#store
    const sources = [...state.sources.values()].map(({ id, path, host }) => ({
      id,
      path,
      host: host ?? null,
    }))
    await db.run(
      `CREATE OR REPLACE TEMP TABLE coverage_sources AS SELECT o.id, o.path, o.host
       FROM (SELECT unnest(from_json($json, '[{"id":"INTEGER","path":"VARCHAR","host":"VARCHAR"}]')) AS o)`,
      { json: JSON.stringify(sources) },
    )
  }

  async #day(day: string, counts: readonly RequestCount[]): Promise<Item[]> {
    const start = dayNumber(day) * DAY_US
    const around = await coverageAround(this.#store, day)
    const covered = around.filter(({ hourUs: at }) => at >= start && at < start + DAY_US)
    await createRequestsOfDay(this.#store, day)
    const hours = await this.#store.db.rows<HourRow>(DAY, { day })
    const applications = [...this.#store.state.days.values()].filter(it => it.day === day)
    return [
      ...applications.map(it => {
        const own = counts.filter(c => c.application === it.application)
        const links = it.link
        return this.#item(`day:${it.application}:${day}`, {
          '@timestamp': `${day}T00:00:00.000000Z`,
          'throughline.kind': 'day',
          'throughline.day': day,
          'throughline.application': it.application,
          'throughline.day_state': it.state,
          'event.reason': it.reason,
          ...(links && {
            'throughline.links.generation': links.generation,
            ...(links.warnings.length > 0 && { 'throughline.warnings': links.warnings }),
          }),
          ...requestCounts(own),
        })
      }),
      ...hours.map(row =>
        this.#item(`hour:${row.side}:${row.source_id}:${row.host ?? ''}:${row.hour}`, hourValues(row, day)),
      ),
      ...covered.map(row =>
        this.#item(`coverage:${groupKey(row.group)}:${row.hourUs}`, coverageValues(row, day)),
      ),
    ]
  }

  #item(key: string, values: Values): Item {
    const { storeId } = this.#store.state
    const document = {
      'ecs.version': ECS_VERSION,
      'event.kind': 'state',
      'event.dataset': 'throughline.coverage',
      'throughline.store': storeId,
      ...values,
    }
    const id = createHash('sha256').update(`${storeId}:${key}`).digest('hex').slice(0, 32)
    return { id, hash: '', doc: JSON.stringify(document) }
  }
}

function requestCounts(rows: readonly RequestCount[]): Values {
  const sums: Record<string, number> = { total: 0, ...Object.fromEntries(COUNTED.map(name => [name, 0])) }
  for (const { state, requests } of rows) {
    const name = STATES[state] ?? 'other'
    sums[name] = (sums[name] ?? 0) + requests
    sums.total = (sums.total ?? 0) + requests
  }
  return Object.fromEntries(Object.entries(sums).map(([name, n]) => [`throughline.requests.${name}`, n]))
}

function hourValues(row: HourRow, day: string): Values {
  return {
    '@timestamp': row.hour,
    'throughline.kind': 'hour',
    'throughline.day': day,
    'throughline.side': row.side,
    'throughline.hops.total': Number(row.hops),
    'throughline.hops.joined': Number(row.joined),
    'throughline.source.id': row.source_id,
    ...(row.path !== null && { 'log.file.path': row.path }),
    ...(row.host !== null && { 'host.name': row.host }),
  }
}

/** @param readAt RFC 3339; stands in for the first stamp where a source has none, so that a period finds it */
function sourceValues(source: SourceRecord, readAt: string | undefined): Values {
  const { accounting: a } = source
  return {
    '@timestamp': a.firstUs === undefined ? readAt : rfc3339(a.firstUs),
    'throughline.kind': 'source',
    'throughline.side': sideOfFormat(source.format),
    ...(source.problem && { 'event.reason': source.problem }),
    ...(a.warnings.length > 0 && { 'throughline.warnings': a.warnings }),
    'throughline.source.id': source.id,
    'log.file.path': source.path,
    ...(source.host && { 'host.name': source.host }),
    ...(source.site && { 'throughline.site': source.site }),
    'throughline.source.format': source.format,
    'throughline.source.status': source.status,
    ...(source.sha256 && { 'throughline.source.sha256': source.sha256 }),
    'throughline.source.bytes': source.rawBytes,
    ...(a.lastUs !== undefined && { 'event.end': rfc3339(a.lastUs) }),
    'throughline.lines.total': a.lines,
    'throughline.lines.decoded': a.decoded,
    'throughline.lines.directives': a.directives,
    ...(a.idle !== undefined && { 'throughline.lines.idle': a.idle }),
    'throughline.lines.rejected': a.rejected,
    'throughline.lines.duplicates': a.duplicates,
    ...(a.pruned !== undefined && { 'throughline.lines.pruned': a.pruned }),
    ...(a.rejected > 0 && { 'throughline.lines.rejected_by': a.rejectedBy }),
  }
}
