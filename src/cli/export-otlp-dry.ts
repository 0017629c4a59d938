import type { Store } from '../store/store.ts'
import { departures } from '../traces/export/departures.ts'
import { type Period, planOnce } from '../traces/export/export.ts'
import type { ExportOptions } from '../traces/export/export-day.ts'
import { planDay } from '../traces/export/plan-day.ts'
import type { Span } from '../traces/span.ts'
import { count, type Output, safe, table } from './output.ts'
import { waterfall } from './waterfall.ts'

/** Says what would be sent of each day, to a receiver that has nothing yet, and shows the first trace. */
export async function dryRun(
  out: Output,
  store: Store,
  options: ExportOptions,
  period: Period,
): Promise<void> {
  const plan = (day: string, quiet: string) =>
    planDay(store, day, options.wanted, { sent: 'SELECT NULL::UUID AS hop_id WHERE FALSE', quiet })
  const rows: string[][] = []
  let sample: readonly Span[] = []
  for await (const day of planOnce(store, { plan }, period)) {
    rows.push([day.day, count(day.requests), count(day.hops), count(day.unsettled), count(day.sampledOut)])
    if (sample.length === 0 && day.hops > 0) sample = await fullest(store, options)
  }
  if (rows.length === 0) return out.line('nothing to send: the store holds no hop of this period')
  const columns = ['day', 'requests', 'hops', 'unsettled', 'sampled out'].map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
  }))
  for (const line of table(columns, rows, out)) out.line(line)
  if (sample.length === 0) {
    out.line('\nnothing is settled yet; see what open days would give with --open-days')
    return
  }
  out.line(`\none of them, trace ${sample[0]?.traceId}:\n`)
  for (const line of waterfall(sample, out)) out.line(line)
  for (const span of sample) for (const line of details(span, out)) out.line(line)
}

/** Of the first requests that would be sent, the spans of one that has the most of them. */
async function fullest(store: Store, { redact }: ExportOptions): Promise<readonly Span[]> {
  for await (const group of departures(store, redact))
    return group.reduce((best, d) => (d.spans.length > best.spans.length ? d : best)).spans
  return []
}

function details(span: Span, out: Output): string[] {
  const { name, kind, spanId, parentId, resource, attributes, events, links } = span
  const pairs = (values: object): string[] =>
    Object.entries(values).map(([key, value]) => `    ${key.padEnd(36)} ${safe(String(value))}`)
  return [
    '',
    `${out.colors.bold(safe(name))}  ${kind} span ${spanId}${parentId ? `, child of ${parentId}` : ''}${span.isError ? ', error' : ''}`,
    '  resource',
    ...pairs(resource),
    '  attributes',
    ...pairs(attributes),
    ...events.flatMap(event => [`  event ${event.name}`, ...pairs(event.attributes)]),
    ...links.flatMap(link => [
      `  link to span ${link.spanId} of trace ${link.traceId}`,
      ...pairs(link.attributes),
    ]),
  ]
}
