import type { SourceRecord } from '../../ledger/entry.ts'
import type { LedgerState } from '../../ledger/state.ts'
import { DAY_US, dayNumber, dayText, HOUR_US } from '../../model/time.ts'
import type { Completeness, Exception, LedgerAccounts, Query, Sources } from '../schema.ts'
import { totalsExceptions } from './control-totals.ts'
import { type Facts, flagIn, numberIn, textIn } from './facts.ts'
import type { RequestRecord } from './record.ts'
import { stampText } from './record-columns.ts'

/** What is known from the ledger and the records alone: made once for the bundle, and again by whoever checks it. */

/** A half-open period, µs since 1970. */
export interface Period {
  readonly fromUs: number
  readonly toUs: number
}

export function periodOf({ from, to }: Pick<Query, 'from' | 'to'>): Period {
  return { fromUs: microsOf(from), toUs: microsOf(to) }
}

/** NaN where the text is not written by `stampText`. */
export function microsOf(text: string): number {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z$/.exec(text)
  const us = match ? Date.parse(`${match[1]}Z`) * 1000 + Number(match[2]) : Number.NaN
  return !Number.isNaN(us) && stampText(us) === text ? us : Number.NaN
}

/** The UTC days that a period touches. */
export function daysOf({ fromUs, toUs }: Period): string[] {
  const [first, last] = [Math.floor(fromUs / DAY_US), Math.ceil(toUs / DAY_US)]
  return Array.from({ length: Math.max(0, last - first) }, (_, n) => dayText(first + n))
}

/** `2026-07-01T08Z` */
export function hourOf(us: number): string {
  return `${stampText(Math.floor(us / HOUR_US) * HOUR_US).slice(0, 13)}Z`
}

/** The hour in which a request is counted: that of the stamp its day is taken from. */
export function hourOfRecord(record: RequestRecord): string {
  return hourOf(Number(record.gateway_hop_id === undefined ? record.end_ts : record.start_ts))
}

/** Sources that have, or may have, lines of the days of a period. */
function sourcesOf(state: LedgerState, period: Period, hops: ReadonlyMap<number, number>): SourceRecord[] {
  const days = daysOf(period)
  const fromUs = dayNumber(days[0] ?? '') * DAY_US
  const toUs = fromUs + days.length * DAY_US
  const concerns = ({ id, status, accounting: { firstUs, lastUs, rejected } }: SourceRecord): boolean => {
    if (hops.has(id) || status !== 'complete') return true
    if (firstUs === undefined || lastUs === undefined) return rejected > 0
    return firstUs < toUs && lastUs >= fromUs
  }
  return [...state.sources.values()].filter(concerns).sort((a, b) => a.id - b.id)
}

/** @param hops disclosed hops by source */
export function sourcesFile(state: LedgerState, period: Period, hops: ReadonlyMap<number, number>): Sources {
  const sources = sourcesOf(state, period, hops).map(s => ({
    id: s.id,
    path: s.path,
    format: s.format,
    sha256: s.sha256,
    bytes: s.rawBytes,
    gzip: s.gzip,
    ...(s.host === undefined ? {} : { host: s.host }),
    ...(s.site === undefined ? {} : { site: s.site }),
    ...(s.accounting.firstUs === undefined ? {} : { first: stampText(s.accounting.firstUs) }),
    ...(s.accounting.lastUs === undefined ? {} : { last: stampText(s.accounting.lastUs) }),
    hops: hops.get(s.id) ?? 0,
  }))
  return { version: 1, sources }
}

export function ledgerAccounts(
  state: LedgerState,
  period: Period,
  hops: ReadonlyMap<number, number>,
): LedgerAccounts {
  const days = daysOf(period)
  const sources = sourcesOf(state, period, hops).map(({ id, status, accounting: a }) => ({
    id,
    status,
    lines: a.lines,
    decoded: a.decoded,
    directives: a.directives,
    rejected: a.rejected,
    rejectedBy: Object.fromEntries(Object.entries(a.rejectedBy).sort(byKey)) as Record<string, number>,
    duplicates: a.duplicates,
    possibleDuplicates: a.possibleDuplicates,
    pruned: a.pruned ?? 0,
    scrubbed: a.scrubbed,
    invalidUtf8: a.invalidUtf8,
  }))
  return {
    sources,
    days: [...state.days].filter(([, d]) => days.includes(d.day)).sort(byKey).map(([key, d]) => ({
      application: d.application,
      day: d.day,
      state: d.state,
      reason: d.reason,
      isLinked: !state.unlinkedDays.has(key),
      ...(d.link ? { generation: d.link.generation } : {}),
      links: Object.fromEntries(Object.entries(d.link?.counts ?? {}).sort(byKey)),
      warnings: [...(d.link?.warnings ?? [])],
    })),
    declared: state.declared.filter(d => days.some(day => day >= d.from && day < d.to)),
    pruned: state.pruning ? { before: state.pruning.before, at: state.pruning.at, entry: state.pruning.seq } : null,
  } // biome-ignore format: two columns
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Exceptions that are about the period, not about a request. */
export function periodExceptions(
  { days, sources, pruned }: LedgerAccounts,
  period: Period,
  { hops, coverage, controlTotals }: Pick<Completeness, 'hops' | 'coverage' | 'controlTotals'>,
): Exception[] {
  const names = daysOf(period)
  const found: Exception[] = []
  if (pruned && names.some(day => day < pruned.before))
    found.push({ kind: 'days-pruned', about: `before ${pruned.before}`, detail: `ledger entry ${pruned.entry}` })
  // A server has nothing in HTTPERR on a day on which HTTP.sys refused nothing.
  const present = new Set(hops.map(h => `${h.side} ${h.hour.slice(0, 10)}`))
  for (const day of names)
    for (const side of ['gateway', 'app'])
      if (!present.has(`${side} ${day}`)) found.push({ kind: 'no-source', about: `${side} ${day}` })
  for (const day of days) {
    const about = `${day.application} ${day.day}`
    if (day.state !== 'closed') found.push({ kind: 'day-open', about, detail: day.reason })
    if (!day.isLinked) found.push({ kind: 'day-not-linked', about })
    for (const detail of day.warnings) found.push({ kind: 'link-warning', about, detail })
  }
  for (const source of sources) {
    const about = `source ${source.id}`
    if (source.status !== 'complete') found.push({ kind: 'source-incomplete', about, detail: source.status })
    if (source.rejected > 0) found.push({ kind: 'lines-rejected', about, detail: String(source.rejected) })
    if (source.possibleDuplicates > 0)
      found.push({ kind: 'possible-duplicates', about, detail: String(source.possibleDuplicates) })
  }
  for (const gap of coverage ?? [])
    if (gap.state !== 'complete')
      found.push({ kind: 'coverage-gap', about: `${gap.side} ${gap.group} ${gap.hour}`, detail: `${gap.state}: ${gap.reason}` })
  found.push(...totalsExceptions(controlTotals, period))
  return found
} // biome-ignore format: one line each

/** Links from this posterior on are evidence without further words. */
const EVIDENCE_FROM = 0.99

/** Exceptions of one request. `gateway` tells whether its record shows a call to the target. */
export function requestExceptions(record: RequestRecord, gateway: Facts | undefined): Exception[] {
  const found: Exception[] = []
  const confidence = numberIn(record, 'confidence')
  if (record.state === 'joined' && record.link_method !== 'time' && (confidence === undefined || confidence >= EVIDENCE_FROM)) return found
  const head = { request_id: String(record.request_id), start: stampText(Number(record.start_ts)) }
  if (confidence !== undefined && confidence < EVIDENCE_FROM)
    found.push({ kind: 'link-below-0.99', ...head, detail: String(confidence) })
  if (record.link_method === 'time') found.push({ kind: 'link-by-time', ...head })
  const kind = KIND_OF_STATE[textIn(record, 'state') ?? '']
  if (kind) found.push({ kind, ...head })
  else if (record.state === 'gateway-only' && gateway && flagIn(gateway, 'target_called'))
    found.push({ kind: 'no-app-record', ...head })
  return found
} // biome-ignore format: one condition

const KIND_OF_STATE: Readonly<Record<string, Exception['kind']>> = {
  ambiguous: 'ambiguous',
  'awaiting-gateway': 'awaiting-gateway',
  'awaiting-app': 'awaiting-app',
  'partner-pruned': 'partner-pruned',
  'app-only': 'no-gateway-record',
  'kernel-only': 'no-gateway-record',
}

/** A value as a file of its own: two blanks deep, with a line feed. */
export function jsonFile(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
