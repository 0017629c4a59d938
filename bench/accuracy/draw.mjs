// Pictures of the accuracy results, as SVG that reads on light and dark pages.
import { figures } from './measure.mjs'

const FONT = 'font-family="system-ui, sans-serif" font-size="12"'
const INK = '#57606a'
const BAR = '#2f6f9f'
const GRID = '#d0d7de'

const text = (x, y, words, more = '') => `<text x="${x}" y="${y}" fill="${INK}" ${more}>${words}</text>`

function svg(width, height, title, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${FONT} role="img" aria-label="${title}">\n<rect width="${width}" height="${height}" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`
}

/** Small multiples: of the links with a posterior, which share was right. On the diagonal the posterior is honest. */
export function drawReliability(results) {
  const [across, size, gap, top] = [4, 150, 56, 60]
  const rows = Math.ceil(results.length / across)
  const width = across * (size + gap) + 60
  const height = top + rows * (size + gap + 14)
  const parts = [
    text(
      20,
      24,
      'Posterior of the best candidate (across) and share of them that is right (up), by tenths',
      'font-weight="600"',
    ),
    text(
      20,
      42,
      'Dots on the line: the posterior is honest. The area of a dot grows with the number of lines.',
    ),
  ]
  results.forEach(({ name, total }, place) => {
    const x = 40 + (place % across) * (size + gap)
    const y = top + 16 + Math.floor(place / across) * (size + gap + 14)
    parts.push(panel(x, y, size, name, total))
  })
  return svg(width, height, 'Reliability of posteriors by regime', parts)
}

function panel(x, y, size, name, total) {
  const { ece } = figures(total)
  const parts = [
    text(x, y - 6, name, 'font-weight="600"'),
    `<rect x="${x}" y="${y}" width="${size}" height="${size}" fill="none" stroke="${GRID}"/>`,
    `<line x1="${x}" y1="${y + size}" x2="${x + size}" y2="${y}" stroke="${GRID}"/>`,
    text(x, y + size + 14, '0', 'font-size="10"'),
    text(x + size, y + size + 14, '1', 'font-size="10" text-anchor="end"'),
    text(x + size / 2, y + size + 14, `ECE ${ece.toFixed(2)} %`, 'font-size="10" text-anchor="middle"'),
  ]
  for (const { links, posterior, right } of total.bins) {
    if (links === 0) continue
    const [cx, cy] = [x + (size * posterior) / links, y + size - (size * right) / links]
    const r = 2 + 1.4 * Math.log10(links)
    parts.push(
      `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${r.toFixed(1)}" fill="${BAR}" fill-opacity="0.75"><title>${links} lines: posterior ${(posterior / links).toFixed(3)}, right ${(right / links).toFixed(3)}</title></circle>`,
    )
  }
  return parts.join('\n')
}

/** A row a regime, a column a variation: precision above recall, at 0.9. */
export function drawGrid(results, variations) {
  const [left, cell, tall, top] = [210, 78, 40, 104]
  const width = left + variations.length * cell + 20
  const height = top + results.length * tall + 20
  const parts = [
    text(
      20,
      24,
      'Precision (above) and recall (below) in percent at a posterior of 0.9',
      'font-weight="600"',
    ),
    text(20, 62, 'loss a side'),
    text(20, 78, 'rate'),
    text(20, 94, 'app clocks'),
  ]
  variations.forEach((v, i) => {
    const x = left + i * cell + cell / 2
    const middle = 'text-anchor="middle" font-size="10"'
    parts.push(text(x, 62, v.loss, middle), text(x, 78, v.rate, middle), text(x, 94, v.clock, middle))
  })
  results.forEach(({ name, cells }, r) => {
    const y = top + r * tall
    parts.push(text(20, y + 24, name))
    cells.forEach(({ counts }, i) => {
      const { precision, recall } = figures(counts).at[0.9]
      const x = left + i * cell
      parts.push(
        `<rect x="${x + 1}" y="${y + 1}" width="${cell - 2}" height="${tall - 2}" fill="${shade(Math.min(precision, recall + 5))}"/>`,
        text(x + cell / 2, y + 17, precision.toFixed(2), 'text-anchor="middle" style="fill:#1f2328"'),
        text(x + cell / 2, y + 33, recall.toFixed(2), 'text-anchor="middle" style="fill:#1f2328"'),
      )
    })
  })
  return svg(width, height, 'Precision and recall by regime and variation', parts)
}

/** From pale blue (all right) to orange (95 % or less). */
function shade(value) {
  const far = Math.min(1, Math.max(0, (100 - value) / 5))
  const mix = (a, b) => Math.round(a + (b - a) * far)
  return `rgb(${mix(221, 255)},${mix(238, 183)},${mix(250, 120)})`
}
