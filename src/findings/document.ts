import { COVERAGE_REASONS } from '../coverage/reasons.ts'
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
    coverage: it.coverage ?? null,
    why: whyText(it),
    hours: it.hours ?? null,
    requests: it.requests,
  }
}

/** Why something was not evaluated, in words. */
export function whyText({ reason, coverage }: NotEvaluated): string {
  return coverage === undefined ? REASONS[reason] : `${REASONS[reason]}: ${COVERAGE_REASONS[coverage]}`
}

/** Hours as `2026-03-02 13:00..15:00`, those that follow each other together; at most so many spans, and how many hours more. */
export function hoursText(hours: readonly string[], most = Number.POSITIVE_INFINITY): string {
  const numbers = [...new Set(hours)].map(hour => Date.parse(`${hour.slice(0, 13)}:00:00Z`) / HOUR_MS).sort((a, b) => a - b)
  const spans: [number, number][] = []
  for (const at of numbers) {
    const last = spans.at(-1)
    if (last && last[1] === at && at % 24 !== 0) last[1] = at + 1
    else spans.push([at, at + 1])
  }
  const shown = spans.slice(0, most).map(([from, to]) => `${hourText(from)}..${hourText(to - 1, 1).slice(11)}`)
  const left = spans.slice(most).reduce((sum, [from, to]) => sum + to - from, 0)
  return [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', ')
} // biome-ignore format: one line each

const HOUR_MS = 3_600_000

/**
 * `2026-03-02 13:00`
 *
 * @param ahead hours that the clock shows more, up to 24:00 of the day
 */
function hourText(hour: number, ahead = 0): string {
  const text = new Date(hour * HOUR_MS).toISOString()
  return `${text.slice(0, 10)} ${String(Number(text.slice(11, 13)) + ahead).padStart(2, '0')}:00`
}
