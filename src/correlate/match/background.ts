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

export function describeBackground(app: AppSide): Background {
  const group = codesOf(app.count, i => `${app.key[i]} ${app.status[i]}`)
  const alike = codesOf(app.count, i => `${app.key[i]} ${app.status[i]} ${app.subject[i]}`)
  const logRate = rates(app, alike, WINDOWS_US)
  const logCalmRate = rates(app, alike, WINDOWS_US.slice(-1))
  return { group, logRate, logCalmRate, logSize: sizes(app, group) }
}

function sizes(app: AppSide, group: Int32Array): Float64Array {
  const counts = new SizeCounts()
  const each = (take: (i: number, bytes: number) => void): void => {
    app.bytes.forEach((bytes, i) => {
      if (!Number.isNaN(bytes)) take(i, bytes)
    })
  }
  each((i, bytes) => counts.add(group[i] ?? 0, bytes))
  const result = new Float64Array(app.count).fill(Number.NaN)
  each((i, bytes) => {
    result[i] = counts.log(group[i] ?? 0, bytes)
  })
  return result
}

function codesOf(count: number, textOf: (i: number) => string): Int32Array {
  const known = new Map<string, number>()
  return Int32Array.from({ length: count }, (_, i) => {
    const text = textOf(i)
    let code = known.get(text)
    if (code === undefined) {
      code = known.size
      known.set(text, code)
    }
    return code
  })
}

function rates(app: AppSide, alike: Int32Array, windowsUs: readonly number[]): Float64Array {
  const order = Array.from({ length: app.count }, (_, i) => i).sort(
    (a, b) => (alike[a] ?? 0) - (alike[b] ?? 0) || (app.fromUs[a] ?? 0) - (app.fromUs[b] ?? 0) || a - b,
  )
  const result = new Float64Array(app.count)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && alike[order[to] ?? 0] === alike[order[from] ?? 0]) to++
    const at = order.slice(from, to).map(i => app.fromUs[i] ?? 0)
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
