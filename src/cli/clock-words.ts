/** How far a host's clock is ahead of the gateway's: `3.699..3.704 s ahead`, `12..40 ms behind`. */
export function offsetText(lowUs: number, highUs: number): string {
  const unit = Math.max(Math.abs(lowUs), Math.abs(highUs)) >= 1e6 ? 's' : 'ms'
  const number = (us: number): string => offsetNumber(Math.abs(us), unit)
  if (lowUs > 0) return `${range(number(lowUs), number(highUs))} ${unit} ahead`
  if (highUs < 0) return `${range(number(highUs), number(lowUs))} ${unit} behind`
  if (lowUs === 0 && highUs === 0) return 'equal'
  return `${number(lowUs)} ${unit} behind to ${number(highUs)} ${unit} ahead`
}

function range(a: string, b: string): string {
  return a === b ? a : `${a}..${b}`
}

function offsetNumber(us: number, unit: 's' | 'ms'): string {
  const [whole = '', fraction] = (unit === 's' ? (us / 1e6).toFixed(3) : (us / 1000).toFixed(0)).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

const HOURS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'] // biome-ignore format: a table

/** `7,200 s behind: two hours; a time zone?` */
export function zoneText(zoneHours: number): string {
  const seconds = (Math.abs(zoneHours) * 3600).toLocaleString('en-US')
  return `${seconds} s ${zoneHours < 0 ? 'behind' : 'ahead'}: ${hoursInWords(Math.abs(zoneHours))}; a time zone?`
}

function hoursInWords(hours: number): string {
  if (hours === 0.5) return 'half an hour'
  const whole = Math.floor(hours)
  const word = HOURS[whole] ?? String(whole)
  return hours > whole ? `${word} and a half hours` : `${word} hour${whole === 1 ? '' : 's'}`
}

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** Values as one character each: low to high, `·` where nothing is known (NaN). */
export function sparkline(values: readonly number[]): string {
  const known = values.filter(value => !Number.isNaN(value))
  const low = Math.min(...known)
  const spread = Math.max(...known) - low
  return values
    .map(value => {
      if (Number.isNaN(value)) return '·'
      if (spread === 0) return LEVELS[3]
      return LEVELS[Math.round(((value - low) / spread) * (LEVELS.length - 1))]
    })
    .join('')
}
