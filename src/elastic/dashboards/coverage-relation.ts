import { type HopKind, stampOf } from '../../model/hop.ts'
import { sideOfFormat } from '../../requests/overview.ts'
import type { Store } from '../../store/store.ts'
import { COVERAGE_FIELDS, type CoverageField } from '../coverage-fields.ts'

type Row = Readonly<Record<string, unknown>>

const SQL_TYPES = {
  keyword: 'VARCHAR',
  ip: 'VARCHAR',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  date_nanos: 'TIMESTAMP',
  flattened: undefined,
} as const

/** The fields of coverage that have a column: all but rejected lines by reason. */
export const COVERAGE_COLUMNS: readonly CoverageField[] = COVERAGE_FIELDS.filter(
  f => SQL_TYPES[f.type] !== undefined,
)

/**
 * Creates the table `coverage`, which questions about coverage are asked of: a row for each source, day, and hour of a
 * source, from the ledger and from the views requests, gateway_facts, app_facts, server_facts and link_rows. Columns are called as in
 * the mapping; those that no panel asks for stay empty.
 */
export async function createCoverageRelation(store: Store): Promise<void> {
  const rows = [...sources(store), ...(await hours(store)), ...(await days(store))]
  const columns = COVERAGE_COLUMNS.map(
    ({ name, type }) => `${JSON.stringify(name)}: ${JSON.stringify(SQL_TYPES[type])}`,
  )
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE coverage AS
     SELECT unnest(o) FROM (SELECT unnest(from_json($json, '[{${columns.join(', ')}}]')) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

const ISO = "'%Y-%m-%dT%H:%M:%S.%fZ'"

const iso = (us: number | undefined): string | undefined =>
  us === undefined ? undefined : new Date(us / 1000).toISOString()

function sources({ state }: Store): Row[] {
  return [...state.sources.values()].map(({ path, format, status, accounting: a }) => ({
    '@timestamp': iso(a.firstUs),
    'throughline.kind': 'source',
    'throughline.side': sideOfFormat(format),
    'log.file.path': path,
    'throughline.source.format': format,
    'throughline.source.status': status,
    'event.end': iso(a.lastUs),
    'throughline.lines.total': a.lines,
    'throughline.lines.decoded': a.decoded,
    'throughline.lines.directives': a.directives,
    'throughline.lines.rejected': a.rejected,
    'throughline.lines.duplicates': a.duplicates,
  }))
}

async function hours({ db, state }: Store): Promise<Row[]> {
  const of = (side: HopKind, facts: string, linked: string): string =>
    `SELECT '${side}' AS side, source_id::INTEGER AS source, strftime(date_trunc('hour', ${stampOf(side)}), ${ISO}) AS hour,
       count(*)::INTEGER AS total,
       (count(*) FILTER (WHERE hop_id IN (SELECT ${linked}_hop_id FROM link_rows WHERE verdict = 'linked')))::INTEGER AS joined
     FROM ${facts} GROUP BY ALL`
  const rows = await db.rows<{ side: string; source: number; hour: string; total: number; joined: number }>(
    `${of('gateway', 'gateway_facts', 'gateway')} UNION ALL ${of('app', 'app_facts', 'app')}
     UNION ALL ${of('kernel', 'server_facts WHERE kernel', 'app')} ORDER BY ALL`,
  )
  const paths = new Map([...state.sources.values()].map(s => [s.id, s.path]))
  return rows.map(r => ({
    '@timestamp': r.hour,
    'throughline.kind': 'hour',
    'throughline.side': r.side,
    'log.file.path': paths.get(r.source),
    'throughline.hops.total': r.total,
    'throughline.hops.joined': r.joined,
  }))
}

async function days({ db, state }: Store): Promise<Row[]> {
  const rows = await db.rows<Record<string, string | number>>(
    `SELECT application, day::VARCHAR AS day, count(*)::INTEGER AS total,
       (count(*) FILTER (WHERE state = 'joined'))::INTEGER AS joined,
       (count(*) FILTER (WHERE state = 'gateway-only'))::INTEGER AS gateway_only,
       (count(*) FILTER (WHERE state = 'app-only'))::INTEGER AS app_only,
       (count(*) FILTER (WHERE state LIKE 'awaiting%'))::INTEGER AS awaiting,
       (count(*) FILTER (WHERE state = 'ambiguous'))::INTEGER AS ambiguous
     FROM requests GROUP BY ALL ORDER BY ALL`,
  )
  const known = [...state.days.values()]
  return rows.map(({ application, day, ...counts }) => {
    const found = known.find(d => d.application === application && d.day === day)
    return {
      '@timestamp': `${day}T00:00:00.000Z`,
      'throughline.kind': 'day',
      'throughline.application': application,
      'throughline.day': day,
      'throughline.day_state': found?.state ?? 'open',
      'event.reason': found?.reason,
      ...Object.fromEntries(Object.entries(counts).map(([k, v]) => [`throughline.requests.${k}`, v])),
    }
  })
}
