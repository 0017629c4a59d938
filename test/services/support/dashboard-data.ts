import { COVERAGE_COLUMNS } from '../../../src/elastic/dashboards/coverage-relation.ts'
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

/** The rows of the relation `coverage` as documents. */
export async function coverageDocuments({ db }: Store): Promise<Flat[]> {
  const selected = COVERAGE_COLUMNS.map(({ name, type }) => {
    const column = quoteIdentifier(name)
    return type === 'date_nanos'
      ? `strftime(${column}, ${ISO}) AS ${column}`
      : type === 'date'
        ? `${column}::VARCHAR AS ${column}`
        : column
  })
  const rows = await db.rows<Record<string, unknown>>(
    `SELECT ${selected.join(', ')} FROM coverage ORDER BY ALL`,
  )
  return rows.map(row =>
    Object.fromEntries(
      Object.entries(row).flatMap(([k, v]) =>
        v === null ? [] : [[k, /^-?\d+$/.test(String(v)) ? Number(v) : v]],
      ),
    ),
  )
}
