import { coverageOf } from '../coverage/coverage.ts'
import type { CoverageRow, SourceGroup } from '../coverage/row.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import type { BundleFinding, CoverageGap, NotEvaluated } from './schema.ts'
import { hourOf } from './verify/accounts.ts'

/** Which hours of a period lack logs, as `throughline coverage` tells it, every hour of every group of logs. */
export async function coverageOfPeriod(store: Store, range: Range): Promise<readonly CoverageGap[]> {
  return coverageGaps(await coverageOf(store, range))
}

/** The same of rows that are there already. */
export function coverageGaps(rows: readonly CoverageRow[]): CoverageGap[] {
  return rows.map(({ group, hourUs, state, reason }) => ({
    side: group.side,
    group: groupName(group),
    hour: hourOf(hourUs),
    state,
    reason,
  }))
}

/** Which logs: the applications, then the environment of the gateway, or host and site, or what else is known of a log. */
function groupName({ side, applications, host, site, log, target, organization, environment }: SourceGroup): string {
  const name = applications.join(', ')
  if (side === 'gateway') {
    const isKnown = organization !== undefined || environment !== undefined
    return isKnown ? `${organization ?? '(no organization)'} / ${environment ?? '(no environment)'}` : `${name}: no export known`
  }
  if (target !== undefined) return `${name}: unknown log${target === '' ? '' : ` behind ${target}`}`
  if (host !== undefined) return `${name}: ${host}${site === undefined ? '' : ` ${site}`}`
  return `${name}: ${log ?? 'no log known'}`
} // biome-ignore format: one line each

/** An incident as the rules give it. */
export type FoundIncident = Omit<BundleFinding, 'requests' | 'others'> & {
  /** What the rule is about, without whom the incident is about; this alone is shown where people are withheld. */
  readonly ruleTitle: string
  readonly requestIds: readonly string[]
}

/** What rules say of a period. Handed in, as they are a neighbour of evidence. */
export interface FoundFindings {
  readonly incidents: readonly FoundIncident[]
  readonly notEvaluated: readonly NotEvaluated[]
}
