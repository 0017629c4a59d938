import type { Span } from '../traces/spans.ts'
import { duration, type Output, safe } from './output.ts'

const BAR_COLUMNS = 48
const GLYPH = { gateway: '█', target: '▓', app: '▒' } as const
const DEPTH = { gateway: 0, target: 1, app: 2 } as const

/** Spans as bars over a common time axis. */
export function waterfall(spans: readonly Span[], out: Output): string[] {
  if (spans.length === 0) return []
  const first = Math.min(...spans.map(s => s.startUs))
  const last = Math.max(...spans.map(s => s.endUs), first + 1)
  const column = (us: number): number => Math.round(((us - first) / (last - first)) * BAR_COLUMNS)
  const labels = spans.map(s => `${'  '.repeat(DEPTH[s.layer])}${safe(s.name)}`)
  const width = Math.min(44, Math.max(...labels.map(l => l.length)))
  const axis = `${' '.repeat(width)}  0${duration(last - first).padStart(BAR_COLUMNS - 1)}`
  const lines = spans.map((span, i) => {
    const from = Math.min(column(span.startUs), BAR_COLUMNS - 1)
    const size = Math.max(1, column(span.endUs) - from)
    const bar = `${' '.repeat(from)}${GLYPH[span.layer].repeat(size)}`.padEnd(BAR_COLUMNS)
    const status = span.status === undefined ? '' : String(span.status)
    const doubt = span.uncertainUs > 0 ? (span.placed ? '~' : '?') : ' '
    return `${(labels[i] ?? '').slice(0, width).padEnd(width)}  ${color(out, span, bar)}  ${duration(span.endUs - span.startUs).padStart(8)}${doubt} ${status}`.trimEnd()
  })
  return [out.colors.dim(axis), ...lines]
}

function color({ colors }: Output, span: Span, bar: string): string {
  if ((span.status ?? 0) >= 400) return colors.red(bar)
  return span.layer === 'gateway'
    ? colors.cyan(bar)
    : span.layer === 'target'
      ? colors.blue(bar)
      : colors.green(bar)
}
