import type { Span } from '../traces/spans.ts'
import { duration, type Output, safe } from './output.ts'

const BAR_COLUMNS = 48
const GLYPH = { gateway: '█', target: '▓', app: '▒' } as const
const DEPTH = { gateway: 0, target: 1, app: 2 } as const

/**
 * Spans as bars over a common time axis. An app span whose clock does not fit the call that caused it cannot be placed
 * on the axis: it is drawn from the call's beginning, in its true length, and how far its clock is off is said.
 */
export function waterfall(spans: readonly Span[], out: Output): string[] {
  if (spans.length === 0) return []
  const axis = spans.filter(s => s.apartUs === 0)
  const first = Math.min(...axis.map(s => s.startUs))
  const last = Math.max(...axis.map(s => s.endUs), first + 1)
  const column = (us: number): number => Math.round((us / (last - first)) * BAR_COLUMNS)
  const call = spans.find(s => s.layer === 'target') ?? spans[0]
  const labels = spans.map(s => `${'  '.repeat(DEPTH[s.layer])}${safe(s.name)}`)
  const width = Math.min(44, Math.max(...labels.map(l => l.length)))
  const lines = spans.map((span, i) => {
    const startUs = span.apartUs === 0 ? span.startUs : (call?.startUs ?? first)
    const from = Math.max(0, Math.min(column(startUs - first), BAR_COLUMNS - 1))
    const size = Math.min(BAR_COLUMNS - from, Math.max(1, column(span.endUs - span.startUs)))
    const bar = `${' '.repeat(from)}${(span.apartUs === 0 ? GLYPH[span.layer] : '░').repeat(size)}`.padEnd(
      BAR_COLUMNS,
    )
    const label = (labels[i] ?? '').slice(0, width).padEnd(width)
    const length = duration(span.endUs - span.startUs).padStart(8)
    return `${label}  ${color(out, span, bar)}  ${length} ${String(span.status ?? '').padStart(3)} ${doubt(span)}`.trimEnd()
  })
  return [
    out.colors.dim(`${' '.repeat(width)}  0${duration(last - first).padStart(BAR_COLUMNS - 1)}`),
    ...lines,
  ]
}

function doubt(span: Span): string {
  if (span.apartUs !== 0)
    return `? its clock says ${duration(Math.abs(span.apartUs))} ${span.apartUs > 0 ? 'later' : 'earlier'}`
  return span.placed ? '~' : ''
}

function color({ colors }: Output, span: Span, bar: string): string {
  if ((span.status ?? 0) >= 400) return colors.red(bar)
  return span.layer === 'gateway'
    ? colors.cyan(bar)
    : span.layer === 'target'
      ? colors.blue(bar)
      : colors.green(bar)
}
