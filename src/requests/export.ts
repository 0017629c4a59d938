import { join } from 'node:path'
import { FACT_COLUMNS, type HopKind, stampOf } from '../model/hop.ts'
import { SOURCE_ENDS } from '../model/source.ts'
import { ALWAYS, emptyRelation, factsRelation, type Range, sourceIdOf } from '../store/facts.ts'
import { type Params, quoteIdentifier, quoteText, quoteTexts } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { FindingsOfDays } from './findings-source.ts'
import { prepareSearch } from './search.ts'
import { createRequestsView } from './view.ts'

export type ExportKind = 'facts' | 'links' | 'requests' | 'rejects'
export type ExportFormat = 'parquet' | 'csv' | 'ndjson'

export interface ExportOptions {
  /** Which facts. */
  readonly kind: HopKind
  readonly range: Range | undefined
  /** Requests only. */
  readonly filter: string
  readonly nowMs: number
  /** What answers conditions on findings. */
  readonly findings?: FindingsOfDays | undefined
}

/** A statement whose rows are the export, in a total order. */
export async function exportSelect(
  store: Store,
  what: ExportKind,
  options: ExportOptions,
): Promise<{ select: string; params: Params }> {
  const range = options.range ?? ALWAYS
  if (what === 'facts') return { select: factsSelect(store, options.kind, range), params: {} }
  if (what === 'rejects') return { select: await rejectsSelect(store), params: {} }
  if (what === 'requests') {
    const { from, params, columns } = await prepareSearch(store, options)
    return { select: `SELECT ${columns} FROM ${from} ORDER BY start_ts, request_id`, params }
  }
  await createRequestsView(store, range)
  await createSources(store)
  return {
    select: `SELECT * FROM (${LINKS}) ${within('gateway_start_ts', range)} ORDER BY gateway_start_ts, request_id, app_hop_id`,
    params: {},
  }
}

function factsSelect({ state, root }: Store, kind: HopKind, range: Range): string {
  const stamp = stampOf(kind)
  const columns = FACT_COLUMNS[kind].map(c =>
    c.sql === 'UUID'
      ? `hex_id(${quoteIdentifier(c.name)}) AS ${quoteIdentifier(c.name)}`
      : quoteIdentifier(c.name),
  )
  return `SELECT ${columns.join(', ')} FROM ${factsRelation(state, root, kind, range)} ${within(stamp, range)} ORDER BY ${stamp}, hop_id`
}

// One row a link: both hops, where the app line stands, how it was joined and how sure that is.
const LINKS = `
  SELECT hex_id(l.gateway_hop_id) AS request_id, g.message_id AS gateway_flow_id, hex_id(l.gateway_hop_id) AS gateway_hop_id,
    hex_id(l.app_hop_id) AS app_hop_id, s.path AS app_file, a.line_no AS app_line_no, l.method, l.posterior AS confidence,
    l.verdict, l.runner_up, l.candidates, coalesce(l.id, a.correlation_id) AS id, l.gateway_field, l.app_field, l.how,
    l.reasons, gs.path AS gateway_file, g.line_no AS gateway_line_no, g.start_ts AS gateway_start_ts, a.end_ts AS app_end_ts
  FROM link_rows AS l
  JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id
  JOIN server_facts AS a ON a.hop_id = l.app_hop_id
  LEFT JOIN source_paths AS s ON s.id = a.source_id
  LEFT JOIN source_paths AS gs ON gs.id = g.source_id
  WHERE l.verdict = 'linked'`

async function createSources({ db, state }: Store): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE source_paths (id INTEGER, path VARCHAR, line_no BIGINT)')
  const sources = [...state.sources.values()]
  if (sources.length === 0) return
  await db.run(
    "INSERT INTO source_paths SELECT (o->>'id')::INTEGER, o->>'path', (o->>'line')::BIGINT FROM (SELECT unnest(from_json($json, '[\"JSON\"]')) AS o)",
    {
      json: JSON.stringify(sources.map(s => ({ id: s.id, path: s.path, line: s.state.lineNo }))),
    },
  )
}

const REJECT_COLUMNS = [
  { name: 'source_id', sql: 'INTEGER' }, { name: 'line_no', sql: 'BIGINT' }, { name: 'byte_offset', sql: 'BIGINT' },
  { name: 'length', sql: 'BIGINT' }, { name: 'sha256', sql: 'VARCHAR' }, { name: 'reason', sql: 'VARCHAR' },
  { name: 'detail', sql: 'VARCHAR' }, { name: 'excerpt', sql: 'VARCHAR' },
] as const // biome-ignore format: a table

/**
 * A rejected line stands once, also where its file was read again from the beginning or several stores have it. A last
 * line that was read again, as its source had grown, stands as it was found then.
 */
async function rejectsSelect(store: Store): Promise<string> {
  await createSources(store)
  const files = store.state.rejects.map(r => join(store.root, r.path))
  const struct = REJECT_COLUMNS.map(c => `${c.name}: '${c.sql}'`).join(', ')
  const rejects = files.length
    ? `(SELECT DISTINCT * EXCLUDE (filename) REPLACE (${sourceIdOf(store.state)} AS source_id)
        FROM read_json(${quoteTexts(files)}, format = 'newline_delimited', filename = true, columns = {${struct}}))`
    : emptyRelation(REJECT_COLUMNS)
  return `SELECT s.path AS file, r.* FROM ${rejects} AS r LEFT JOIN source_paths AS s ON s.id = r.source_id
    WHERE NOT coalesce(ends_with(r.detail, ${quoteText(SOURCE_ENDS)}) AND r.line_no < s.line_no, FALSE) ORDER BY r.source_id, r.line_no`
}

function within(column: string, range: Range): string {
  const conditions = [
    Number.isFinite(range.fromUs) ? `${column} >= make_timestamp(${range.fromUs})` : '',
    Number.isFinite(range.toUs) ? `${column} < make_timestamp(${range.toUs})` : '',
  ].filter(c => c !== '')
  return conditions.length ? `WHERE ${conditions.join(' AND ')}` : ''
}
