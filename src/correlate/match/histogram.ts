const PER_OCTAVE = 8
const OCTAVES = 18

/** Bins of a signed quantity: one unit wide in a linear part around zero, an eighth of an octave beyond. */
class Bins {
  readonly count: number
  readonly widths: Float64Array
  readonly middles: Float64Array
  readonly #from: number
  readonly #to: number
  readonly #side = PER_OCTAVE * OCTAVES

  /** @param from below zero, @param to above */
  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
    const linear = to - from
    this.count = linear + 2 * this.#side
    this.widths = new Float64Array(this.count).fill(1)
    this.middles = Float64Array.from({ length: this.count }, (_, bin) => bin - this.#side + from + 0.5)
    for (let step = 0; step < this.#side; step++) {
      const width = 2 ** ((step + 1) / PER_OCTAVE) - 2 ** (step / PER_OCTAVE)
      const middle = 2 ** ((step + 0.5) / PER_OCTAVE)
      this.widths[this.#side - 1 - step] = -from * width
      this.middles[this.#side - 1 - step] = from * middle
      this.widths[this.#side + linear + step] = to * width
      this.middles[this.#side + linear + step] = to * middle
    }
  }

  of(value: number): number {
    if (value >= this.#from && value < this.#to) return Math.floor(value) - this.#from + this.#side
    const isAbove = value >= this.#to
    const octaves = Math.log2(value / (isAbove ? this.#to : this.#from))
    const step = Math.min(this.#side - 1, Math.max(0, Math.floor(octaves * PER_OCTAVE)))
    return isAbove ? this.count - this.#side + step : this.#side - 1 - step
  }
}

/** Durations in ms, sizes in bytes. */
export const MS_BINS = new Bins(-128, 256)
export const BYTE_BINS = new Bins(-256, 2048)

/** A density that is learned from weighted samples on top of a prior. */
export class Density {
  readonly #bins: Bins
  readonly #counts: Float64Array
  readonly #prior: Float64Array
  readonly #log: Float64Array
  #total = 0

  /**
   * @param prior density a unit; need not be normalised
   * @param weight samples that the prior is worth
   */
  constructor(bins: Bins, prior: (value: number) => number, weight: number) {
    this.#bins = bins
    this.#counts = new Float64Array(bins.count)
    this.#log = new Float64Array(bins.count)
    const mass = bins.middles.map((value, bin) => prior(value) * (bins.widths[bin] ?? 1))
    const sum = mass.reduce((a, b) => a + b, 0)
    this.#prior = mass.map(m => (m / sum) * weight)
    this.fit()
  }

  add(value: number, weight: number): void {
    const bin = this.#bins.of(value)
    this.#counts[bin] = (this.#counts[bin] ?? 0) + weight
    this.#total += weight
  }

  clear(): void {
    this.#counts.fill(0)
    this.#total = 0
  }

  get total(): number {
    return this.#total
  }

  /** Puts what was added into force. */
  fit(): void {
    const mass = this.#counts.map((n, bin) => n + (this.#prior[bin] ?? 0))
    const sum = mass.reduce((a, b) => a + b, 0)
    for (let bin = 0; bin < this.#bins.count; bin++) {
      let near = 0
      let weights = 0
      for (let step = -3; step <= 3; step++) {
        const weight = 4 - Math.abs(step)
        near += weight * (mass[bin + step] ?? 0)
        weights += weight
      }
      // A little of each bin's neighbours: a gap between samples is no proof that nothing lies there.
      const smooth = 0.85 * (mass[bin] ?? 0) + 0.15 * (near / weights)
      this.#log[bin] = Math.log(smooth / sum / (this.#bins.widths[bin] ?? 1))
    }
  }

  /** Natural logarithm of the density a unit. */
  log(value: number): number {
    return this.#log[this.#bins.of(value)] ?? 0
  }
}

const FINE_MS = 64
const FINE_PER_OCTAVE = 12

/** Bin of a duration: 1 ms wide up to 64 ms, a twelfth of an octave beyond. */
export function durationBin(ms: number): number {
  return ms < FINE_MS
    ? Math.max(0, Math.floor(ms))
    : FINE_MS + Math.floor(Math.log2(ms / FINE_MS) * FINE_PER_OCTAVE)
}

/** Width of a duration bin in ms. */
export function durationBinWidth(bin: number): number {
  if (bin < FINE_MS) return 1
  return FINE_MS * (2 ** ((bin - FINE_MS + 1) / FINE_PER_OCTAVE) - 2 ** ((bin - FINE_MS) / FINE_PER_OCTAVE))
}
