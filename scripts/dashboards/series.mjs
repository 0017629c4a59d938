// Lines, areas and bars over time.
import { formatted, kindOfMetric } from './format.mjs'
import { box, COLORS, fitting, line, round, SOFT, text, ticks } from './svg.mjs'

/** @param area x, y, w and h of the inside of the panel */
export function drawSeries(panel, rows, area) {
  if (rows.length === 0) return [nothing(area)]
  const series = seriesOf(panel, rows)
  const isAlone = series.length === 1 && !panel.split
  const beside = isAlone ? 0 : Math.min(area.w * 0.3, 34 + Math.max(...series.map(s => s.name.length)) * 6.7)
  const chart = { x: area.x + 60, y: area.y + 6, w: area.w - 68 - beside, h: area.h - 30 }
  const times = [...new Set(series.flatMap(s => [...s.points.keys()]))].sort((a, b) => a - b)
  const stacked = panel.shape !== 'line'
  const tops = times.map(t =>
    stacked ? sum(series.map(s => s.points.get(t) ?? 0)) : Math.max(...series.map(s => s.points.get(t) ?? 0)),
  )
  const scale = ticks(Math.max(...tops))
  const place = placing(panel, chart, times, scale.at(-1))
  return [
    ...axes(panel, chart, scale, times, place),
    ...(panel.shape === 'bar_stacked' ? bars : panel.shape === 'line' ? lines : areas)(series, times, place),
    ...(isAlone ? [] : legend(series, area, beside)),
  ]
}

export function nothing(area) {
  return text(area.x + area.w / 2, area.y + area.h / 2, 'No results found', { color: SOFT, anchor: 'middle' })
}

const sum = list => list.reduce((total, n) => total + n, 0)

/** Values by time, for each value of the split and each metric. */
function seriesOf(panel, rows) {
  if (!panel.split)
    return panel.metrics.map((m, i) => ({
      name: m.label,
      points: new Map(rows.map(r => [Number(r.keys[0]), r.values[i] ?? 0])),
    }))
  const names = [...new Set(rows.map(r => r.keys[0]))]
  const series = names.map(name => ({
    name,
    points: new Map(rows.filter(r => r.keys[0] === name).map(r => [Number(r.keys[1]), r.values[0]])),
  }))
  return series.sort(
    (a, b) => sum([...b.points.values()]) - sum([...a.points.values()]) || (a.name < b.name ? -1 : 1),
  )
}

function placing(panel, chart, times, top) {
  const steps = { '5m': 300_000, '1d': 86_400_000 }
  const step = steps[panel.x.every] ?? 3_600_000
  const [from, to] = [times[0], times.at(-1) + step]
  return {
    step,
    x: t => chart.x + ((t - from) / (to - from)) * chart.w,
    y: v => chart.y + chart.h * (1 - v / top),
    width: Math.max(1, (chart.w * step) / (to - from) - (step > 300_000 ? 2 : 0)),
  }
}

function axes(panel, chart, scale, times, { x, y, step }) {
  const kind = kindOfMetric(panel.metrics[0])
  const count = (times.at(-1) - times[0]) / step + 1
  const every = Math.max(1, Math.ceil((count * 90) / chart.w))
  const marks = Array.from({ length: Math.ceil(count / every) }, (_, i) => times[0] + i * every * step)
  return [
    ...scale.flatMap(v => [
      line(chart.x, y(v), chart.x + chart.w, y(v)),
      text(chart.x - 6, y(v) + 4, formatted(v, kind), { size: 11, color: SOFT, anchor: 'end' }),
    ]),
    ...marks.map(t => text(x(t), chart.y + chart.h + 16, formatted(t, 'time'), { size: 11, color: SOFT })),
  ]
}

function bars(series, times, { x, y, width }) {
  const below = new Map()
  return series.flatMap((s, i) =>
    times.flatMap(t => {
      const value = s.points.get(t) ?? 0
      const from = below.get(t) ?? 0
      below.set(t, from + value)
      return value === 0
        ? []
        : [box(x(t), y(from + value), width, y(from) - y(from + value), COLORS[i % COLORS.length])]
    }),
  )
}

function areas(series, times, { x, y }) {
  const below = new Map(times.map(t => [t, 0]))
  return series.map((s, i) => {
    const under = times.map(t => [x(t), y(below.get(t))])
    for (const t of times) below.set(t, below.get(t) + (s.points.get(t) ?? 0))
    const over = times.map(t => [x(t), y(below.get(t))])
    return `<polygon points="${points([...over, ...under.reverse()])}" fill="${COLORS[i % COLORS.length]}"/>`
  })
}

function lines(series, times, { x, y }) {
  return series.map((s, i) => {
    const way = times.filter(t => s.points.has(t)).map(t => [x(t), y(s.points.get(t))])
    return `<polyline points="${points(way)}" fill="none" stroke="${COLORS[i % COLORS.length]}" stroke-width="2"/>`
  })
}

const points = way => way.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')

function legend(series, area, width) {
  const x = area.x + area.w - width + 10
  return series.flatMap((s, i) => [
    box(x, area.y + 8 + i * 18, 10, 10, COLORS[i % COLORS.length]),
    text(x + 16, area.y + 17 + i * 18, fitting(s.name, width - 26, 11), { size: 11 }),
  ])
}
