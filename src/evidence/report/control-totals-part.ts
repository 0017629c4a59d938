import type { ControlTotals } from '../schema.ts'
import { grouped, type Html, html, moment, table } from './html.ts'

type Row = ControlTotals['rows'][number]

/** Differences listed; completeness.json has all. */
const MOST_LISTED = 60

/** What Apigee counted, beside what the store holds: a word on completeness from somebody else. */
export function controlTotalsPart(totals: ControlTotals | null): Html {
  if (totals === null) return html``
  const { from, to, first, last, outside, notices, errors, unknownEnvironments, sha256, elsewhere } = totals
  const beyond = elsewhere.reduce((sum, e) => sum + e.records, 0)
  return html`<h3>Control totals</h3>
<p>What Apigee itself counted by proxy and ${totals.span} (Stats API), beside the records that the store holds. The totals reach from ${moment(first)} to ${moment(last)}; the file that was handed in has the SHA-256 <code>${sha256}</code>.${notices.length > 0 ? html` It says: ${notices.join('; ')}.` : html``}</p>
${errors.length > 0 ? html`<p class="note bad">The totals report errors of their own: ${errors.join('; ')}.</p>` : html``}
${from === null || to === null ? html`<p class="note bad">They have no time in common with the period: nothing could be compared.</p>` : compared(totals.rows, from, to)}
${outside > 0 ? html`<p>${grouped(outside)} calls of the totals lie outside of the period, and were not compared.</p>` : html``}
${beyond > 0 ? html`<p>${grouped(beyond)} records are of environments that the totals do not name.</p>` : html``}
${unknownEnvironments.length > 0 ? html`<p class="note">The store has no record of ${unknownEnvironments.join(', ')}.</p>` : html``}`
} // biome-ignore format: one template

function compared(rows: readonly Row[], from: string, to: string): Html {
  const apart = rows.filter(row => row.calls !== row.records || (row.verdict === 'uncovered' && row.calls > 0))
  const proxies = new Map<string, Row[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.environment, row.proxy])
    proxies.set(key, [...(proxies.get(key) ?? []), row])
  }
  const sum = (own: readonly Row[], key: 'calls' | 'records'): number => own.reduce((n, row) => n + row[key], 0)
  const right = (title: string) => ({ title, isNumber: true })
  const lines = [...proxies.values()].map(own => {
    const [calls, records] = [sum(own, 'calls'), sum(own, 'records')]
    return [own[0]?.environment ?? '', own[0]?.proxy ?? '(all proxies)', calls, records, signed(records - calls)]
  })
  return html`<p class="${apart.length === 0 ? 'note good' : 'note'}">${apart.length === 0 ? 'Every total is equal' : html`${grouped(apart.length)} of ${grouped(rows.length)} totals differ`}, from ${moment(from)} up to ${moment(to)}.</p>
${table([{ title: 'environment' }, { title: 'proxy' }, right('calls counted'), right('records'), right('difference')], lines)}
${apart.length === 0 ? html`` : html`<h3>Totals that differ</h3>
${table([{ title: 'environment' }, { title: 'proxy' }, { title: 'from', isShort: true }, right('calls counted'), right('records'), right('difference')], apart.slice(0, MOST_LISTED).map(r => [r.environment, r.proxy ?? '(all proxies)', moment(r.at), r.calls, r.records, signed(r.records - r.calls)]))}
${apart.length > MOST_LISTED ? html`<p>and ${grouped(apart.length - MOST_LISTED)} more in completeness.json.</p>` : html``}`}`
} // biome-ignore format: one template

function signed(n: number): string {
  return n === 0 ? '0' : `${n > 0 ? '+' : '−'}${grouped(Math.abs(n))}`
}
