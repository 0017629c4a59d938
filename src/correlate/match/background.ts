import type { AppSide } from './sides.ts'
import { SizeCounts } from './sizes.ts'

/** Half widths of the windows in which lines of a group are counted, µs. */
const WINDOWS_US = [2e6, 20e6, 60e6] as const
/** Lines that a window without others is counted as. */
const LEAST_LINES = 0.3
/** How lines of a kind look that no gateway hop of the slice caused: as often and as long as lines of that kind are. */
export interface Background {
  /** Group of lines with equal key and status. */
  readonly group: Int32Array
  /** Logarithm of like lines a µs around each line, in its busiest window. */
  readonly logRate: Float64Array
  /** The same over the two minutes around it. */
  readonly logCalmRate: Float64Array
  /** Logarithm of the share of lines of its group with its number of bytes; NaN where not logged. */
  readonly logSize: Float64Array
}

/** Rates and sizes are told for lines that may be linked: nobody asks for the others'. */
export function describeBackground(app: AppSide): Background {
  const group = pairCodes(app.key, app.status)
  const alike = pairCodes(group, app.subject)
  const logRate = rates(app, alike, WINDOWS_US)
  const logCalmRate = rates(app, alike, WINDOWS_US.slice(-1))
  return { group, logRate, logCalmRate, logSize: sizes(app, group) }
}

function sizes(app: AppSide, group: Int32Array): Float64Array {
  const counts = new SizeCounts()
  for (let i = 0; i < app.count; i++) {
    const bytes = app.bytes[i] ?? Number.NaN
    if (!Number.isNaN(bytes)) counts.add(group[i] ?? 0, bytes)
  }
  const result = new Float64Array(app.count).fill(Number.NaN)
  for (let i = 0; i < app.count; i++) {
    const bytes = app.bytes[i] ?? Number.NaN
    if (app.open[i] && !Number.isNaN(bytes)) result[i] = counts.log(group[i] ?? 0, bytes)
  }
  return result
}

/** Small numbers for pairs of codes: equal pair, equal number. */
function pairCodes(first: Int32Array, second: Int32Array): Int32Array {
  const ofFirst = codesOf(first)
  const ofSecond = codesOf(second)
  return codesOf(Float64Array.from(ofFirst, (code, i) => code * 2 ** 26 + (ofSecond[i] ?? 0)))
}

function codesOf(values: Int32Array | Float64Array): Int32Array {
  const known = new Map<number, number>()
  const result = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0
    let code = known.get(value)
    if (code === undefined) {
      code = known.size
      known.set(value, code)
    }
    result[i] = code
  }
  return result
}

function rates(app: AppSide, alike: Int32Array, windowsUs: readonly number[]): Float64Array {
  const isAsked = new Uint8Array(app.count)
  for (let i = 0; i < app.count; i++) if (app.open[i]) isAsked[alike[i] ?? 0] = 1
  const order = Int32Array.from(alike.keys())
    .filter(i => isAsked[alike[i] ?? 0] === 1)
    .sort((a, b) => (alike[a] ?? 0) - (alike[b] ?? 0) || (app.fromUs[a] ?? 0) - (app.fromUs[b] ?? 0) || a - b)
  const result = new Float64Array(app.count)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && alike[order[to] ?? 0] === alike[order[from] ?? 0]) to++
    const at = Float64Array.from(order.subarray(from, to), i => app.fromUs[i] ?? 0)
    const busiest = new Float64Array(at.length)
    for (const half of windowsUs) {
      let low = 0
      let high = 0
      at.forEach((us, k) => {
        while ((at[low] ?? 0) < us - half) low++
        while (high < at.length && (at[high] ?? 0) <= us + half) high++
        busiest[k] = Math.max(busiest[k] ?? 0, (high - low - 1 + LEAST_LINES) / (2 * half))
      })
    }
    for (let k = from; k < to; k++) result[order[k] ?? 0] = Math.log(busiest[k - from] ?? 1)
    from = to
  }
  return result
}
