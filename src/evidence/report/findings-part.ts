import type { BundleFinding, NotEvaluated } from '../schema.ts'
import { type Html, html, moment, table } from './html.ts'
import type { ReportInput } from './report.ts'

/** Incidents listed; findings.ndjson has all. */
const MOST_LISTED = 200

/** What rules found in the period, whether or not in requests of the question, and what they could not judge. */
export function findingsPart({ findings, completeness: { notEvaluated } }: ReportInput): Html {
  return html`<h3>Findings</h3>
${findings.length === 0 ? none(notEvaluated) : incidents(findings)}
${notEvaluated && notEvaluated.length > 0 ? unjudged(notEvaluated) : html``}`
}

function none(notEvaluated: readonly NotEvaluated[] | null): Html {
  return notEvaluated === null
    ? html`<p>Rules were not run for this bundle. That is not the same as "there is no incident".</p>`
    : html`<p>The rules found no incident in the period${notEvaluated.length > 0 ? ', as far as they could judge' : ''}.</p>`
} // biome-ignore format: one line each

function incidents(findings: readonly BundleFinding[]): Html {
  const columns = [{ title: 'what' }, { title: 'severity', isShort: true }, { title: 'status' }, { title: 'first seen', isShort: true }, { title: 'here', isNumber: true }, { title: 'others', isNumber: true }]
  const more = findings.length - MOST_LISTED
  return html`<p>What rules found in the period. <b>Here</b>: requests of this bundle; <b>others</b>: requests that do not fulfil the question.</p>
${table(columns, findings.slice(0, MOST_LISTED).map(f => [html`${f.title ?? f.rule}<br><small>${f.rule}</small>`, f.severity, statusOf(f), f.firstSeen ? moment(f.firstSeen) : '', f.requests.length, f.others]))}
${more > 0 ? html`<p>and ${more} more in findings.ndjson.</p>` : html``}`
} // biome-ignore format: one line each

/** Who decided that nothing is to be done, until when and why. */
function statusOf({ status, suppression }: BundleFinding): string {
  if (!suppression) return status
  const { author, until, reason } = suppression
  return `${status}${author === undefined ? '' : ` by ${author}`} until ${until.slice(0, 10)}${reason === undefined ? '' : `: ${reason}`}`
} // biome-ignore format: one line each

interface Unjudged extends Omit<NotEvaluated, 'day' | 'application'> {
  readonly days: Set<string>
}

function unjudged(rows: readonly NotEvaluated[]): Html {
  const groups = new Map<string, Unjudged>()
  for (const { rule, reason, why, requests, day } of rows) {
    const key = JSON.stringify([rule, reason])
    const group = groups.get(key) ?? { rule, reason, why, requests: 0, days: new Set() }
    group.days.add(day)
    groups.set(key, { ...group, requests: group.requests + requests })
  }
  return html`<p class="note">Not everything was evaluated. That a rule found nothing there says nothing:</p>
${table([{ title: 'rule', isShort: true }, { title: 'why' }, { title: 'days', isNumber: true }, { title: 'requests', isNumber: true }], [...groups.values()].map(g => [g.rule ?? 'every rule', g.why, g.days.size, g.requests]))}`
} // biome-ignore format: one line each
