import type { Store } from '../store/store.ts'
import type { BoundFilter } from './filter/index.ts'

/**
 * Puts what rules say of the requests of some days into the table request_findings (request_id, rules, incidents,
 * findings: as JSON). Handed in from above, as rules are made of requests.
 */
export type FindingsOfDays = (store: Store, days: readonly string[]) => Promise<void>

/** Columns of the view requests that are NULL until findings are joined. */
export const FINDING_COLUMNS: readonly string[] = ['rules', 'incidents']

/** The columns of requests as they are shown where findings were not asked for: NULL would look like none. */
export const WITHOUT_FINDINGS = `* EXCLUDE (${FINDING_COLUMNS.join(', ')})`

/** The view requests with findings, as a FROM item. */
export const WITH_FINDINGS =
  '(SELECT r.* REPLACE (f.rules AS rules, f.incidents AS incidents) FROM requests AS r LEFT JOIN request_findings AS f ON f.request_id = r.request_id)'

/** Whether a question is about findings. */
export function asksFindings(bound: BoundFilter, columns: readonly string[] = []): boolean {
  return columns.some(column => FINDING_COLUMNS.includes(column)) || namesFindings(bound)
}

function namesFindings(bound: BoundFilter): boolean {
  switch (bound.kind) {
    case 'all':
      return false
    case 'and':
    case 'or':
      return bound.items.some(namesFindings)
    case 'not':
      return namesFindings(bound.item)
    default:
      return FINDING_COLUMNS.includes(bound.field.column)
  }
}
