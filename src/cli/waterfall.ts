import type { Span } from '../traces/span.ts'
import { duration, type Output, safe } from './output.ts'

const BAR_COLUMNS = 48
const GLYPH = { gateway: '█', target: '▓', app: '▒', kernel: '×' } as const
const MISFIT = 'throughline.clock.misfit'

/** Whether a span stands where it was logged though the call that caused it is known, and it does not fit in there. */
export function isMisfit(span: Span): boolean {
  return span.events.some(event => event.name === MISFIT)
}

/** Whether an app span was moved into the call that caused it. */
export function isPlaced(span: Span): boolean {
  return span.placedBy !== 'stamps'
}

/**
 * Spans as bars over a common time axis. An app span that does not fit the call that caused it cannot be placed on the
 * axis: it is drawn from the call's beginning, in its true length, and what is off is said.
 *
 * @param names how spans are called, by span id; default: their own names
 */
export function waterfall(
  spans: readonly Span[],
  out: Output,
  names: ReadonlyMap<string, string> = new Map(),
): string[] {
  // Without a span of known length there is no axis.
  if (spans.every(span => span.layer === 'kernel')) return []
  const axis = spans.filter(span => !isMisfit(span))
  const first = Math.min(...axis.map(s => s.startUs))
  const last = Math.max(...axis.map(s => s.endUs), first + 1)
  const column = (us: number): number => Math.round((us / (last - first)) * BAR_COLUMNS)
  const call = spans.find(s => s.layer === 'target') ?? spans[0]
  const labels = spans.map(s => `${'  '.repeat(depthOf(s, spans))}${safe(names.get(s.spanId) ?? s.name)}`)
  const width = Math.min(44, Math.max(...labels.map(l => l.length)))
  const lines = spans.map((span, i) => {
    const startUs = isMisfit(span) ? (call?.startUs ?? first) : span.startUs
    const from = Math.max(0, Math.min(column(startUs - first), BAR_COLUMNS - 1))
    const size = Math.min(BAR_COLUMNS - from, Math.max(1, column(span.endUs - span.startUs)))
    const bar = `${' '.repeat(from)}${(isMisfit(span) ? '░' : GLYPH[span.layer]).repeat(size)}`
    const label = (labels[i] ?? '').slice(0, width).padEnd(width)
    // HTTP.sys logs no duration: not known is not 0.
    const length = (span.layer === 'kernel' ? '-' : duration(span.endUs - span.startUs)).padStart(8)
    return `${label}  ${color(out, span, bar.padEnd(BAR_COLUMNS))}  ${length} ${String(span.status ?? '').padStart(3)} ${doubt(span)}`.trimEnd()
  })
  return [
    out.colors.dim(`${' '.repeat(width)}  0${duration(last - first).padStart(BAR_COLUMNS - 1)}`),
    ...lines,
  ]
}

/** How many of the spans at hand a span lies below. */
function depthOf(span: Span, spans: readonly Span[]): number {
  const parent = spans.find(other => other.spanId === span.parentId && other.traceId === span.traceId)
  return parent ? depthOf(parent, spans) + 1 : 0
}

function doubt(span: Span): string {
  if (!isMisfit(span)) return isPlaced(span) ? '~' : ''
  if (span.apartUs === 0) return '? longer than the call'
  return `? ${duration(Math.abs(span.apartUs))} too ${span.apartUs > 0 ? 'late' : 'early'} for the call`
}

function color({ colors }: Output, span: Span, bar: string): string {
  if ((span.status ?? 0) >= 400) return colors.red(bar)
  return span.layer === 'gateway'
    ? colors.cyan(bar)
    : span.layer === 'target'
      ? colors.blue(bar)
      : colors.green(bar)
}
