import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import type { FoundIncident } from './create.ts'
import type { CoverageGap } from './schema.ts'

/**
 * Which hours of a period lack logs, as `throughline coverage` tells it, every hour of every group of logs; null: it was not
 * evaluated.
 */
export async function coverageOfPeriod(_store: Store, _range: Range): Promise<readonly CoverageGap[] | null> {
  return null
}

/** Incidents of a period, as `throughline findings` tells them. */
export async function findingsOfPeriod(_store: Store, _range: Range): Promise<readonly FoundIncident[]> {
  return []
}
