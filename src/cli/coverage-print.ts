import { groupKey } from '../coverage/coverage.ts'
import { COVERAGE_REASONS, STATES } from '../coverage/reasons.ts'
import type { CoverageRow, Gap } from '../coverage/row.ts'
import { HOUR_US, rfc3339 } from '../model/time.ts'
import { dayLines, groupName, LEGEND, paint } from './coverage-map.ts'
import { count, type Output, table } from './output.ts'

/** Spans listed without --all. */
const MOST_SPANS = 30

/** Hours of one group that follow each other and are in one state for one reason. */
interface Span {
  readonly rows: readonly CoverageRow[]
  readonly first: CoverageRow
}

export function printCoverage(out: Output, rows: readonly CoverageRow[], everything: boolean): void {
  const groups = groupsOf(rows)
  const shown = rows.reduce(
    (span, { hourUs }) => ({
      fromUs: Math.min(span.fromUs, hourUs),
      toUs: Math.max(span.toUs, hourUs + HOUR_US),
    }),
    { fromUs: Number.POSITIVE_INFINITY, toUs: Number.NEGATIVE_INFINITY },
  )
  for (const own of groups) {
    const [first] = own
    if (!first) continue
    out.line(out.colors.bold(groupName(first.group)))
    for (const line of dayLines(own, shown, out.colors)) out.line(line)
    out.line()
  }
  out.line(out.colors.dim(LEGEND))
  const counts = STATES.map(state => [state, rows.filter(row => row.state === state).length] as const)
  out.line(`hours      ${counts.map(([state, n]) => `${count(n)} ${state}`).join(', ')}; UTC, a log's by the clock of its host`) // biome-ignore format: one line
  const spans = groups.flatMap(spansOf).filter(span => span.first.state !== 'complete')
  if (spans.length > 0) printSpans(out, spans, everything)
}

function groupsOf(rows: readonly CoverageRow[]): CoverageRow[][] {
  const groups = new Map<string, CoverageRow[]>()
  for (const row of rows) {
    const key = groupKey(row.group)
    const own = groups.get(key)
    if (own) own.push(row)
    else groups.set(key, [row])
  }
  return [...groups.values()]
}

function spansOf(rows: readonly CoverageRow[]): Span[] {
  const spans: CoverageRow[][] = []
  for (const row of rows) {
    const last = spans.at(-1)?.at(-1)
    const goesOn =
      last !== undefined &&
      last.hourUs + HOUR_US === row.hourUs &&
      last.state === row.state &&
      last.reason === row.reason &&
      last.gap?.fromUs === row.gap?.fromUs
    if (goesOn) spans.at(-1)?.push(row)
    else spans.push([row])
  }
  return spans.flatMap(own => (own[0] ? [{ rows: own, first: own[0] }] : []))
}

function printSpans(out: Output, spans: readonly Span[], everything: boolean): void {
  const shown = everything ? spans : spans.slice(0, MOST_SPANS)
  const cells = shown.map(({ rows, first }) => [
    groupName(first.group),
    spanText(rows),
    paint(out.colors, first.state, first.state),
    first.reason,
    evidenceText(rows),
  ])
  const columns = [
    { title: 'not complete' },
    { title: 'hours (UTC)' },
    { title: 'state' },
    { title: 'reason' },
    { title: 'what was found' },
  ]
  out.line()
  for (const line of table(columns, cells, out)) out.line(line)
  if (shown.length < spans.length)
    out.line(`and ${count(spans.length - shown.length)} more; --all lists them`)
  out.line()
  const reasons = [...new Set(shown.map(span => span.first.reason))]
  const width = Math.max(...reasons.map(reason => reason.length))
  for (const reason of reasons) out.line(`${reason.padEnd(width)}  ${COVERAGE_REASONS[reason]}`)
}

function spanText(rows: readonly CoverageRow[]): string {
  const from = rows[0]?.hourUs ?? 0
  const to = (rows.at(-1)?.hourUs ?? 0) + HOUR_US
  const [fromText, toText] = [rfc3339(from), rfc3339(to)]
  const isOneDay = fromText.slice(0, 10) === toText.slice(0, 10)
  const start = `${fromText.slice(0, 10)} ${fromText.slice(11, 16)}`
  return `${start}..${isOneDay ? '' : `${toText.slice(0, 10)} `}${toText.slice(11, 16)}`
}

function evidenceText(rows: readonly CoverageRow[]): string {
  const sum = (of: (row: CoverageRow) => number): number => rows.reduce((total, row) => total + of(row), 0)
  const [hops, expected] = [sum(r => r.evidence.hops), sum(r => r.evidence.expected)]
  const [unmatched, rejected] = [sum(r => r.evidence.unmatched), sum(r => r.evidence.rejected)]
  const isGateway = rows[0]?.group.side === 'gateway'
  const [own, other, partner] = isGateway
    ? ['records', 'lines from the gateway', 'record']
    : ['lines', 'calls', 'line']
  const parts = [
    `${count(hops)} ${own}`,
    ...(expected > 0 ? [`${count(unmatched)} of ${count(expected)} ${other} without a ${partner}`] : []),
    ...(rejected > 0 ? [`${count(rejected)} rejected`] : []),
    ...(rows[0]?.gap ? [`silent ${gapText(rows[0].gap)}`] : []),
  ]
  return parts.join('; ')
}

function gapText({ fromUs, toUs }: Gap): string {
  const [from, to] = [fromUs, toUs].map(us => rfc3339(Math.floor(us / 1e6) * 1e6).replace('T', ' ').slice(0, 19)) // biome-ignore format: one line
  return `${from?.slice(5)}..${from?.slice(0, 10) === to?.slice(0, 10) ? to?.slice(11) : to?.slice(5)}`
}
