import { COVERAGE_REASONS } from '../../coverage/reasons.ts'
import { HOP_KINDS, type HopKind } from '../../model/hop.ts'
import { HOUR_US } from '../../model/time.ts'
import type { Completeness, CoverageGap } from '../schema.ts'
import { daysOf, hourOf, periodOf } from '../verify/accounts.ts'
import { controlTotalsPart } from './control-totals-part.ts'
import { grouped, type Html, html, percent, table } from './html.ts'
import type { ReportInput } from './report.ts'

const SIDES = { gateway: 'Gateway', app: 'Application', kernel: 'HTTP.sys' } as const
/** Days that are drawn hour by hour; more of them are added up by day. */
const MOST_DRAWN = 31

/** How complete the answer is: by source, by day and by hour, with gaps in words. */
export function completenessPart(input: ReportInput): Html {
  const { completeness, sources } = input
  const { ledger } = completeness
  return html`<h2>3 How complete it is</h2>
${ledger.pruned ? html`<p class="note">Days before ${ledger.pruned.before} were dropped on ${ledger.pruned.at.slice(0, 10)} (ledger entry ${ledger.pruned.entry}).</p>` : html``}
${gaps(completeness.coverage)}
${controlTotalsPart(completeness.controlTotals)}
<h3>Hops by hour</h3>
<p>Log lines that the store holds, by UTC hour. <b>0</b>: not one line of this side in this hour; of HTTP.sys that is usual, as it logs what it refuses. Grey: outside the period.</p>
${sidesOf(completeness).map(side => grid(side, input))}
<h3>Days</h3>
${table(
  [{ title: 'day', isShort: true }, { title: 'application' }, { title: 'state' }, { title: 'why' }, { title: 'links', isNumber: true }, { title: 'in doubt', isNumber: true }],
  ledger.days.map(d => [d.day, d.application, d.isLinked ? d.state : `${d.state}, links out of date`, d.reason, d.links.linked ?? 0, d.links.ambiguous ?? 0]),
)}
${ledger.declared.length > 0 ? html`<p>Declared whole by a person: ${ledger.declared.map(d => `${SIDES[d.side]} ${d.from} up to ${d.to}`).join('; ')}.</p>` : html``}
<h3>Sources</h3>
<p>Every line of a source is decoded, a directive (header, comment, blank), or rejected. Rejected lines are kept with position and digest.</p>
${table(
  [{ title: 'file', isCode: true }, { title: 'lines', isNumber: true }, { title: 'decoded', isNumber: true }, { title: 'directives', isNumber: true }, { title: 'rejected', isNumber: true }, { title: 'had before', isNumber: true }, { title: 'here', isNumber: true }],
  sources.sources.map((s, i) => {
    const account = ledger.sources[i]
    return [s.path, account?.lines ?? 0, account?.decoded ?? 0, account?.directives ?? 0, account?.rejected ?? 0, account?.duplicates ?? 0, s.hops]
  }),
)}
${totals(completeness)}`
} // biome-ignore format: one template

function totals({ ledger, hops }: Completeness): Html {
  const sum = (key: 'lines' | 'decoded' | 'directives' | 'rejected'): number => ledger.sources.reduce((n, s) => n + s[key], 0)
  const side = (name: string) => hops.filter(h => h.side === name)
  const rows = (name: string): number => side(name).reduce((n, h) => n + h.rows, 0)
  const joined = (name: string): number => side(name).reduce((n, h) => n + h.links, 0)
  const refused = rows('kernel') === 0 ? html`` : html` It has ${grouped(rows('kernel'))} lines of HTTP.sys, requests that it refused or dropped before IIS saw them; ${grouped(joined('kernel'))} of these are joined, and ${grouped(side('kernel').reduce((n, h) => n + h.unasked, 0))} are connections on which nothing was asked: they are no requests.`
  return html`<p>Together ${grouped(sum('lines'))} lines = ${grouped(sum('decoded'))} decoded + ${grouped(sum('directives'))} directives + ${grouped(sum('rejected'))} rejected.
On the days of the period the store holds ${grouped(rows('gateway'))} gateway records and ${grouped(rows('app'))} application lines; ${grouped(joined('app'))} of the latter (${percent(joined('app'), rows('app'))}) are joined to a gateway record.${refused}</p>`
} // biome-ignore format: one template

/** HTTP.sys only where there is something of it: a quiet day has none. */
function sidesOf({ hops }: Completeness): HopKind[] {
  return HOP_KINDS.filter(kind => kind !== 'kernel' || hops.some(h => h.side === kind))
}

function grid(side: HopKind, { completeness, query }: ReportInput): Html {
  const period = periodOf(query)
  const days = daysOf(period)
  const rows = new Map<string, number>()
  for (const h of completeness.hops) if (h.side === side) rows.set(h.hour, (rows.get(h.hour) ?? 0) + h.rows)
  if (days.length > MOST_DRAWN) {
    const perDay = days.map(day => [...rows].reduce((n, [hour, count]) => (hour.startsWith(day) ? n + count : n), 0))
    const empty = days.filter((_, i) => perDay[i] === 0)
    return html`<p>${SIDES[side]}: ${days.length} days, ${empty.length === 0 ? 'none without a line' : `without a line: ${empty.join(', ')}`}.</p>`
  }
  const hours = Array.from({ length: 24 }, (_, n) => n)
  return html`<table class="grid"><thead><tr><th>${SIDES[side]}</th>${hours.map(n => html`<th>${String(n).padStart(2, '0')}</th>`)}</tr></thead><tbody>
${days.map(day => html`<tr><td>${day}</td>${hours.map(n => {
    const us = Date.parse(`${day}T00:00:00Z`) * 1000 + n * HOUR_US
    const isOutside = us + HOUR_US <= period.fromUs || us >= period.toUs
    const count = rows.get(hourOf(us)) ?? 0
    return html`<td class="${isOutside ? 'off' : count > 0 ? 'full' : side === 'kernel' ? '' : 'none'}">${short(count)}</td>`
  })}</tr>
`)}</tbody></table>`
} // biome-ignore format: one template

/** Four characters at most. */
function short(n: number): string {
  if (n < 10_000) return String(n)
  if (n < 1_000_000) return `${Math.floor(n / 1000)}k`
  return `${Math.floor(n / 1_000_000)}M`
}

function gaps(coverage: readonly CoverageGap[] | null): Html {
  if (coverage === null)
    return html`<p class="note">Whether logs are missing was not evaluated for this bundle. Hours without a line, below, may be quiet or may be a gap.</p>`
  const open = merged(coverage.filter(c => c.state !== 'complete'))
  if (open.length === 0) return html`<p class="note good">Every hour of the period is covered on both sides.</p>`
  return html`<p class="note">Not every hour is covered. What is missing, in words:</p>
${table([{ title: 'side', isShort: true }, { title: 'logs' }, { title: 'from', isShort: true }, { title: 'up to', isShort: true }, { title: 'state', isShort: true }, { title: 'why' }], open.slice(0, 200).map(g => [SIDES[g.side], g.group, g.from, g.to, g.state, wordsOf(g.reason)]))}
${open.length > 200 ? html`<p>and ${open.length - 200} more in completeness.json.</p>` : html``}`
} // biome-ignore format: one template

/** Reasons in words; others, of other versions, as they are. */
function wordsOf(reason: string): string {
  return (COVERAGE_REASONS as Readonly<Record<string, string>>)[reason] ?? reason
}

interface Gap extends Omit<CoverageGap, 'hour'> {
  readonly from: string
  readonly to: string
}

/** Hours that follow each other with the same state and reason are one gap. */
function merged(rows: readonly CoverageGap[]): Gap[] {
  const sorted = [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : a.hour < b.hour ? -1 : 1))
  const found: Gap[] = []
  for (const row of sorted) {
    const us = Date.parse(row.hour.replace('Z', ':00:00Z')) * 1000
    const [from, to] = [textOf(us), textOf(us + HOUR_US)]
    const last = found.at(-1)
    if (last && keyOf(last) === keyOf(row) && last.to === from) found[found.length - 1] = { ...last, to }
    else found.push({ side: row.side, group: row.group, state: row.state, reason: row.reason, from, to })
  }
  return found
} // biome-ignore format: one line each

function keyOf({ side, group, state, reason }: Omit<CoverageGap, 'hour'>): string {
  return [side, group, state, reason].join('\n')
}

function textOf(us: number): string {
  return `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 16).replace('T', ' ')}`
}
