// Tables: of what Lens counts, and of single requests.
import { formatted, kindOfField, kindOfMetric } from './format.mjs'
import { nothing } from './series.mjs'
import { fitting, LINE, line, SOFT, text } from './svg.mjs'

const ROW = 20

export function drawTable(panel, rows, area) {
  const columns = [
    ...panel.rows.map((r, i) => ({ label: r.label, weight: r.field === 'log.file.path' ? 4 : 2, cell: row => (r.kind === 'time' ? formatted(Number(row.keys[i]), r.every === '1d' ? 'day' : 'time') : row.keys[i]) })),
    ...panel.metrics.map((m, i) => ({ label: m.label, weight: kindOfMetric(m) === 'time' ? 1.3 : 1, isNumber: true, cell: row => formatted(row.values[i], kindOfMetric(m)) })),
  ] // biome-ignore format: a table
  const ordered = [...rows].sort((a, b) => (b.values[0] ?? 0) - (a.values[0] ?? 0))
  return draw(columns, ordered, area)
}

const LINKS = new Set(['request_id', 'correlation_id', 'trace_id', 'message_id'])
const WIDE = new Set(['path', 'subject', 'app_subject', 'host', ...LINKS])

export function drawList(panel, rows, area) {
  const columns = ['@timestamp', ...panel.columns].map(name => ({
    label: name,
    weight:
      name === 'request_id' && panel.columns.length > 12
        ? 1.6
        : WIDE.has(name)
          ? 1.8
          : name === '@timestamp'
            ? 1.3
            : 1,
    color: LINKS.has(name) ? '#006bb4' : undefined,
    cell: row => cellOf(name, row[name]),
  }))
  return draw(columns, rows, area)
}

function cellOf(name, value) {
  if (value === null || value === undefined) return '-'
  if (name === '@timestamp') return formatted(Date.parse(value), 'time')
  return kindOfField(name) === 'duration' ? formatted(Number(value), 'duration') : value
}

function draw(columns, rows, area) {
  if (rows.length === 0) return [nothing(area)]
  const unit = area.w / columns.reduce((total, c) => total + c.weight, 0)
  const most = Math.floor(area.h / ROW) - 1
  const parts = []
  let x = area.x
  for (const { label, weight, isNumber, color, cell } of columns) {
    const width = weight * unit
    const put = (words, y, more) =>
      isNumber
        ? text(x + width - 8, y, fitting(words, width - 10, 11), { size: 11, anchor: 'end', ...more })
        : text(x + 4, y, fitting(words, width - 12, 11), { size: 11, ...more })
    parts.push(put(label, area.y + 12, { weight: 600 }))
    for (const [i, row] of rows.slice(0, most).entries())
      parts.push(put(cell(row), area.y + 12 + (i + 1) * ROW, color ? { color } : {}))
    x += width
  }
  const shown = Math.min(most, rows.length)
  const rules = Array.from({ length: shown }, (_, i) =>
    line(area.x, area.y + 18 + i * ROW, area.x + area.w, area.y + 18 + i * ROW, LINE),
  )
  if (rows.length > shown)
    parts.push(
      text(area.x + area.w, area.y + area.h + 4, `${shown} of ${rows.length} rows`, {
        size: 10,
        color: SOFT,
        anchor: 'end',
      }),
    )
  return [...rules, ...parts]
}
