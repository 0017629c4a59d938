import { join } from 'node:path'
import { type HopKind, stampOf } from '../model/hop.ts'
import { normalizeId } from '../model/ids.ts'
import { DAY_US, dayNumber, dayText, MINUTE_US } from '../model/time.ts'
import { factsRelation } from '../store/facts.ts'
import { SIDES } from '../store/index-sides.ts'
import { quoteText, quoteTexts } from '../store/query.ts'
import { wholeFiles } from '../store/records.ts'
import { serverSide } from '../store/server-facts.ts'
import type { Store } from '../store/store.ts'
import { WITHOUT_FINDINGS } from './findings-source.ts'
import { factsOver, linksOfDays, REQUESTS_OF_FACTS } from './view.ts'

/** A link or a candidate that is none, as `trace` and `explain` show it. Microseconds are text: 64 bits. */
export interface LinkRow {
  readonly app_hop_id: string
  readonly gateway_hop_id: string
  readonly verdict: string
  readonly method: string
  readonly posterior: number
  readonly gateway_field: string | null
  readonly app_field: string | null
  readonly how: string | null
  readonly reasons: string | null
  readonly id: string | null
  readonly runner_up: number
  readonly nobody: number | null
  readonly candidates: number
  readonly duration_residual_us: string | null
  readonly place_residual_us: string | null
  readonly ahead_us: string | null
  readonly clock_low_us: string | null
  readonly clock_high_us: string | null
  readonly calibrated: boolean
  readonly log_duration: number | null
  readonly log_place: number | null
  readonly log_values: number | null
  readonly log_alone: number | null
}

const LINK_ROW = `hex_id(app_hop_id) AS app_hop_id, hex_id(gateway_hop_id) AS gateway_hop_id, verdict, method, posterior,
  gateway_field, app_field, how, reasons, id, runner_up, nobody, candidates, duration_residual_us, place_residual_us, ahead_us,
  clock_low_us, clock_high_us, calibrated, log_duration, log_place, log_values, log_alone`

/** Everything the store knows about an id. */
export interface Found {
  readonly requests: readonly Record<string, unknown>[]
  readonly gatewayHops: readonly Record<string, unknown>[]
  /** Of IIS, and of HTTP.sys: those have kernel TRUE. */
  readonly appHops: readonly Record<string, unknown>[]
  readonly links: readonly LinkRow[]
}

/** A minute in which hops may carry an id. */
interface Hit {
  readonly side: (typeof SIDES)[HopKind]
  /** Its first µs since 1970. */
  readonly us: number
}

/** More hops than this share no id that a person looks up; the answer is cut, and says so. */
export const MOST_HOPS = 200
/** Minutes that are looked at for an id. */
const MOST_HITS = 10_000

/**
 * Finds the requests that an id stands for: a correlation id, trace id, traceparent, gateway message id, request id or
 * hop id, as logged or in comparable form.
 */
export async function findById(store: Store, id: string): Promise<Found> {
  const { gateway, app, links, asked } = await hopsById(store, id)
  // Where links led to hops that do not carry the id, the links of these count too.
  if (gateway.size + app.size > asked) await linksOf(store, gateway, app)
  return load(store, gateway, app, links)
}

/** The same, with the hops of candidates that are no links, and with the rows of their rivals. */
export async function findWithCandidates(store: Store, id: string): Promise<Found> {
  const near = await hopsById(store, id)
  const own = await linksOf(store, near.gateway, near.app)
  const gatewayIds = new Set([...near.gateway.keys(), ...own.map(l => l.gateway_hop_id)])
  const appIds = new Set([...near.app.keys(), ...own.map(l => l.app_hop_id)])
  const gateway = await stamped(store, ['gateway'], gatewayIds, near.gateway)
  const app = await stamped(store, SERVER, appIds, near.app)
  const found = await load(store, gateway, app, await linksOf(store, gateway, app))
  const requests = found.requests.filter(
    r => near.gateway.has(String(r.gateway_hop_id)) || (r.app_hop_ids as string[]).some(a => near.app.has(a)),
  )
  return { ...found, requests }
}

/** Kinds of hops on the application's side of the gateway. */
const SERVER = ['app', 'kernel'] as const

interface Hops {
  /** Stamps (µs) by hop id. */
  readonly gateway: Map<string, number>
  readonly app: Map<string, number>
  readonly links: readonly LinkRow[]
  /** Hops whose links these are: those that carry the id themselves. */
  readonly asked: number
}

/** Hops that carry an id, and those that links lead to from there. */
async function hopsById(store: Store, id: string): Promise<Hops> {
  const texts = [
    ...new Set([
      id.trim(),
      id.trim().toLowerCase(),
      normalizeId(id) ?? id,
      id.replaceAll('-', '').toLowerCase(),
    ]),
  ]
  const hits = await indexHits(store, texts)
  const gateway = await hopsOf(store, ['gateway'], texts, hits)
  const app = await hopsOf(store, SERVER, texts, hits)
  const links = await linksOf(store, gateway, app)
  const linked = links.filter(link => link.verdict === 'linked')
  const gatewayIds = new Set([...gateway.keys(), ...linked.map(l => l.gateway_hop_id)])
  const more = linked.filter(l => gatewayIds.has(l.gateway_hop_id)).map(l => l.app_hop_id)
  const appIds = new Set([...app.keys(), ...more])
  return {
    gateway: await stamped(store, ['gateway'], gatewayIds, gateway),
    app: await stamped(store, SERVER, appIds, app),
    links,
    asked: gateway.size + app.size,
  }
}

/** Hop ids of some kinds that carry any of these texts as an id, with their stamps (µs). */
async function hopsOf(
  store: Store,
  kinds: readonly HopKind[],
  texts: readonly string[],
  all: readonly Hit[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const kind of kinds) {
    const hits = all.filter(hit => hit.side === SIDES[kind])
    if (hits.length === 0) continue
    const stamp = stampOf(kind)
    const rows = await store.db.rows<{ hop_id: string; us: string }>(
      `SELECT hex_id(hop_id) AS hop_id, epoch_us(${stamp})::VARCHAR AS us FROM ${factsRelation(store.state, store.root, kind, rangeOf(hits, MINUTE_US))}
       WHERE (${minutes(stamp, hits)}) AND list_has_any(${quoteTexts(texts)}, ${idsOf(kind)})
       ORDER BY ${stamp}, hop_id LIMIT ${MOST_HOPS}`,
    )
    for (const row of rows) found.set(row.hop_id, Number(row.us))
  }
  return found
}

/** The texts that hops of a kind are found by, as a SQL list. */
function idsOf(kind: HopKind): string {
  if (kind === 'kernel') return '[hex_id(hop_id)]'
  const own = kind === 'gateway' ? 'message_id' : 'arr_log_id'
  return `flatten([
    [hex_id(hop_id), ${own}, lower(${own}), correlation_id, correlation_raw, lower(substr(traceparent, 4, 32)), trace_of_id(correlation_id)],
    string_split(coalesce(correlation_id, ''), '.'), list_transform(coalesce(other_ids, []), o -> substr(o, instr(o, '=') + 1))])`
}

async function indexHits({ db, state, root }: Store, texts: readonly string[]): Promise<Hit[]> {
  const indexes = state.indexes.filter(index => index.kind === 'id')
  if (indexes.length === 0) return []
  const files = quoteTexts(wholeFiles(root, indexes))
  const days = new Map(indexes.map(index => [join(root, index.path), index.day]))
  // The keys are computed first: only a constant lets DuckDB skip row groups of the sorted files.
  const keys = await db.rows<{ key: string }>(
    `SELECT id_key32(t)::VARCHAR AS key FROM (SELECT unnest(${quoteTexts(texts)}) AS t)`,
  )
  const rows = await db.rows<{ side: Hit['side']; minute: number; filename: string }>(
    `SELECT DISTINCT side, minute, filename FROM read_parquet(${files}, hive_partitioning = false, filename = true)
     WHERE key IN (${keys.map(k => `${k.key}::UINTEGER`).join(', ')})`,
  )
  const hits = rows.map(({ side, minute, filename }) => ({
    side,
    us: dayNumber(days.get(filename) ?? '') * DAY_US + minute * MINUTE_US,
  }))
  return hits.sort((a, b) => a.us - b.us).slice(0, MOST_HITS)
}

/** Links of these hops, in both directions; they stay in the table near_rows. */
async function linksOf(
  store: Store,
  gateway: Map<string, number>,
  app: Map<string, number>,
): Promise<LinkRow[]> {
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE near_rows AS SELECT * FROM ${linkRowsOf(store, gateway, app)}`,
  )
  return store.db.rows<LinkRow>(
    `SELECT ${LINK_ROW} FROM near_rows ORDER BY gateway_hop_id, app_hop_id LIMIT 1000`,
  )
}

/**
 * Link rows of these hops as a FROM item. Links stand in the file of their gateway hop's day; an app hop may be claimed from the
 * days around its own.
 */
function linkRowsOf(
  { state, root }: Store,
  gateway: ReadonlyMap<string, number>,
  app: ReadonlyMap<string, number>,
): string {
  const dayOf = (us: number): number => Math.floor(us / DAY_US)
  const own = new Set([...gateway.values()].map(us => dayText(dayOf(us))))
  const around = new Set([...app.values()].flatMap(us => [-1, 0, 1].map(n => dayText(dayOf(us) + n))))
  const of = (column: string, days: ReadonlySet<string>, ids: Iterable<string>): string =>
    `SELECT * FROM ${linksOfDays(state, root, day => days.has(day))} WHERE ${column} IN (${uuids(ids)})`
  return `(${of('gateway_hop_id', own, gateway.keys())} UNION ${of('app_hop_id', around, app.keys())})`
}

/** Stamps of hop ids; those that links led to are looked up in the index like any other id. */
async function stamped(
  store: Store,
  kinds: readonly HopKind[],
  ids: ReadonlySet<string>,
  known: Map<string, number>,
): Promise<Map<string, number>> {
  const missing = [...ids].filter(id => !known.has(id))
  const found = missing.length
    ? await hopsOf(store, kinds, missing, await indexHits(store, missing))
    : new Map<string, number>()
  return new Map([...known, ...found])
}

/** Puts found hops together, with the links in the table near_rows. The views of facts, links and requests over them stay. */
async function load(
  store: Store,
  gateway: Map<string, number>,
  app: Map<string, number>,
  links: readonly LinkRow[],
): Promise<Found> {
  const { db, state, root } = store
  const relation = (kind: HopKind, hops: Map<string, number>): string => {
    const hits = [...hops.values()].map(us => ({ us }))
    if (hits.length === 0) return `${factsRelation(state, root, kind, { fromUs: 0, toUs: 0 })} WHERE FALSE`
    return `${factsRelation(state, root, kind, rangeOf(hits))} WHERE ${stampOf(kind)} IN (${stamps(hits)}) AND hop_id IN (${uuids(hops.keys())})`
  }
  const near = [...app.values()].map(us => ({ us }))
  const hasKernel = near.length > 0 && serverSide(state, root, rangeOf(near)).kernel !== undefined
  // A few rows, which the view and what follows read several times: a table spares looking for them again.
  await db.run(
    `CREATE OR REPLACE TEMP TABLE near_gateway AS SELECT * FROM ${relation('gateway', gateway)};
     CREATE OR REPLACE TEMP TABLE near_app AS SELECT * FROM ${relation('app', app)}`,
  )
  if (hasKernel)
    await db.run(`CREATE OR REPLACE TEMP TABLE near_kernel AS SELECT * FROM ${relation('kernel', app)}`)
  await factsOver(store, {
    gateway: 'near_gateway',
    app: 'near_app',
    kernel: hasKernel ? 'near_kernel' : undefined,
    links: 'near_rows',
  })
  await db.run(
    `CREATE OR REPLACE TEMP TABLE near_requests AS ${REQUESTS_OF_FACTS};
     CREATE OR REPLACE TEMP VIEW requests AS SELECT * FROM near_requests`,
  )
  const requests = await db.rows(`SELECT ${WITHOUT_FINDINGS} FROM requests ORDER BY start_ts, request_id`)
  const gatewayHops = await db.rows(
    'SELECT * REPLACE (hex_id(hop_id) AS hop_id) FROM gateway_facts ORDER BY start_ts, hop_id',
  )
  const appHops = await db.rows(
    'SELECT * REPLACE (hex_id(hop_id) AS hop_id) FROM server_facts ORDER BY end_ts, start_ts, hop_id',
  )
  return { requests, gatewayHops, appHops, links }
}

function rangeOf(hits: readonly { us: number }[], lengthUs = 1): { fromUs: number; toUs: number } {
  return {
    fromUs: hits.reduce((least, h) => Math.min(least, h.us), Number.POSITIVE_INFINITY),
    toUs: hits.reduce((most, h) => Math.max(most, h.us), Number.NEGATIVE_INFINITY) + lengthUs,
  }
}

/** Minutes that follow each other are one range. */
function minutes(stamp: string, hits: readonly Hit[]): string {
  const starts = [...new Set(hits.map(h => h.us))].sort((a, b) => a - b)
  const ranges: { from: number; to: number }[] = []
  for (const us of starts) {
    const last = ranges.at(-1)
    if (last?.to === us) last.to += MINUTE_US
    else ranges.push({ from: us, to: us + MINUTE_US })
  }
  return ranges
    .map(({ from, to }) => `${stamp} >= make_timestamp(${from}) AND ${stamp} < make_timestamp(${to})`)
    .join(' OR ')
}

function stamps(hits: readonly { us: number }[]): string {
  return hits.map(hit => `make_timestamp(${hit.us})`).join(', ')
}

function uuids(ids: Iterable<string>): string {
  const list = [...ids].map(id => `${quoteText(id)}::UUID`)
  return list.length ? list.join(', ') : 'NULL'
}
