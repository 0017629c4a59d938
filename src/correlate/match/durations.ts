import type { Density } from './histogram.ts'
import type { AppSide } from './sides.ts'

/** Slack, in ms, over which the lines of a group are counted one by one. */
const LEAST_SLACK = -120
const MOST_SLACK = 240
/** Lines of all kinds that are added to those of a group. */
const POOLED_LINES = 10
/** Durations longer than this are counted by octaves. */
const LONGEST_MS = 1 << 20

/** How many lines took how long, by whole ms. */
type Counts = Map<number, number>

/**
 * What the durations of a pair say: how likely its slack is between hops that belong together, against how likely it is
 * between the gateway hop and any line of the kind. Where a host's clock ticks in steps of 15.6 ms, or most calls take
 * as long, chance agrees often, and a fitting duration says little.
 */
export class DurationOdds {
  readonly #slack: Density
  readonly #group: Int32Array
  readonly #groups: Counts[] = []
  readonly #totals: number[] = []
  readonly #all: Counts = new Map()
  #total = 0
  readonly #known = new Map<number, number>()
  readonly #pooled = new Map<number, number>()

  /** @param group kind of each line: equal method, path and status */
  constructor(app: AppSide, group: Int32Array, slack: Density) {
    this.#slack = slack
    this.#group = group
    for (let i = 0; i < app.count; i++) {
      const ms = Math.floor((app.tookUs[i] ?? Number.NaN) / 1000)
      if (Number.isNaN(ms)) continue
      const g = group[i] ?? 0
      let counts = this.#groups[g]
      if (!counts) {
        counts = new Map()
        this.#groups[g] = counts
      }
      increase(counts, ms)
      increase(this.#all, coarse(ms))
      this.#totals[g] = (this.#totals[g] ?? 0) + 1
      this.#total++
    }
  }

  /** Natural logarithm of the odds that a line's slack against a gateway hop's wait counts for. */
  log(i: number, waitMs: number, slackMs: number): number {
    const own = this.#slack.log(slackMs)
    const g = this.#group[i] ?? 0
    const wait = Math.round(waitMs)
    // The line itself is left out: it would make a lone duration look common.
    const others = Math.max(0, this.#sum(g, wait) - Math.exp(own))
    const lines = Math.max(0, (this.#totals[g] ?? 1) - 1)
    const chance = (others + POOLED_LINES * this.#pool(wait)) / (lines + POOLED_LINES)
    return own - Math.log(chance)
  }

  /** Sum of the density of the slack over the lines of a group. */
  #sum(group: number, waitMs: number): number {
    const key = group * LONGEST_MS + Math.min(waitMs, LONGEST_MS - 1)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const counts = this.#groups[group]
    let sum = 0
    if (counts && counts.size < MOST_SLACK - LEAST_SLACK) {
      for (const [ms, n] of counts) sum += n * Math.exp(this.#slack.log(waitMs - ms))
    } else if (counts) {
      for (let slack = LEAST_SLACK; slack <= MOST_SLACK; slack++) {
        const n = counts.get(waitMs - slack)
        if (n !== undefined) sum += n * Math.exp(this.#slack.log(slack))
      }
    }
    this.#known.set(key, sum)
    return sum
  }

  /** Mean of the density over all lines; a little where none is near. */
  #pool(waitMs: number): number {
    const wait = coarse(waitMs)
    const known = this.#pooled.get(wait)
    if (known !== undefined) return known
    let sum = 0
    for (const [ms, n] of this.#all) sum += n * Math.exp(this.#slack.log(wait - ms))
    const mean = (sum + Math.exp(this.#slack.log(0)) * 0.001) / (this.#total + 1)
    this.#pooled.set(wait, mean)
    return mean
  }
}

/** Whole ms up to 64, then in steps of a thirty-second: 66, 68 ... 132, 136 ... */
function coarse(ms: number): number {
  if (ms < 64) return ms
  const step = 2 ** (Math.floor(Math.log2(ms)) - 5)
  return Math.floor(ms / step) * step
}

function increase(counts: Counts, ms: number): void {
  counts.set(ms, (counts.get(ms) ?? 0) + 1)
}
