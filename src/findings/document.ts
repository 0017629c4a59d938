import type { Incident, NotEvaluated } from './finding.ts'
import { REASONS } from './reasons.ts'
import { RULES } from './registry.ts'

/** The requests behind an incident, with the hops that tell. */
export interface IncidentRequest {
  readonly request_id: string
  readonly hop_ids: readonly string[]
}

const CRITERIA_OF = new Map(RULES.map(rule => [rule.id, rule.criteria]))

const time = (us: number): string => new Date(us / 1000).toISOString()

/** An incident as programs get it: `--json`, webhooks, evidence. Keys in a fixed order. */
export function incidentDocument(it: Incident, requests?: readonly IncidentRequest[]): Record<string, unknown> {
  return {
    incident: it.incident,
    series: it.series,
    rule: it.rule,
    severity: it.severity,
    status: it.status,
    provisional: it.provisional,
    title: it.title,
    criteria: CRITERIA_OF.get(it.rule) ?? [],
    day: it.day,
    application: it.application ?? null,
    about: it.about,
    first_seen: time(it.firstUs),
    last_seen: time(it.lastUs),
    requests: it.requests,
    looked_at: it.total ?? null,
    seen: it.notes,
    hint: it.hint ?? null,
    suppression: it.suppression
      ? { reason: it.suppression.reason, author: it.suppression.author, until: it.suppression.until, at: it.suppression.at }
      : null,
    ...(requests ? { request_ids: requests } : {}),
  }
} // biome-ignore format: one member a line

export function notEvaluatedDocument(it: NotEvaluated): Record<string, unknown> {
  return {
    rule: it.rule ?? null,
    day: it.day,
    application: it.application ?? null,
    reason: it.reason,
    why: REASONS[it.reason],
    requests: it.requests,
  }
}
