// Numbers, parts of a whole, and grids of cells.
import { formatted, kindOfMetric } from './format.mjs'
import { nothing } from './series.mjs'
import { box, COLORS, fitting, INK, round, SOFT, text } from './svg.mjs'

export function drawMetric(panel, rows, area) {
  const value = formatted(rows[0]?.values[0], kindOfMetric(panel.metric))
  return [
    text(area.x + area.w - 4, area.y + area.h - 8, value, { size: 34, anchor: 'end', weight: 600 }),
    text(area.x + 2, area.y + 14, panel.metric.label, { color: SOFT }),
  ]
}

export function drawPartition(panel, rows, area) {
  if (rows.length === 0) return [nothing(area)]
  return panel.shape === 'donut' ? donut(rows, area) : treemap(rows, area)
}

const bySize = rows => [...rows].sort((a, b) => b.values[0] - a.values[0] || (a.keys[0] < b.keys[0] ? -1 : 1))
const total = rows => rows.reduce((sum, r) => sum + r.values[0], 0)

function donut(rows, area) {
  const [cx, cy] = [area.x + area.w * 0.3, area.y + area.h / 2]
  const radius = Math.min(area.w * 0.29, area.h / 2 - 6)
  const all = total(rows)
  let turn = 0
  return bySize(rows).flatMap((row, i) => {
    const share = row.values[0] / all
    const from = turn
    turn += Math.min(share, 0.9999)
    const color = COLORS[i % COLORS.length]
    const y = area.y + 17 + i * 20
    return [
      `<path d="${ring(cx, cy, radius, radius * 0.54, from, turn)}" fill="${color}"/>`,
      box(area.x + area.w * 0.64, y - 9, 10, 10, color),
      text(
        area.x + area.w * 0.64 + 16,
        y,
        fitting(`${row.keys[0]} ${formatted(share, 'share')}`, area.w * 0.34, 11),
        { size: 11 },
      ),
    ]
  })
}

function ring(cx, cy, outer, inner, from, to) {
  const at = (radius, turn) => {
    const angle = 2 * Math.PI * (turn - 0.25)
    return `${round(cx + radius * Math.cos(angle))} ${round(cy + radius * Math.sin(angle))}`
  }
  const large = to - from > 0.5 ? 1 : 0
  return `M${at(outer, from)} A${round(outer)} ${round(outer)} 0 ${large} 1 ${at(outer, to)} L${at(inner, to)} A${round(inner)} ${round(inner)} 0 ${large} 0 ${at(inner, from)} Z`
}

/** Columns for the outer groups, boxes in them for the inner ones. */
function treemap(rows, area) {
  const groups = [...new Set(rows.map(r => r.keys[0]))].map(name => {
    const own = rows.filter(r => r.keys[0] === name)
    return { keys: [name], values: [total(own)], own }
  })
  const all = total(rows)
  let x = area.x
  return bySize(groups).flatMap((group, i) => {
    const width = (group.values[0] / all) * area.w
    let y = area.y
    const parts = bySize(group.own).flatMap((row, j) => {
      const height = (row.values[0] / group.values[0]) * area.h
      const [left, top] = [x, y]
      y += height
      const words = width > 60 && height > 34
      return [
        box(left, top, width - 2, height - 2, COLORS[i % COLORS.length], j === 0 ? '' : ` fill-opacity="${j === 1 ? 0.7 : 0.45}"`),
        ...(words ? [text(left + 6, top + 16, fitting(group.keys[0], width - 12, 11), { size: 11, color: '#ffffff', weight: 600 }),
          text(left + 6, top + 30, fitting(`${row.keys[1] ?? ''} ${formatted(row.values[0] / all, 'share')}`, width - 12, 11), { size: 11, color: '#ffffff' })] : []),
      ] // biome-ignore format: a box and its words
    })
    x += width
    return parts
  })
}

const CELLS = ['#e6ebf2', '#c2d3ec', '#91b3e3', '#5f8fd4', '#2f6bbf']

export function drawHeatmap(panel, rows, area) {
  if (rows.length === 0) return [nothing(area)]
  const timeIsX = panel.x.kind === 'time'
  const cells = rows.map(({ keys: [y, x], values: [value] }) => ({ x, y, value }))
  const compare = (a, b) => (Number.isNaN(Number(a) - Number(b)) ? (a < b ? -1 : 1) : Number(a) - Number(b))
  const xs = [...new Set(cells.map(c => c.x))].sort(compare)
  const ys = [...new Set(cells.map(c => c.y))].sort(compare)
  const left = Math.min(area.w * 0.34, 8 + Math.max(...ys.map(y => y.length)) * 6.7)
  const chart = { x: area.x + left, y: area.y + 4, w: area.w - left - 4, h: area.h - 40 }
  const [w, h] = [chart.w / xs.length, chart.h / ys.length]
  const most = Math.max(...cells.map(c => c.value))
  const every = Math.max(1, Math.ceil(76 / w))
  return [
    ...cells.flatMap(c => cell(c, chart.x + xs.indexOf(c.x) * w, chart.y + ys.indexOf(c.y) * h, w, h, most)),
    ...ys.map((y, i) => text(chart.x - 6, chart.y + i * h + h / 2 + 4, fitting(y, left - 8, 11), { size: 11, color: SOFT, anchor: 'end' })),
    ...xs.flatMap((x, i) => (timeIsX && i % every ? [] : [text(chart.x + i * w + w / 2, chart.y + chart.h + 16, timeIsX ? formatted(Number(x), 'time') : fitting(x, w, 11), { size: 11, color: SOFT, anchor: 'middle' })])),
    text(chart.x + chart.w / 2, chart.y + chart.h + 32, panel.x.label, { size: 11, anchor: 'middle' }),
  ] // biome-ignore format: a table
}

function cell({ value }, x, y, w, h, most) {
  const level = Math.min(CELLS.length - 1, Math.floor((value / most) * CELLS.length))
  const words = formatted(value, 'number')
  const fits = words.length * 6 < w - 4 && h > 13
  return [
    box(x, y, w - 1, h - 1, CELLS[level]),
    ...(fits ? [text(x + w / 2, y + h / 2 + 4, words, { size: 10, anchor: 'middle', color: level > 2 ? '#ffffff' : INK })] : []),
  ] // biome-ignore format: a cell and its number
}
