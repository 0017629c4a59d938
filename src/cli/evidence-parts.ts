import { coverageOf } from '../coverage/coverage.ts'
import type { CoverageRow } from '../coverage/row.ts'
import { coverageGaps, type FoundFindings } from '../evidence/inputs.ts'
import type { FindingSettings } from '../findings/settings.ts'
import type { StatePart } from '../ledger/state.ts'
import { DAY_US } from '../model/time.ts'
import { factsRelation, type Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { type FoundInPeriod, foundInPeriod } from './evidence-findings.ts'

/** What is known of the logs and requests of all stores, for the bundle of each: a log may lie in several. */
export interface KnownOfParts {
  readonly coverage: readonly CoverageRow[]
  readonly found: FoundInPeriod
}

export async function knownOfParts(
  united: Store,
  range: Range,
  settings: FindingSettings,
  nowMs: number,
): Promise<KnownOfParts> {
  return { coverage: await coverageOf(united, range), found: await foundInPeriod(united, range, settings, nowMs) }
} // biome-ignore format: one line

/** Which hours lack logs of the applications of one store. */
export function coverageOfPart({ coverage }: KnownOfParts, part: StatePart): ReturnType<typeof coverageGaps> {
  const isOwn = ownedBy(part)
  return coverageGaps(
    coverage.flatMap(row => {
      const applications = row.group.applications.filter(isOwn)
      return applications.length > 0 ? [{ ...row, group: { ...row.group, applications } }] : []
    }),
  )
}

/** What was found of the applications of one store, and of the hosts that wrote lines of it. */
export async function findingsOfPart(
  united: Store,
  { found: { incidents, notEvaluated } }: KnownOfParts,
  part: StatePart,
  range: Range,
): Promise<FoundFindings> {
  const isOwn = ownedBy(part)
  const hosts = await hostsOf(united, part, range)
  const isAbout = ({ incident: { application, about } }: FoundInPeriod['incidents'][number]): boolean =>
    application === undefined ? hosts.has(about.host ?? '') : isOwn(application)
  return {
    incidents: incidents.filter(isAbout).map(it => it.found),
    notEvaluated: notEvaluated
      .filter(it => it.application === undefined || isOwn(it.application))
      .map(it => it.found),
  }
}

function ownedBy({ state }: StatePart): (application: string) => boolean {
  const own = new Set(state.segments.flatMap(s => s.applications))
  return application => own.has(application)
}

async function hostsOf({ db }: Store, { state, root }: StatePart, { fromUs, toUs }: Range): Promise<Set<string>> {
  const wide = { fromUs: fromUs - DAY_US, toUs: toUs + DAY_US }
  const rows = await db.rows<{ host: string }>(
    `SELECT DISTINCT coalesce(clock, server_ip, '') AS host FROM ${factsRelation(state, root, 'app', wide)}`,
  )
  return new Set(rows.map(row => row.host))
} // biome-ignore format: a signature
