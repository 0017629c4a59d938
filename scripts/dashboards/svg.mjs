// Pieces of SVG. Log content is text to be escaped, here as everywhere.
export const INK = '#343741'
export const SOFT = '#69707d'
export const LINE = '#d3dae6'
/** Kibana's palette for people who see colours differently. */
export const COLORS = [
  '#54b399',
  '#6092c0',
  '#d36086',
  '#9170b8',
  '#ca8eae',
  '#d6bf57',
  '#b9a888',
  '#da8b45',
  '#aa6556',
  '#e7664c',
]

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const escaped = text => String(text).replace(/[&<>"]/g, c => ESCAPES[c])
export const round = n => Number(n.toFixed(1))

export function text(x, y, words, { size = 12, color = INK, anchor = 'start', weight = 400 } = {}) {
  const more = `${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}${weight === 400 ? '' : ` font-weight="${weight}"`}`
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" fill="${color}"${more}>${escaped(words)}</text>`
}

export function box(x, y, w, h, fill, more = '') {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, w))}" height="${round(Math.max(0, h))}" fill="${fill}"${more}/>`
}

export function line(x1, y1, x2, y2, color = LINE) {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${color}"/>`
}

/** Shortened to what fits; a character of the sans-serif fonts that stand in is up to 0.6 as wide as it is high. */
export function fitting(words, width, size = 12) {
  const most = Math.max(1, Math.floor(width / (size * 0.6)))
  const all = String(words)
  return all.length <= most ? all : `${all.slice(0, most - 1)}…`
}

/** Round numbers from 0 to the top of an axis. */
export function ticks(most, count = 4) {
  if (!(most > 0)) return [0, 1]
  const raw = most / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map(n => n * power).find(n => n >= raw) ?? raw
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step)
}
