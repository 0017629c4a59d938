import { COVERAGE_FIELDS } from '../../../src/elastic/coverage-fields.ts'
import { DOCUMENT_FIELDS } from '../../../src/elastic/fields.ts'
import { createRequestsView } from '../../../src/requests/view.ts'
import { quoteIdentifier } from '../../../src/store/query.ts'
import type { Store } from '../../../src/store/store.ts'

/** A document, under flat names; values that are not there are left out. */
export type Flat = Readonly<Record<string, unknown>>

const ISO = "'%Y-%m-%dT%H:%M:%S.%fZ'"

/** Puts the requests of a store together once, as the table that the view `requests` then shows. */
export async function freezeRequests(store: Store): Promise<void> {
  await createRequestsView(store)
  await store.db.run('CREATE TEMP TABLE frozen AS SELECT * FROM requests')
  await store.db.run('CREATE OR REPLACE TEMP VIEW requests AS SELECT * FROM frozen')
}

/** The documents of all requests, with the fields that come from the view `requests` alone. */
export async function requestDocuments({ db }: Store): Promise<Flat[]> {
  const columns = new Set(
    (await db.rows<{ name: string }>('SELECT column_name AS name FROM (DESCRIBE requests)')).map(r => r.name),
  )
  const selected = DOCUMENT_FIELDS.flatMap(({ name, type, sql = '' }) => {
    if (!columns.has(sql) && sql !== 'duration_us * 1000') return []
    const value =
      type === 'date_nanos' ? `strftime(${sql}, ${ISO})` : type === 'date' ? `${sql}::VARCHAR` : sql
    return [`${value} AS ${quoteIdentifier(name)}`]
  })
  const rows = await db.rows<Record<string, unknown>>(
    `SELECT ${selected.join(', ')} FROM requests ORDER BY request_id`,
  )
  return rows.map(row => Object.fromEntries(Object.entries(row).filter(([, v]) => v !== null)))
}

/** What was read and joined, as far as panels ask for it: from the ledger and the facts. */
export async function coverageDocuments(store: Store): Promise<Flat[]> {
  return [...sources(store), ...(await hours(store)), ...(await days(store))]
}

const iso = (us: number | undefined): string | undefined =>
  us === undefined ? undefined : new Date(us / 1000).toISOString()

function sources({ state }: Store): Flat[] {
  return [...state.sources.values()].map(({ path, format, status, accounting: a }) => ({
    '@timestamp': iso(a.firstUs),
    'throughline.kind': 'source',
    'throughline.side': format.startsWith('apigee') ? 'gateway' : 'app',
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

async function hours({ db, state }: Store): Promise<Flat[]> {
  const of = (side: 'gateway' | 'app', time: string): string =>
    `SELECT '${side}' AS side, source_id::INTEGER AS source, strftime(date_trunc('hour', ${time}), ${ISO}) AS hour,
       count(*)::INTEGER AS total,
       (count(*) FILTER (WHERE hop_id IN (SELECT ${side}_hop_id FROM link_rows WHERE verdict = 'linked')))::INTEGER AS joined
     FROM ${side}_facts GROUP BY ALL`
  const rows = await db.rows<{ side: string; source: number; hour: string; total: number; joined: number }>(
    `${of('gateway', 'start_ts')} UNION ALL ${of('app', 'end_ts')} ORDER BY ALL`,
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

async function days({ db, state }: Store): Promise<Flat[]> {
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

const SQL_TYPES = {
  keyword: 'VARCHAR',
  ip: 'VARCHAR',
  long: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  date_nanos: 'TIMESTAMP',
} as const

/** The same documents as the relation `coverage`. */
export async function createCoverage({ db }: Store, documents: readonly Flat[]): Promise<void> {
  const columns = COVERAGE_FIELDS.flatMap(({ name, type }) =>
    type === 'flattened' ? [] : [`${JSON.stringify(name)}: ${JSON.stringify(SQL_TYPES[type])}`],
  )
  await db.run(
    `CREATE OR REPLACE TEMP TABLE coverage AS
     SELECT unnest(o) FROM (SELECT unnest(from_json($json, '[{${columns.join(', ')}}]')) AS o)`,
    { json: JSON.stringify(documents) },
  )
}
