import type { LedgerState } from '../ledger/state.ts'
import { parseDayKey } from '../ledger/state.ts'
import { DAY_US, HOUR_US } from '../model/time.ts'
import { wrapsLines } from '../model/wrapped.ts'
import { linksRelation } from '../requests/view.ts'
import { factsRelation, type Range, sourceIdOf } from '../store/facts.ts'
import { quoteTexts, sqlFile } from '../store/query.ts'
import { wholeFiles } from '../store/records.ts'
import { SHIPPED_FROM } from '../store/shipped.ts'
import type { Store } from '../store/store.ts'
import { type LogStream, logStreams } from './log-streams.ts'
import type { Side } from './row.ts'

const sql = (name: string): string => sqlFile(`./${name}.sql`, import.meta.url)
const STATEMENTS = {
  appMinutes: sql('app_minutes'),
  gatewayMinutes: sql('gateway_minutes'),
  origins: sql('origins'),
  minutes: sql('minutes'),
  hours: sql('hours'),
  silences: sql('silences'),
  serves: sql('serves'),
  callSlots: sql('call_slots'),
  lineSlots: sql('line_slots'),
  rejects: sql('reject_hours'),
}

/** The exports of one environment. */
export interface Environment {
  readonly id: number
  readonly organization: string | undefined
  readonly environment: string | undefined
  readonly sourceIds: readonly number[]
}

export interface HourHops {
  readonly side: Side
  readonly track: number
  readonly application: string
  /** Number of the hour from 1970. */
  readonly hour: number
  readonly hops: number
  readonly first_us: number
  readonly last_us: number
}

export interface SilenceRow {
  readonly side: Side
  readonly track: number
  readonly from_us: number
  readonly to_us: number
  readonly from_source: number
  readonly to_source: number
}

export interface Served {
  readonly stream: number
  readonly environment: number
  readonly application: string
  readonly target: string
  readonly links: number
  readonly ahead_us: number
}

export interface CallSlot {
  readonly environment: number
  readonly application: string
  readonly target: string
  readonly slot: number
  readonly calls: number
  readonly loose: number
}

export interface LineSlot {
  readonly stream: number
  readonly application: string
  readonly slot: number
  readonly lines: number
  readonly loose: number
}

export interface RejectHour {
  readonly side: Side
  readonly track: number
  readonly hour: number
  readonly lines: number
}

/** What the facts of a period say, counted. */
export interface Gathered {
  readonly streams: readonly LogStream[]
  readonly environments: readonly Environment[]
  readonly hours: readonly HourHops[]
  readonly silences: readonly SilenceRow[]
  readonly serves: readonly Served[]
  readonly calls: readonly CallSlot[]
  readonly lines: readonly LineSlot[]
  readonly rejects: readonly RejectHour[]
}

/**
 * Counts the facts of a period. Leaves temp tables of its own behind, which the next call replaces.
 *
 * @param range a whole number of hours
 */
export async function gather(store: Store, range: Range): Promise<Gathered> {
  const { db, state } = store
  await createViews(store, range)
  await db.run(`CREATE OR REPLACE TEMP TABLE coverage_app_minutes AS ${STATEMENTS.appMinutes}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE coverage_gateway_minutes AS ${STATEMENTS.gatewayMinutes}`)
  const streams = await findStreams(store)
  const environments = await findEnvironments(store)
  await createUnlinked(store)
  await db.run(`CREATE OR REPLACE TEMP TABLE coverage_minutes AS ${STATEMENTS.minutes}`)
  return {
    streams,
    environments,
    hours: await db.rows<HourHops>(STATEMENTS.hours).then(numbersIn('hour')),
    silences: await db.rows<SilenceRow>(STATEMENTS.silences),
    serves: await db.rows<Served>(STATEMENTS.serves),
    calls: await db.rows<CallSlot>(STATEMENTS.callSlots).then(numbersIn('slot')),
    lines: await db.rows<LineSlot>(STATEMENTS.lineSlots).then(numbersIn('slot')),
    rejects: hasRejects(state, range) ? await rejectHours(store, streams, environments) : [],
  }
}

/** 64-bit numbers come as text. */
function numbersIn<Name extends string>(name: Name) {
  return <Row extends Readonly<Record<Name, number>>>(rows: Row[]): Row[] =>
    rows.map(row => ({ ...row, [name]: Number(row[name]) }))
}

async function createViews({ db, state, root }: Store, range: Range): Promise<void> {
  const hasShipped = [...state.sources.values()].some(source => wrapsLines(source.format))
  const within = (stamp: string): string => {
    const bound = (us: number, operator: string): string =>
      Number.isFinite(us) ? ` AND ${stamp} ${operator} make_timestamp(${Math.trunc(us)})` : ''
    return `TRUE${bound(range.fromUs, '>=')}${bound(range.toUs, '<')}`
  }
  await db.run(
    `CREATE OR REPLACE TEMP VIEW coverage_app AS SELECT *, ${hasShipped ? SHIPPED_FROM.log : 'NULL::VARCHAR'} AS log FROM ${factsRelation(state, root, 'app', range)} WHERE ${within('end_ts')}`,
  )
  await db.run(
    `CREATE OR REPLACE TEMP VIEW coverage_gateway AS SELECT * FROM ${factsRelation(state, root, 'gateway', range)} WHERE ${within('start_ts')}`,
  )
  const wide = { fromUs: range.fromUs - DAY_US, toUs: range.toUs + DAY_US }
  await db.run(
    `CREATE OR REPLACE TEMP VIEW coverage_links AS SELECT * FROM ${linksRelation(state, root, wide)}`,
  )
}

async function findStreams({ db, state }: Store): Promise<readonly LogStream[]> {
  type Row = {
    source_id: number
    log: string | null
    host: string | null
    site: string | null
    lines: string
  }
  const rows = await db.rows<Row>(STATEMENTS.origins)
  const streams = logStreams(
    [...state.sources.values()],
    rows.map(row => ({
      sourceId: row.source_id,
      log: row.log ?? undefined,
      host: row.host ?? undefined,
      site: row.site ?? undefined,
      lines: Number(row.lines),
    })),
  )
  const origins = streams.flatMap(stream =>
    stream.origins.map(o => ({
      track: stream.id,
      source_id: o.sourceId,
      log: o.log ?? null,
      host: o.host ?? null,
    })),
  )
  await db.run(
    `CREATE OR REPLACE TEMP TABLE coverage_streams AS SELECT o.track, o.source_id, o.log, o.host
     FROM (SELECT unnest(from_json($json, '[{"track":"INTEGER","source_id":"INTEGER","log":"VARCHAR","host":"VARCHAR"}]')) AS o)`,
    { json: JSON.stringify(origins) },
  )
  return streams
}

async function findEnvironments({ db }: Store): Promise<readonly Environment[]> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE coverage_environments AS
     SELECT (row_number() OVER (ORDER BY organization, environment) - 1)::INTEGER AS track, organization, environment,
       list(DISTINCT source_id ORDER BY source_id) AS source_ids
     FROM coverage_gateway_minutes GROUP BY organization, environment`,
  )
  type Row = { track: number; organization: string | null; environment: string | null; source_ids: number[] }
  const rows = await db.rows<Row>('SELECT * FROM coverage_environments ORDER BY track')
  return rows.map(({ track, organization, environment, source_ids }) => ({
    id: track,
    organization: organization ?? undefined,
    environment: environment ?? undefined,
    sourceIds: source_ids,
  }))
}

async function createUnlinked({ db, state }: Store): Promise<void> {
  const days = [...state.unlinkedDays].map(parseDayKey)
  await db.run(
    `CREATE OR REPLACE TEMP TABLE coverage_unlinked AS SELECT o.application, o.day
     FROM (SELECT unnest(from_json($json, '[{"application":"VARCHAR","day":"DATE"}]')) AS o)`,
    { json: JSON.stringify(days) },
  )
}

function hasRejects(state: LedgerState, { fromUs, toUs }: Range): boolean {
  return [...state.sources.values()].some(
    ({ accounting: a }) =>
      a.rejected > 0 && (a.firstUs ?? 0) < toUs && (a.lastUs ?? Number.POSITIVE_INFINITY) >= fromUs - HOUR_US,
  )
}

async function rejectHours(
  { db, state, root }: Store,
  streams: readonly LogStream[],
  environments: readonly Environment[],
): Promise<RejectHour[]> {
  const wanted = [...state.sources.values()].filter(s => s.accounting.rejected > 0).map(s => s.id)
  const files = state.rejects.filter(f => f.sources.some(id => wanted.includes(id)))
  if (files.length === 0) return []
  await db.run(
    `CREATE OR REPLACE TEMP TABLE coverage_rejects AS SELECT DISTINCT source_id, line_no, log
     FROM (SELECT ${sourceIdOf(state)} AS source_id, line_no, log
       FROM read_json(${quoteTexts(wholeFiles(root, files))}, format = 'newline_delimited', filename = true,
         columns = {source_id: 'INTEGER', line_no: 'BIGINT', log: 'VARCHAR'}))
     WHERE source_id IN (SELECT unnest(from_json($ids, '["INTEGER"]')))`,
    { ids: JSON.stringify(wanted) },
  )
  type Row = Omit<RejectHour, 'track'> & { source_id: number; log: string | null; host: string | null; organization: string | null; environment: string | null } // biome-ignore format: one type
  const rows = await db.rows<Row>(STATEMENTS.rejects)
  return rows.flatMap(row => {
    const found =
      row.side === 'app'
        ? streams.find(s =>
            s.origins.some(
              o =>
                o.sourceId === row.source_id && (o.log ?? null) === row.log && (o.host ?? null) === row.host,
            ),
          )
        : environments.find(
            e => (e.organization ?? null) === row.organization && (e.environment ?? null) === row.environment,
          )
    return found ? [{ side: row.side, track: found.id, hour: row.hour, lines: row.lines }] : []
  })
}
