import { COVERAGE_REASONS } from '../coverage/reasons.ts'
import { hoursText } from '../findings/document.ts'
import type { Incident, NotEvaluated } from '../findings/finding.ts'
import { REASONS } from '../findings/reasons.ts'
import { RULES, type Rule } from '../findings/registry.ts'
import { count, type Output, safe, table } from './output.ts'

/** A moment to the second. */
export function secondText(us: number): string {
  return new Date(us / 1000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Incidents by rule, what matters most first. */
export function printIncidents(
  out: Output,
  incidents: readonly Incident[],
  { requestsOf, most }: { readonly requestsOf: RequestsOf; readonly most: number },
): void {
  for (const rule of RULES) {
    const own = incidents.filter(it => it.rule === rule.id)
    if (own.length === 0) continue
    printRule(out, rule)
    const shown = own.slice(0, most)
    for (const line of incidentTable(out, shown)) out.line(`  ${line}`)
    for (const line of causeLines(shown)) out.line(`  ${line}`)
    for (const it of shown) for (const line of furtherLines(out, it, requestsOf)) out.line(`  ${line}`)
    if (own.length > most) out.line(`  and ${count(own.length - most)} more; --rule ${rule.id} lists all`)
    out.line()
  }
}

/** Ids of the requests behind an incident; undefined where they were not asked for. */
export type RequestsOf = (incident: string) => readonly string[] | undefined

function printRule({ colors, line }: Output, { severity, id, title, criteria, do: advice }: Rule): void {
  const colored = severity === 'high' ? colors.red : severity === 'medium' ? colors.yellow : colors.dim
  line(`${colored(severity.padEnd(6))}  ${colors.bold(title)}  [${id}]  SOC 2 ${criteria.join(', ')}`)
  line(colors.dim(`        ${advice}`))
}

function incidentTable(out: Output, own: readonly Incident[]): string[] {
  const rows = own.map(it => [
    it.incident,
    secondText(it.firstUs),
    secondText(it.lastUs).slice(11),
    it.requests === 0 ? '-' : count(it.requests),
    it.total === undefined ? '' : `of ${count(it.total)}`,
    aboutText(it),
    seenText(it),
    statusText(it),
  ])
  const columns = [
    { title: 'incident' }, { title: 'first seen (UTC)' }, { title: 'last' }, { title: 'requests', align: 'right' as const },
    { title: '' }, { title: 'about', most: 60 }, { title: 'seen (times)', most: 70 }, { title: '' },
  ] // biome-ignore format: a table
  return table(columns, rows, out)
}

function aboutText({ about, application }: Incident): string {
  const parts = Object.entries(about).flatMap(([name, value]) => (value ? [`${name} ${safe(value)}`] : []))
  return [...(application && application !== 'default' ? [application] : []), ...parts].join(', ')
}

function seenText({ notes }: Incident): string {
  return notes.map(({ note, times }) => `${safe(note)} (${count(times)})`).join('; ')
}

function statusText({ status, provisional }: Incident): string {
  return [status === 'SUPPRESSED' ? 'suppressed' : '', provisional ? 'provisional' : '']
    .filter(Boolean)
    .join(', ')
}

/** What the logs say about causes; one that several incidents share is said once. */
function causeLines(shown: readonly Incident[]): string[] {
  const causes = new Map<string, Incident[]>()
  for (const it of shown) if (it.hint) causes.set(it.hint, [...(causes.get(it.hint) ?? []), it])
  return [...causes].map(([hint, own]) => {
    const [first] = own
    const whose = own.length === 1 ? first?.incident : [first?.about.reason, `(${count(own.length)} incidents)`].filter(Boolean).join(' ')
    return `${safe(whose ?? '')}  cause: ${safe(hint)}`
  })
} // biome-ignore format: one line each

function furtherLines(out: Output, it: Incident, requestsOf: RequestsOf): string[] {
  const { suppression: s } = it
  return [
    ...(s ? [out.colors.dim(`${it.incident}  suppressed until ${s.until} by ${safe(s.author)}: ${safe(s.reason)}`)] : []),
    ...(requestsOf(it.incident) ?? []).map(id => `${it.incident}  request ${id}`),
  ]
} // biome-ignore format: one line each

/** What was not evaluated, by rule and reason over all days. */
export function printNotEvaluated(out: Output, all: readonly NotEvaluated[]): void {
  if (all.length === 0) return
  const groups = new Map<string, { first: NotEvaluated; requests: number; days: Set<string>; hours: string[] }>()
  for (const it of all) {
    const key = `${it.rule} ${it.reason} ${it.coverage}`
    const group = groups.get(key) ?? { first: it, requests: 0, days: new Set<string>(), hours: [] }
    groups.set(key, group)
    group.requests += it.requests
    group.days.add(it.day)
    group.hours.push(...(it.hours ?? []))
  }
  out.line(out.colors.bold('Not evaluated') + out.colors.dim(' (which is not the same as: nothing found)'))
  const rows = [...groups.values()].map(({ first: { rule, reason, coverage }, requests, days, hours }) => [
    rule ?? 'all rules',
    requests === 0 ? '-' : count(requests),
    coverage === undefined ? daysText([...days].sort()) : hoursText(hours, MOST_SPANS),
    coverage === undefined ? REASONS[reason] : `${REASONS[reason]} [${coverage}]`,
  ])
  const columns = [{ title: 'rule' }, { title: 'requests', align: 'right' as const }, { title: 'days, or hours (UTC)' }, { title: 'why' }]
  for (const line of table(columns, rows, out)) out.line(`  ${line}`)
  const told = [...new Set(all.flatMap(it => it.coverage ?? []))].sort()
  for (const line of table([{ title: '' }, { title: '' }], told.map(code => [`[${code}]`, COVERAGE_REASONS[code]]), out).slice(1))
    out.line(`  ${out.colors.dim(line)}`)
} // biome-ignore format: one line each

/** Spans of hours that are shown; --json has all. */
const MOST_SPANS = 3

function daysText(days: readonly string[]): string {
  const [first = '', last = ''] = [days[0], days.at(-1)]
  return days.length === 1 ? first : `${count(days.length)}: ${first} to ${last}`
}

/** How many there are, in one line. */
export function summaryText(incidents: readonly Incident[]): string {
  if (incidents.length === 0) return 'no findings'
  const open = incidents.filter(it => it.status === 'OPEN')
  const by = (['high', 'medium', 'low'] as const).flatMap(severity => {
    const n = open.filter(it => it.severity === severity).length
    return n > 0 ? [`${count(n)} ${severity}`] : []
  })
  const suppressed = incidents.length - open.length
  return [`${count(open.length)} open ${open.length === 1 ? 'incident' : 'incidents'}${by.length ? `: ${by.join(', ')}` : ''}`, ...(suppressed ? [`${count(suppressed)} suppressed`] : [])].join('; ')
} // biome-ignore format: one line
