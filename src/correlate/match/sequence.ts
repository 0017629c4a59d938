import type { Candidates } from './candidates.ts'
import { type AppSide, runsOf } from './sides.ts'

/** Last known ends that are carried along a log: the likeliest. */
const STATES = 10
/** Of them, those that are remembered on both sides of a line for the case that its own end is not known. */
const REMEMBERED = 4
/** States of less weight, as a share of the likeliest, are dropped. */
const LEAST_SHARE = 1e-5
/** Share of gaps that follow no rule: a line written very late, a burst. */
const ODD_SHARE = 0.05
const ODD_WIDTH_US = 3_000_000
/** Time around a line over which lines are counted for the rate of its log, each way. */
const RATE_US = 1_500_000
/** Stands for "no line so far". */
const NONE = -1
/** Hop of a line that an id joined: no candidate has it. */
const BY_ID = -2

/** What the order of lines in a log says. */
export interface OrderModel {
  /** Mean of how much earlier a line ended than the line before it, where it did, µs. */
  readonly backUs: number
}

/**
 * For each candidate pair: the factor by which the place of its line among the others in its log makes it likelier than
 * a line at any time within its second. The lines of a log are a sequence whose ends go up, but for the jitter of
 * writing; each has one of its candidates or none. Forward and backward sums over all ways (Rabiner, "A tutorial on
 * hidden Markov models", 1989), with ends that are not known passed over.
 *
 * @param weight odds of each pair by itself, places left out, times how free its gateway hop is
 * @returns the natural logarithm of the factor, by pair
 */
export function orderFactors(
  app: AppSide,
  candidates: Candidates,
  weight: Float64Array,
  model: OrderModel,
): Float64Array {
  const rate = rates(app)
  const behind = new Sweep(app, candidates, weight, rate, model)
  const ahead = new Sweep(app, candidates, weight, rate, model)
  for (const { from, to } of runsOf(app.stream, app.count)) {
    behind.run(from, to, 1)
    ahead.run(from, to, -1)
  }
  const result = new Float64Array(weight.length)
  for (let i = 0; i < app.count; i++) {
    const [start, end] = [candidates.from[i] as number, candidates.from[i + 1] as number]
    if (start === end) continue
    const alone = passOver(behind, ahead, i, app)
    for (let e = start; e < end; e++)
      result[e] = Math.log(((behind.arrival[e] as number) * (ahead.arrival[e] as number)) / alone)
  }
  return result
}

/**
 * Density (a µs) of the time from one line's end to another's: it goes on by `meanUs` in the mean, or back by `backUs`.
 */
export function gapDensity(us: number, meanUs: number, backUs: number): number {
  const regular = us >= 0 ? Math.exp(-us / meanUs) : Math.exp(us / backUs)
  return ((1 - ODD_SHARE) * regular) / (meanUs + backUs) + ODD_SHARE / ODD_WIDTH_US
}

/** Lines a µs of each line's log, around it. */
export function rates(app: AppSide): Float64Array {
  const result = new Float64Array(app.count)
  for (const { from, to } of runsOf(app.stream, app.count)) {
    let low = from
    let high = from
    for (let i = from; i < to; i++) {
      const us = app.fromUs[i] as number
      while ((app.fromUs[low] as number) < us - RATE_US) low++
      while (high < to && (app.fromUs[high] as number) <= us + RATE_US) high++
      result[i] = (high - low) / (2 * RATE_US)
    }
  }
  return result
}

/**
 * How likely the states behind a line and those ahead of it are together, when its own end is not known, against their
 * being at any times within their seconds.
 */
function passOver(behind: Sweep, ahead: Sweep, i: number, app: AppSide): number {
  let sum = 0
  for (let b = i * REMEMBERED; b < (i + 1) * REMEMBERED; b++) {
    const before = behind.memory.weight[b] as number
    if (before === 0) continue
    for (let a = i * REMEMBERED; a < (i + 1) * REMEMBERED; a++) {
      const after = ahead.memory.weight[a] as number
      if (after === 0) continue
      const [from, to] = [behind.memory.line[b] as number, ahead.memory.line[a] as number]
      if (from === NONE || to === NONE) sum += before * after
      else if (behind.memory.hop[b] !== ahead.memory.hop[a] || behind.memory.hop[b] === BY_ID) {
        const us = (ahead.memory.us[a] as number) - (behind.memory.us[b] as number)
        sum += before * after * behind.gap(us, to - from, to) * widthOf(app, to)
      }
    }
  }
  return Math.max(sum, 1e-300)
}

/** Width of the time in which a line's request ended, as its second and the clock tell, µs. */
function widthOf(app: AppSide, i: number): number {
  return Math.max(1, (app.toUs[i] as number) - (app.fromUs[i] as number))
}

class States {
  readonly line: Int32Array
  readonly hop: Int32Array
  readonly us: Float64Array
  readonly weight: Float64Array

  constructor(size: number) {
    this.line = new Int32Array(size)
    this.hop = new Int32Array(size)
    this.us = new Float64Array(size)
    this.weight = new Float64Array(size)
  }

  set(at: number, line: number, hop: number, us: number, weight: number): void {
    this.line[at] = line
    this.hop[at] = hop
    this.us[at] = us
    this.weight[at] = weight
  }

  copy(at: number, from: States, of: number): void {
    this.set(
      at,
      from.line[of] as number,
      from.hop[of] as number,
      from.us[of] as number,
      from.weight[of] as number,
    )
  }
}

/** One pass over the logs, forward or backward. */
class Sweep {
  /** For each pair: how much likelier its end is after what was met before than at any time in its second. */
  readonly arrival: Float64Array
  /** The likeliest states before each line, in the direction of the pass. */
  readonly memory: States
  readonly #app: AppSide
  readonly #candidates: Candidates
  readonly #weight: Float64Array
  readonly #rate: Float64Array
  readonly #backUs: number
  /** Likeliest first. */
  readonly #states = new States(STATES + 1)
  readonly #next = new States(STATES + 1)
  #count = 0
  #nextCount = 0

  constructor(
    app: AppSide,
    candidates: Candidates,
    weight: Float64Array,
    rate: Float64Array,
    { backUs }: OrderModel,
  ) {
    this.#app = app
    this.#candidates = candidates
    this.#weight = weight
    this.#rate = rate
    this.#backUs = backUs
    this.arrival = new Float64Array(weight.length)
    this.memory = new States(app.count * REMEMBERED)
  }

  run(from: number, to: number, step: 1 | -1): void {
    this.#count = 1
    this.#states.set(0, NONE, NONE, 0, 1)
    for (let i = step === 1 ? from : to - 1; i >= from && i < to; i += step) {
      for (let k = 0; k < Math.min(REMEMBERED, this.#count); k++)
        this.memory.copy(i * REMEMBERED + k, this.#states, k)
      this.#pass(i, step)
    }
  }

  #pass(i: number, step: 1 | -1): void {
    const anchor = this.#app.anchorUs[i] as number
    if (!Number.isNaN(anchor)) {
      this.#count = 1
      this.#states.set(0, i, BY_ID, anchor, 1)
      return
    }
    const { from, gateway, atUs } = this.#candidates
    const [start, end] = [from[i] as number, from[i + 1] as number]
    if (start === end) return
    this.#nextCount = 0
    for (let k = 0; k < this.#count; k++)
      this.#offer(this.#states.line[k] as number, this.#states.hop[k] as number, this.#states.us[k] as number, this.#states.weight[k] as number) // biome-ignore format: one call
    for (let e = start; e < end; e++) {
      const arrival = this.#arrive(i, e, step)
      this.arrival[e] = arrival
      this.#offer(i, gateway[e] as number, atUs[e] as number, (this.#weight[e] as number) * arrival)
    }
    this.#take()
  }

  /** Keeps a state if it is among the likeliest so far. */
  #offer(line: number, hop: number, us: number, weight: number): void {
    const next = this.#next
    let at = Math.min(this.#nextCount, STATES)
    if (at === STATES && weight <= (next.weight[STATES - 1] as number)) return
    if (at === STATES) at--
    while (at > 0 && (next.weight[at - 1] as number) < weight) {
      next.copy(at, next, at - 1)
      at--
    }
    next.set(at, line, hop, us, weight)
    this.#nextCount = Math.min(STATES, this.#nextCount + 1)
  }

  /** Makes the offered states the current ones, their weights adding up to one. */
  #take(): void {
    const least = (this.#next.weight[0] as number) * LEAST_SHARE
    let total = 0
    let count = 0
    while (count < this.#nextCount && (this.#next.weight[count] as number) >= least)
      total += this.#next.weight[count++] as number
    for (let k = 0; k < count; k++) {
      this.#states.copy(k, this.#next, k)
      this.#states.weight[k] = (this.#next.weight[k] as number) / total
    }
    this.#count = count
  }

  #arrive(i: number, e: number, step: 1 | -1): number {
    const us = this.#candidates.atUs[e] as number
    const hop = this.#candidates.gateway[e] as number
    let fresh = 0
    let sum = 0
    for (let k = 0; k < this.#count; k++) {
      const line = this.#states.line[k] as number
      const weight = this.#states.weight[k] as number
      if (line === NONE) fresh += weight
      else if (this.#states.hop[k] !== hop)
        sum += weight * this.gap((us - (this.#states.us[k] as number)) * step, Math.abs(i - line), i)
    }
    return fresh + sum * widthOf(this.#app, i)
  }

  /** Density (a µs) of the time from one line's end to that of the line so many places on. */
  gap(us: number, places: number, i: number): number {
    return gapDensity(us, places / Math.max(this.#rate[i] as number, 1e-9), this.#backUs)
  }
}
