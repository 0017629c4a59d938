import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import type { SegmentRecord } from '../ledger/entry.ts'
import { HOP_KINDS, type HopKind } from '../model/hop.ts'
import { DAY_US } from '../model/time.ts'
import { REQUEST_FIELDS } from '../requests/fields.ts'
import { bindFilter, parseFilter } from '../requests/filter/index.ts'
import { asksFindings, type FindingsOfDays } from '../requests/findings-source.ts'
import { prepareSearch } from '../requests/search.ts'
import { createRequestsView } from '../requests/view.ts'
import { factsRelation, type Range } from '../store/facts.ts'
import { quoteIdentifier, quoteTexts, sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { RECORD_COLUMNS } from './verify/record-columns.ts'

const HOPS = sqlFile('./population_hops.sql', import.meta.url)
const LINKS = sqlFile('./population_links.sql', import.meta.url)

export interface Wanted {
  readonly filter: string
  readonly range: Range
  readonly nowMs: number
  /** What answers conditions on findings. */
  readonly findings?: FindingsOfDays | undefined
}

/** Files of facts in which hops of requests of a period lie. */
function segmentsAround({ state }: Store, kind: HopKind, range: Range): SegmentRecord[] {
  return state.segments.filter(
    s => s.kind === kind && s.firstUs < range.toUs + DAY_US && s.lastUs >= range.fromUs - DAY_US,
  )
}

/**
 * Creates the temp tables of a population: population (requests, numbered by n in order of start), placed_hops (its hops
 * with file, row and stamp), link_wanted (the link rows its states rest on).
 *
 * @throws FILTER_SYNTAX, FILTER_FIELD
 * @returns paths of the files of facts that hops of it lie in, in order; placed_hops.segment is the place in it
 */
export async function createPopulation(store: Store, { filter, range, nowMs, findings }: Wanted): Promise<SegmentRecord[]> {
  const { db, state, root } = store
  if (!findings) refuseFindings(filter)
  const { from, params } = await prepareSearch(store, { filter, range, nowMs, findings })
  await db.run(
    `CREATE OR REPLACE TEMP TABLE population AS
     SELECT row_number() OVER () - 1 AS n, * FROM (SELECT * FROM ${from} ORDER BY start_ts, request_id)`,
    params,
  )
  await createRequestsView(store, range)
  await db.run(`CREATE OR REPLACE TEMP TABLE population_hops AS ${HOPS}`)
  const wide = { fromUs: range.fromUs - DAY_US, toUs: range.toUs + DAY_US }
  const parts = HOP_KINDS.flatMap(kind => {
    const files = segmentsAround(store, kind, range).map(s => join(root, s.path))
    if (files.length === 0) return []
    const [stamp, called] = kind === 'gateway' ? ['start_ts', 'target_called'] : ['end_ts', 'NULL::BOOLEAN']
    return [
      `SELECT h.n, h.k, h.kind, h.hop_id, c.source_id, c.line_no, c.ts, c.target_called, p.path, p.leaf_index
       FROM (SELECT * FROM population_hops WHERE kind = '${kind}') AS h
       JOIN (SELECT hop_id, source_id, line_no, ${stamp} AS ts, ${called} AS target_called FROM ${factsRelation(state, root, kind, wide)}) AS c USING (hop_id)
       JOIN (
         SELECT filename AS path, hop_id, source_id, line_no,
           row_number() OVER (PARTITION BY filename ORDER BY hop_id, source_id, line_no) - 1 AS leaf_index
         FROM read_parquet(${quoteTexts(files)}, hive_partitioning = false, filename = true)
       ) AS p USING (hop_id, source_id, line_no)`,
    ]
  })
  await db.run(`CREATE OR REPLACE TEMP TABLE found_hops AS ${parts.join(' UNION ALL ') || NO_HOPS}`)
  const paths = (await db.rows<{ path: string }>('SELECT DISTINCT path FROM found_hops')).map(r => r.path)
  const segments = state.segments.filter(s => paths.includes(join(root, s.path))).sort((a, b) => (a.path < b.path ? -1 : 1))
  await createNumbered(store, 'segment_files', segments.map(s => join(root, s.path)))
  await db.run(
    `CREATE OR REPLACE TEMP TABLE placed_hops AS SELECT f.* EXCLUDE (path), s.number AS segment
     FROM found_hops AS f JOIN segment_files AS s USING (path) ORDER BY n, k`,
  )
  await db.run('DROP TABLE found_hops')
  await db.run(`CREATE OR REPLACE TEMP TABLE link_wanted AS ${LINKS}`)
  return segments
} // biome-ignore format: one line each

/** @throws FILTER_FIELD where nobody can answer conditions on findings: none would match, which looks like an answer */
function refuseFindings(filter: string): void {
  if (!asksFindings(bindFilter(parseFilter(filter), REQUEST_FIELDS, new Date(0)))) return
  throw new ThroughlineError(
    'FILTER_FIELD',
    `the filter ${filter} has conditions on finding or incident: findings are judged by the store, a verifier cannot; leave them out`,
    { filter },
  )
}

const NO_HOPS = `SELECT NULL::BIGINT AS n, NULL::INTEGER AS k, NULL::VARCHAR AS kind, NULL::UUID AS hop_id, NULL::INTEGER AS source_id,
  NULL::BIGINT AS line_no, NULL::TIMESTAMP AS ts, NULL::BOOLEAN AS target_called, NULL::VARCHAR AS path, NULL::BIGINT AS leaf_index WHERE FALSE`

/** Creates a temp table with the columns path and number. */
export async function createNumbered({ db }: Store, name: string, paths: readonly string[]): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE ${quoteIdentifier(name)} AS
     SELECT path, number - 1 AS number FROM (SELECT unnest(${quoteTexts(paths)}::VARCHAR[]) AS path, generate_subscripts(${quoteTexts(paths)}::VARCHAR[], 1) AS number)`,
  )
}

/** SQL of a line of population.ndjson without the places of its hops, over the table population. */
function lineSql(): string {
  const columns = RECORD_COLUMNS.map(([name, shape]) => {
    const column = quoteIdentifier(name)
    const value = {
      text: name === 'day' ? `'"' || ${column} || '"'` : `to_json(${column})`,
      texts: `to_json(${column})`,
      whole: `${column}::VARCHAR`,
      flag: `${column}::VARCHAR`,
      stamp: `strftime(${column}, '"%Y-%m-%dT%H:%M:%S.%fZ"')`,
      fraction: `CASE WHEN ${column} = 1 THEN '1' ELSE ${column}::VARCHAR END`,
    }[shape]
    return `'"${name}":' || ${value}`
  })
  return `'{' || concat_ws(',', ${columns.join(', ')})`
}

/** A request as a line of population.ndjson. */
export interface PopulationRow {
  readonly line: string
  /** Whether the gateway's record shows a call to the target; null without such a record. */
  readonly target_called: boolean | null
}

/** Requests whose lines are put in order at once: all of a large population do not fit into memory. */
const SLICE_REQUESTS = 25_000

/** SQL conditions on n that part the table population. */
export async function slicesOf({ db }: Store, size = SLICE_REQUESTS): Promise<string[]> {
  const { requests } = await db.row<{ requests: number }>(
    'SELECT count(*)::DOUBLE AS requests FROM population',
  )
  return Array.from(
    { length: Math.ceil(requests / size) },
    (_, at) => `n >= ${at * size} AND n < ${(at + 1) * size}`,
  )
}

/** Requests of the tables that `createPopulation` makes, in order, in batches. */
export async function* populationRows(store: Store): AsyncGenerator<PopulationRow[]> {
  for (const slice of await slicesOf(store))
    yield* store.db.stream<PopulationRow>(
      `SELECT ${lineSql()} || ',"hops":[' || h.places || ']}' AS line, h.target_called
       FROM (SELECT * FROM population WHERE ${slice}) AS p JOIN (
         SELECT n, string_agg('[' || segment || ',' || leaf_index || ']', ',' ORDER BY k) AS places, bool_or(target_called) AS target_called
         FROM placed_hops WHERE ${slice} GROUP BY n
       ) AS h USING (n) ORDER BY p.n`,
    )
} // biome-ignore format: one line each

/** JSON of DuckDB writes control characters with upper case digits, JavaScript with lower case ones. */
export function likeJavaScript(line: string): string {
  if (!line.includes('\\u00')) return line
  return line.replace(/\\(?:u([0-9A-F]{4})|.)/g, (all, digits?: string) =>
    digits === undefined ? all : `\\u${digits.toLowerCase()}`,
  )
}
