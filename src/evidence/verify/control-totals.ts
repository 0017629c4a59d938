import { DAY_US, HOUR_US } from '../../model/time.ts'
import type { Completeness, ControlTotals, Exception } from '../schema.ts'
import { daysOf, hourOf, microsOf, type Period } from './accounts.ts'
import type { Findings } from './findings.ts'
import { stampText } from './record-columns.ts'

type About = Pick<ControlTotals, 'span' | 'first' | 'last'>
type Row = ControlTotals['rows'][number]

const lengthOf = ({ span }: Pick<About, 'span'>): number => (span === 'day' ? DAY_US : HOUR_US)

/** The time of which both the totals and the period speak: whole spans; undefined where there is none. */
export function comparedOf(about: About, { fromUs, toUs }: Period): Period | undefined {
  const [length, firstUs, lastUs] = [lengthOf(about), microsOf(about.first), microsOf(about.last)]
  const offset = firstUs % length
  const down = (us: number): number => Math.floor((us - offset) / length) * length + offset
  const from = Math.max(down(fromUs), firstUs)
  const to = Math.min(Math.ceil((toUs - offset) / length) * length + offset, lastUs)
  return from < to ? { fromUs: from, toUs: to } : undefined
}

/** What the numbers of a row say. */
function verdictOf({ calls, records, verdict }: Row): Row['verdict'] {
  if (verdict === 'uncovered' && records === 0) return verdict
  return calls === records ? 'equal' : records < calls ? 'fewer' : 'more'
}

/** Exceptions that follow from control totals. */
export function totalsExceptions(totals: ControlTotals | null, period: Period): Exception[] {
  if (totals === null) return []
  const found: Exception[] = []
  const miss = (fromUs: number, toUs: number): void => {
    if (fromUs < toUs) found.push({ kind: 'control-totals-missing', about: `${stampText(fromUs)} up to ${stampText(toUs)}` })
  }
  const compared = comparedOf(totals, period)
  miss(period.fromUs, compared?.fromUs ?? period.toUs)
  miss(compared?.toUs ?? period.toUs, period.toUs)
  for (const { environment, proxy, at, calls, records, verdict } of totals.rows) {
    if (verdict === 'equal' || (verdict === 'uncovered' && calls === 0)) continue
    found.push({ kind: 'control-total-differs', about: `${environment} ${proxy ?? '(all proxies)'} ${at}`, detail: `${calls} counted, ${records} records${verdict === 'uncovered' ? ': the store holds nothing of this time' : ''}` })
  }
  return found
} // biome-ignore format: one line each

/** Whether control totals fit the period, say what their numbers say, and add up to the records of every hour. */
export function checkControlTotals({ controlTotals: totals, hops }: Completeness, period: Period, findings: Findings): void {
  if (totals === null) return
  const fail = (where: string, what: string): void => findings.fail('completeness', `completeness.json controlTotals ${where}`.trim(), what)
  const compared = comparedOf(totals, period)
  const [from, to] = [compared ? stampText(compared.fromUs) : null, compared ? stampText(compared.toUs) : null]
  if (totals.from !== from || totals.to !== to) fail('', `they compare ${totals.from} up to ${totals.to}, totals and period have ${from} up to ${to} in common`)
  for (const row of totals.rows)
    if (verdictOf(row) !== row.verdict) fail(`${row.environment} ${row.at}`, `${row.calls} calls and ${row.records} records are not ${row.verdict}`)
  checkRecords(totals, hops, { period, compared }, { findings, fail })
  findings.notChecked('completeness', `control totals: that Apigee counted so is the word of who handed them in (a file with SHA-256 ${totals.sha256})`)
  if (totals.rows.length > 0) findings.notChecked('completeness', 'control totals: how the records of an hour part into environments and proxies; their sum is checked')
} // biome-ignore format: one line each

/** Records of an hour, whatever the environment and proxy, are the rows of the gateway. */
function checkRecords(
  totals: ControlTotals,
  hops: Completeness['hops'],
  { period, compared }: { readonly period: Period; readonly compared: Period | undefined },
  { findings, fail }: { readonly findings: Findings; readonly fail: (where: string, what: string) => void },
): void {
  if (!compared) return
  if (compared.fromUs % HOUR_US !== 0) return findings.notChecked('completeness', 'control totals: their spans begin within an hour, of which the rows are not told apart')
  const said = new Map<string, number>()
  for (const { at, records } of [...totals.rows, ...totals.elsewhere]) said.set(at, (said.get(at) ?? 0) + records)
  const rows = new Map<string, number>()
  for (const { side, hour, rows: all, versions } of hops) if (side === 'gateway') rows.set(hour, (rows.get(hour) ?? 0) + all - versions)
  const days = new Set(daysOf(period))
  const length = lengthOf(totals)
  for (let us = compared.fromUs; us < compared.toUs; us += length) {
    const at = stampText(us)
    const hours = Array.from({ length: length / HOUR_US }, (_, n) => hourOf(us + n * HOUR_US))
    const own = said.get(at) ?? 0
    said.delete(at)
    if (!hours.every(hour => days.has(hour.slice(0, 10)))) {
      findings.notChecked('completeness', `control totals of ${at}: the span reaches beyond the days of the period`)
      continue
    }
    const sum = hours.reduce((n, hour) => n + (rows.get(hour) ?? 0), 0)
    if (own !== sum) fail(at, `${own} records, the gateway has ${sum} in this time`)
  }
  for (const at of said.keys()) fail(at, 'it is outside of what is compared')
} // biome-ignore format: one line each
