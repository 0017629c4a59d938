import { CONFIG } from '../../../src/config/schema.ts'
import { COVERAGE_COLUMNS } from '../../../src/elastic/dashboards/coverage-relation.ts'
import { DOCUMENT_JSON } from '../../../src/elastic/document-sql.ts'
import { createDocuments } from '../../../src/elastic/documents.ts'
import { findingsOfRequests } from '../../../src/findings/request-findings.ts'
import { findingSettings } from '../../../src/findings/settings.ts'
import { WITH_FINDINGS } from '../../../src/requests/findings-source.ts'
import { createRequestsView } from '../../../src/requests/view.ts'
import { quoteIdentifier } from '../../../src/store/query.ts'
import type { Store } from '../../../src/store/store.ts'
import { NOON } from '../../support/store.ts'

/** A document, under flat names; values that are not there are left out. */
export type Flat = Readonly<Record<string, unknown>>

const FINDINGS = findingsOfRequests(findingSettings(CONFIG.parse({})), () => NOON)
const daysOf = ({ state }: Store): string[] => [...new Set([...state.days.values()].map(d => d.day))].sort()

const ISO = "'%Y-%m-%dT%H:%M:%S.%fZ'"

/** Puts the requests of a store together once, as the table that the view `requests` then shows. */
export async function freezeRequests(store: Store): Promise<void> {
  await FINDINGS(store, daysOf(store))
  await createRequestsView(store)
  await store.db.run(`CREATE TEMP TABLE frozen AS SELECT * FROM ${WITH_FINDINGS}`)
  await store.db.run('CREATE OR REPLACE TEMP VIEW requests AS SELECT * FROM frozen')
}

/** The documents of all requests, as they are published. To be asked for before the requests are frozen. */
export async function requestDocuments(store: Store): Promise<Flat[]> {
  const found: Flat[] = []
  for (const day of daysOf(store)) {
    await createDocuments(store, day, { findings: FINDINGS })
    const rows = await store.db.rows<{ doc: string }>(`SELECT ${DOCUMENT_JSON} AS doc FROM documents`)
    found.push(...rows.map(row => JSON.parse(row.doc) as Flat))
  }
  return found
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
