import type { FoundFindings, FoundIncident } from '../evidence/inputs.ts'
import { stampText } from '../evidence/verify/record-columns.ts'
import { hoursText, whyText } from '../findings/document.ts'
import type { Incident, NotEvaluated } from '../findings/finding.ts'
import { findingsByDay } from '../findings/findings.ts'
import { RULES } from '../findings/registry.ts'
import type { FindingSettings } from '../findings/settings.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'

const TITLES = new Map<string, string>(RULES.map(rule => [rule.id, rule.title]))

/** What `throughline findings` lists for a period, for a bundle of evidence: suppressed incidents as well. */
export async function findingsOfPeriod(
  store: Store,
  range: Range,
  settings: FindingSettings,
  nowMs: number,
): Promise<FoundFindings> {
  const { incidents, notEvaluated } = await foundInPeriod(store, range, settings, nowMs)
  return { incidents: incidents.map(it => it.found), notEvaluated: notEvaluated.map(it => it.found) }
}

/** What was found, and what it was found about. */
export interface FoundInPeriod {
  readonly incidents: readonly { readonly incident: Incident; readonly found: FoundIncident }[]
  readonly notEvaluated: readonly {
    readonly application: string | undefined
    readonly found: FoundFindings['notEvaluated'][number]
  }[]
}

/** The same, with the application or host that each is about. */
export async function foundInPeriod(
  store: Store,
  range: Range,
  settings: FindingSettings,
  nowMs: number,
): Promise<FoundInPeriod> {
  const incidents: FoundInPeriod['incidents'][number][] = []
  const notEvaluated: NotEvaluated[] = []
  for await (const day of findingsByDay(store, range, settings, { openDays: false, nowMs })) {
    const requests = await requestsOf(store)
    incidents.push(
      ...day.incidents.map(it => ({
        incident: it,
        found: foundIncident(it, requests.get(it.incident) ?? []),
      })),
    )
    notEvaluated.push(...day.notEvaluated)
  }
  return {
    incidents,
    notEvaluated: notEvaluated.map(it => ({ application: it.application, found: foundNotEvaluated(it) })),
  }
}

function foundNotEvaluated(it: NotEvaluated): FoundFindings['notEvaluated'][number] {
  return {
    rule: it.rule ?? null,
    day: it.day,
    application: it.application ?? null,
    reason: it.reason,
    why: it.coverage && it.hours ? `${whyText(it)} (${hoursText(it.hours)})` : whyText(it),
    requests: it.requests,
  }
}

function foundIncident(it: Incident, requestIds: readonly string[]): FoundIncident {
  const { rule, incident, severity, status, title, suppression } = it
  return {
    rule,
    incident,
    severity,
    status,
    title,
    firstSeen: stampText(it.firstUs),
    lastSeen: stampText(it.lastUs),
    ...(suppression
      ? { suppression: { until: suppression.until, at: suppression.at, reason: suppression.reason, author: suppression.author } }
      : {}),
    ruleTitle: TITLES.get(rule) ?? rule,
    requestIds,
  }
} // biome-ignore format: one member a line

/** The requests of the day that was judged last, by incident. */
async function requestsOf({ db }: Store): Promise<Map<string, string[]>> {
  const rows = await db.rows<{ incident: string; ids: string[] }>(
    'SELECT incident, list(DISTINCT request_id ORDER BY request_id) AS ids FROM finding_requests GROUP BY incident',
  )
  return new Map(rows.map(({ incident, ids }) => [incident, ids]))
}
