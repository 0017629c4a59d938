import type { LedgerState } from '../ledger/state.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { ALWAYS, emptyRelation, factsOfDays, factsRelation, type Range } from '../store/facts.ts'
import { quoteTexts, sqlFile } from '../store/query.ts'
import { wholeFiles } from '../store/records.ts'
import { type ServerSide, serverRelation, serverSide, serverSideOfDays } from '../store/server-facts.ts'
import type { Store } from '../store/store.ts'
import { loadAliases, withAliases } from './subjects.ts'

const REQUESTS = sqlFile('./requests.sql', import.meta.url)
/** The statement that puts requests together from the views of facts and links. */
export const REQUEST_ROWS = sqlFile('./request_rows.sql', import.meta.url)

/** Columns of a links file. Source: src/correlate/id_claims.sql. */
export const LINK_COLUMNS = [
  { name: 'app_hop_id', sql: 'UUID' }, { name: 'gateway_hop_id', sql: 'UUID' }, { name: 'app_day', sql: 'DATE' },
  { name: 'near_midnight', sql: 'BOOLEAN' },
  { name: 'verdict', sql: 'VARCHAR' }, { name: 'method', sql: 'VARCHAR' }, { name: 'posterior', sql: 'DOUBLE' },
  { name: 'runner_up', sql: 'DOUBLE' }, { name: 'candidates', sql: 'INTEGER' }, { name: 'id', sql: 'VARCHAR' },
  { name: 'gateway_field', sql: 'VARCHAR' }, { name: 'app_field', sql: 'VARCHAR' }, { name: 'how', sql: 'VARCHAR' },
  { name: 'reasons', sql: 'VARCHAR' }, { name: 'duration_residual_us', sql: 'BIGINT' }, { name: 'ahead_us', sql: 'BIGINT' },
  { name: 'clock_low_us', sql: 'BIGINT' }, { name: 'clock_high_us', sql: 'BIGINT' }, { name: 'nobody', sql: 'DOUBLE' },
  { name: 'log_duration', sql: 'DOUBLE' }, { name: 'log_place', sql: 'DOUBLE' }, { name: 'log_values', sql: 'DOUBLE' },
  { name: 'log_alone', sql: 'DOUBLE' }, { name: 'place_residual_us', sql: 'BIGINT' }, { name: 'calibrated', sql: 'BOOLEAN' },
] as const // biome-ignore format: a table

/** FROM items that requests are put together from. */
export interface Relations extends ServerSide {
  readonly gateway: string
  readonly links: string
}

/**
 * Creates the views gateway_facts, app_facts, server_facts (IIS and HTTP.sys), link_rows and requests over the files of a period. Requests at the edge
 * of the range keep both legs: the other side is read one day wider. Rows outside the range may appear and are left
 * to the caller's filter.
 */
export async function createRequestsView(store: Store, range: Range = ALWAYS): Promise<void> {
  const { state, root } = store
  const wide = { fromUs: range.fromUs - DAY_US, toUs: range.toUs + DAY_US }
  await factsOver(store, {
    gateway: factsRelation(state, root, 'gateway', wide),
    ...serverSide(state, root, wide),
    links: linksRelation(state, root, wide),
  })
  await store.db.run(`CREATE OR REPLACE TEMP VIEW request_rows AS ${REQUEST_ROWS}`)
  await createRequests(store)
}

/** Requests from the views of `factsOver` in one statement, which for a few hops takes longer to plan than to run. */
export const REQUESTS_OF_FACTS = `WITH request_rows AS (${REQUEST_ROWS}) ${REQUESTS}`

/** Creates the views gateway_facts, app_facts, server_facts and link_rows over given FROM items. */
export async function factsOver(store: Store, relations: Relations): Promise<void> {
  const hasAliases = await loadAliases(store)
  await createFacts(store, relations, hasAliases)
}

/** Creates the view requests over the view request_rows. */
export async function createRequests({ db }: Store): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP VIEW requests AS ${REQUESTS}`)
}

/**
 * Creates the view day_rows: rows of request_rows.sql from the facts and links of some days. Rows of their neighbours
 * may be among them.
 *
 * @param aliases whether the table subject_aliases is to be applied
 */
export async function createDayRows(
  store: Store,
  days: ReadonlySet<string>,
  { aliases }: { readonly aliases: boolean },
): Promise<void> {
  const { state, root } = store
  const around = (n: number): Set<string> =>
    new Set([...days].flatMap(day => range(-n, n).map(shift => dayText(dayNumber(day) + shift))))
  const near = around(1)
  const relations = {
    gateway: factsOfDays(state, root, 'gateway', days),
    ...serverSideOfDays(state, root, near),
    links: linksOfDays(state, root, day => around(2).has(day)),
  }
  await createFacts(store, relations, aliases)
  await store.db.run(`CREATE OR REPLACE TEMP VIEW day_rows AS ${REQUEST_ROWS}`)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

async function createFacts(
  store: Store,
  { gateway, app, kernel, links }: Relations,
  hasAliases: boolean,
): Promise<void> {
  const { db } = store
  const facts = (relation: string, kind: 'gateway' | 'app'): string =>
    hasAliases ? withAliases(`(SELECT * FROM ${relation})`, kind) : relation
  await db.run(`CREATE OR REPLACE TEMP VIEW gateway_facts AS SELECT * FROM ${facts(gateway, 'gateway')}`)
  await db.run(`CREATE OR REPLACE TEMP VIEW app_facts AS SELECT * FROM ${facts(app, 'app')}`)
  await db.run(
    `CREATE OR REPLACE TEMP VIEW server_facts AS SELECT * FROM ${serverRelation({ app: 'app_facts', kernel })}`,
  )
  await db.run(`CREATE OR REPLACE TEMP VIEW link_rows AS SELECT * FROM ${links}`)
  await db.run(
    `CREATE OR REPLACE TEMP VIEW border_rows AS SELECT * FROM ${bordersRelation(store.state, store.root)}`,
  )
  await createDayStates(store)
}

/** Link rows of the days that a range touches, as a FROM item. */
export function linksRelation(state: LedgerState, root: string, range: Range): string {
  return linksOfDays(state, root, day => {
    const start = dayNumber(day) * DAY_US
    return start < range.toUs + DAY_US && start + DAY_US > range.fromUs - DAY_US
  })
}

/** Link rows of the days that are wanted, as a FROM item. */
export function linksOfDays(state: LedgerState, root: string, isWanted: (day: string) => boolean): string {
  const files = [...state.days.values()].flatMap(({ day, link, further = [] }) =>
    link?.file && isWanted(day) ? [link.file, ...further] : [],
  )
  if (files.length === 0) return emptyRelation(LINK_COLUMNS)
  return `read_parquet(${quoteTexts(wholeFiles(root, files))}, hive_partitioning = false)`
}

/** What is kept of the links of pruned days: their gateway hops are gone, app hops of theirs are still there. */
function bordersRelation({ pruning }: LedgerState, root: string): string {
  const files = [...(pruning?.borders.values() ?? [])]
  if (files.length === 0) return emptyRelation(LINK_COLUMNS)
  return `read_parquet(${quoteTexts(wholeFiles(root, files))}, hive_partitioning = false)`
}

async function createDayStates({ db, state }: Store): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE pruning AS SELECT $before::DATE AS before', {
    before: state.pruning?.before ?? null,
  })
  await db.run('CREATE OR REPLACE TEMP TABLE day_states (application VARCHAR, day DATE, closed BOOLEAN)')
  const closed = [...state.days.values()]
    .filter(d => d.state === 'closed')
    .map(({ application, day }) => ({ application, day }))
  if (closed.length === 0) return
  await db.run(
    `INSERT INTO day_states SELECT o.application, o.day, TRUE
     FROM (SELECT unnest(from_json($json, '[{"application":"VARCHAR","day":"DATE"}]')) AS o)`,
    { json: JSON.stringify(closed) },
  )
}
