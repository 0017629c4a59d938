// The picture of `npm run bench`: time and memory over the number of events, as SVG.
const FONT = 'font-family="system-ui, sans-serif" font-size="12"'
const INK = '#57606a'
const [READ, LINK, HAND] = ['#2f6f9f', '#d98e32', '#8c959f']
const [LEFT, TOP, WIDTH, TALL, GAP] = [110, 70, 520, 16, 26]

const text = (x, y, words, more = '') => `<text x="${x}" y="${y}" fill="${INK}" ${more}>${words}</text>`
const bar = (x, y, width, color) =>
  `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(1, width).toFixed(1)}" height="${TALL}" fill="${color}"/>`

/** @param rows by number of events: seconds, readSeconds, linkSeconds and peakMiB of both sides */
export function drawSpeed(rows) {
  const most = Math.max(
    ...rows.flatMap(({ events, ours, theirs }) => [ours, theirs].map(r => (r.seconds / events) * 1e6)),
  )
  const parts = [
    text(20, 24, 'Files to facts and links: microseconds an event, by number of events', 'font-weight="600"'),
    bar(20, 38, 12, READ), text(38, 51, 'reading'),
    bar(110, 38, 12, LINK), text(128, 51, 'linking'),
    bar(200, 38, 12, HAND), text(218, 51, 'the id join alone, by hand in DuckDB'),
  ] // biome-ignore format: a legend
  rows.forEach(({ events, ours, theirs }, i) => {
    const y = TOP + i * (2 * TALL + GAP)
    const scale = seconds => ((seconds / events) * 1e6 * WIDTH) / most
    const read = scale(ours.readSeconds)
    const label = r => `${((r.seconds / events) * 1e6).toFixed(1)} us, ${Math.round(r.peakMiB)} MiB`
    parts.push(
      text(LEFT - 10, y + TALL + 4, `${events / 1e6} M`, 'text-anchor="end"'),
      bar(LEFT, y, read, READ),
      bar(LEFT + read, y, scale(ours.linkSeconds), LINK),
      text(LEFT + scale(ours.seconds) + 8, y + 12, label(ours)),
      bar(LEFT, y + TALL + 2, scale(theirs.seconds), HAND),
      text(LEFT + scale(theirs.seconds) + 8, y + TALL + 14, label(theirs)),
    )
  })
  const [width, height] = [LEFT + WIDTH + 150, TOP + rows.length * (2 * TALL + GAP)]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${FONT} role="img" aria-label="Speed by number of events">\n<rect width="${width}" height="${height}" fill="#ffffff"/>\n${parts.join('\n')}\n</svg>\n`
}
