// Values as the data view's formats show them, near enough for a picture.
const number = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 })

export function formatted(value, kind) {
  if (value === null || value === undefined) return '-'
  switch (kind) {
    case 'share':
      return `${(value * 100).toFixed(1)} %`
    case 'duration':
      return duration(value)
    case 'time':
      return new Date(value).toISOString().slice(5, 16).replace('T', ' ')
    case 'day':
      return new Date(value).toISOString().slice(0, 10)
    default:
      return typeof value === 'number' ? number.format(value) : String(value)
  }
}

function duration(us) {
  if (us >= 1e6) return `${(us / 1e6).toFixed(1)} s`
  return us >= 1000 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us)} us`
}

/** How the values of a metric are shown. */
export function kindOfMetric({ kind, field = '' }) {
  if (kind === 'share') return 'share'
  if (kind === 'unique') return 'number'
  return kindOfField(field)
}

export function kindOfField(field) {
  if (field.endsWith('_us')) return 'duration'
  return field === '@timestamp' || field === 'event.end' ? 'time' : 'number'
}
