// A dashboard as it lies in Kibana's grid of 48 columns, with the rows that its panels show.
import { drawHeatmap, drawMetric, drawPartition } from './parts.mjs'
import { drawSeries } from './series.mjs'
import { box, escaped, fitting, LINE, SOFT, text } from './svg.mjs'
import { drawList, drawTable } from './tables.mjs'

const COLUMN = 28
const ROW = 20
const GAP = 8
const HEAD = 44
const CONTROLS = 40
const DRAW = {
  metric: drawMetric, table: drawTable, list: drawList, series: drawSeries, partition: drawPartition, heatmap: drawHeatmap,
} // biome-ignore format: a table

/** @param rows the answer of a panel, by its name */
export function drawDashboard(dashboard, rows) {
  const { controls, panels, title, description } = dashboard
  const top = HEAD + (controls.length > 0 ? CONTROLS : 0)
  const width = 48 * COLUMN + GAP
  const height = top + Math.max(...panels.map(({ grid }) => grid.y + grid.h)) * ROW + GAP
  const parts = [
    text(GAP + 4, 28, title, { size: 20, weight: 600 }),
    text(width - GAP - 4, 28, description, { color: SOFT, anchor: 'end' }),
    ...controls.flatMap((control, i) => drawControl(control, i, controls.length, width)),
    ...panels.flatMap(panel => drawPanel(panel, rows(panel.name), top)),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter, system-ui, sans-serif" role="img" aria-label="${escaped(title)}">\n${box(0, 0, width, height, '#f7f8fc')}\n${parts.join('\n')}\n</svg>\n`
}

function drawControl({ title }, i, count, width) {
  const w = (width - GAP) / count
  const x = GAP + i * w
  return [
    box(x, HEAD, w - GAP, 30, '#ffffff', ` rx="4" stroke="${LINE}"`),
    text(x + 10, HEAD + 20, title, { weight: 600 }),
    text(x + w - GAP - 10, HEAD + 20, 'Any', { color: SOFT, anchor: 'end' }),
  ]
}

function drawPanel(panel, rows, top) {
  const { grid } = panel
  const outer = {
    x: GAP + grid.x * COLUMN,
    y: top + grid.y * ROW,
    w: grid.w * COLUMN - GAP,
    h: grid.h * ROW - GAP,
  }
  const frame = box(outer.x, outer.y, outer.w, outer.h, '#ffffff', ` rx="6" stroke="${LINE}"`)
  if (panel.type === 'text') return [frame, ...drawText(panel, outer)]
  const inner = { x: outer.x + 10, y: outer.y + 30, w: outer.w - 20, h: outer.h - 38 }
  const title = text(outer.x + 10, outer.y + 19, fitting(panel.title, outer.w - 20), { weight: 600 })
  return [frame, title, ...DRAW[panel.type](panel, rows, inner)]
}

function drawText({ markdown }, { x, y, w }) {
  const plain = markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .replaceAll('`', '')
  return plain
    .split('\n')
    .filter(words => words !== '')
    .flatMap(words => wrapped(words, w - 24))
    .map((words, i) => text(x + 12, y + 24 + i * 20, words, i === 0 ? { color: '#006bb4' } : {}))
}

function wrapped(words, width) {
  const most = Math.floor(width / 6.2)
  const lines = ['']
  for (const word of words.split(' ')) {
    const last = lines.at(-1)
    if (last !== '' && last.length + word.length + 1 > most) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}
