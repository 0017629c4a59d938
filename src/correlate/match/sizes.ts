import { durationBin, durationBinWidth } from './histogram.ts'

/** Samples that the sizes of all lines are worth for a group. */
const POOLED_SAMPLES = 10

/** How often each count of bytes is logged within a group of like lines: exactly, and in its neighbourhood. */
export class SizeCounts {
  readonly #exact = new Map<string, number>()
  readonly #binned = new Map<string, number>()
  readonly #all = new Map<number, number>()
  readonly #totals = new Map<number, number>()
  #total = 0

  add(group: number, bytes: number): void {
    const bin = durationBin(bytes)
    increase(this.#exact, `${group} ${bytes}`)
    increase(this.#binned, `${group} ${bin}`)
    increase(this.#all, bin)
    increase(this.#totals, group)
    this.#total++
  }

  /** Logarithm of the probability of this count in the group, its own line left out. */
  log(group: number, bytes: number): number {
    const bin = durationBin(bytes)
    const total = (this.#totals.get(group) ?? 1) - 1
    const exact = ((this.#exact.get(`${group} ${bytes}`) ?? 1) - 1) / (total + 1)
    const own = (this.#binned.get(`${group} ${bin}`) ?? 1) - 1
    const pooled = ((this.#all.get(bin) ?? 0) + 0.05) / (this.#total + 5)
    const near = (own + POOLED_SAMPLES * pooled) / (total + POOLED_SAMPLES) / durationBinWidth(bin)
    return Math.log(Math.max(exact, near))
  }
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
