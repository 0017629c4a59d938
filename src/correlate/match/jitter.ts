/** Scales of the parts that the density is mixed of, µs. */
const SCALES_US = [300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000] as const
/** Beyond them: anything within this width. */
const ANYWHERE_US = 3_000_000
const PARTS = SCALES_US.length + 1
/** What is assumed before anything is learned, in samples. */
const PRIOR = [1, 2, 4, 5, 4, 2, 1, 1] as const

/**
 * How far a line's end may lie from where its place in the log says: a mixture of peaks of fixed widths whose shares
 * are learned.
 */
export class Jitter {
  readonly #shares = Float64Array.from(PRIOR, n => n / PRIOR.reduce((a, b) => a + b, 0))
  readonly #added = new Float64Array(PARTS)
  readonly #parts = new Float64Array(PARTS)

  /** Logarithm of the density a µs of an end at `atUs` where the place says [earliest, latest]. */
  log(atUs: number, earliestUs: number, latestUs: number): number {
    return Math.log(this.#mix(atUs, earliestUs, latestUs))
  }

  /** Takes a pair of that probability as a sample. */
  add(atUs: number, earliestUs: number, latestUs: number, weight: number): void {
    const sum = this.#mix(atUs, earliestUs, latestUs)
    for (let part = 0; part < PARTS; part++)
      this.#added[part] = (this.#added[part] ?? 0) + (weight * (this.#parts[part] ?? 0)) / sum
  }

  /** Puts what was added into force. */
  fit(): void {
    const counts = this.#added.map((n, part) => n + (PRIOR[part] ?? 0))
    const total = counts.reduce((a, b) => a + b, 0)
    counts.forEach((n, part) => {
      this.#shares[part] = n / total
    })
    this.#added.fill(0)
  }

  get shares(): readonly number[] {
    return [...this.#shares]
  }

  #mix(atUs: number, earliestUs: number, latestUs: number): number {
    const width = latestUs - earliestUs
    let sum = 0
    for (let part = 0; part < SCALES_US.length; part++) {
      const scale = SCALES_US[part] ?? 1
      const a = (atUs - earliestUs) / scale
      const b = (atUs - latestUs) / scale
      const density =
        width > scale / 50 ? (below(a) - below(b)) / width : 0.5 / (scale * (1 + Math.abs(a + b) / 2) ** 2)
      const mixed = density * (this.#shares[part] ?? 0)
      this.#parts[part] = mixed
      sum += mixed
    }
    const anywhere = (this.#shares[PARTS - 1] ?? 0) / ANYWHERE_US
    this.#parts[PARTS - 1] = anywhere
    return sum + anywhere
  }
}

/** Distribution function of the density 1 / (2 (1 + |x|)^2): a sharp peak, a heavy tail, and no exponential to compute. */
function below(x: number): number {
  return x < 0 ? 0.5 / (1 - x) : 1 - 0.5 / (1 + x)
}
