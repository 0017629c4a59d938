import { HOUR_US, SECOND_US } from '../model/time.ts'

/** Calls and lines are counted by this much. */
export const SLOT_US = 30 * SECOND_US
const SLOTS_IN_HOUR = HOUR_US / SLOT_US
/** Hours with fewer are too few to say what is usual. */
const USUAL_LEAST = 20

export interface SlotCounts {
  readonly all: number
  readonly loose: number
}

/** What one side says should be on the other, by time: how many, and how many of these have no partner. */
export class Slots {
  readonly #first: number
  readonly #all: Float64Array
  readonly #loose: Float64Array
  readonly #explained: Float64Array
  #usual: number | undefined

  constructor(fromUs: number, toUs: number) {
    this.#first = Math.floor(fromUs / SLOT_US)
    const length = Math.max(0, Math.ceil(toUs / SLOT_US) - this.#first)
    this.#all = new Float64Array(length)
    this.#loose = new Float64Array(length)
    this.#explained = new Float64Array(length)
  }

  /** @param slot number of the slot, from 1970 */
  add(slot: number, all: number, loose: number): void {
    const at = slot - this.#first
    if (at < 0 || at >= this.#all.length) return
    this.#all[at] = (this.#all[at] ?? 0) + all
    this.#loose[at] = (this.#loose[at] ?? 0) + loose
  }

  /** Counts of the slots that lie wholly within a span. */
  within(fromUs: number, toUs: number): SlotCounts {
    const [from, to] = this.#inside(fromUs, toUs)
    let all = 0
    let loose = 0
    for (let at = from; at < to; at++) {
      all += this.#all[at] ?? 0
      loose += this.#loose[at] ?? 0
    }
    return { all, loose }
  }

  /** Takes what is loose in a span, and in the slots at its ends, as explained. */
  explain(fromUs: number, toUs: number): void {
    const [from, to] = this.#inside(fromUs - SLOT_US, toUs + SLOT_US)
    for (let at = from; at < to; at++) {
      this.#explained[at] = (this.#explained[at] ?? 0) + (this.#loose[at] ?? 0)
      this.#loose[at] = 0
    }
  }

  /** Whether so many in a span, and all of them, have their partner, by themselves and not by an explanation. */
  hasPartners(fromUs: number, toUs: number, least: number): boolean {
    const [from, to] = this.#inside(fromUs, toUs)
    let all = 0
    for (let at = from; at < to; at++) {
      if ((this.#loose[at] ?? 0) + (this.#explained[at] ?? 0) > 0) return false
      all += this.#all[at] ?? 0
    }
    return all >= least
  }

  /** The share that is loose in the best hour: holes may have most of the others. To be asked before `explain`. */
  get usual(): number {
    this.#usual ??= this.#usualShare()
    return this.#usual
  }

  #usualShare(): number {
    let share = 1
    for (let at = 0; at < this.#all.length; at += SLOTS_IN_HOUR) {
      const us = (this.#first + at) * SLOT_US
      const { all, loose } = this.within(us, us + HOUR_US)
      if (all >= USUAL_LEAST) share = Math.min(share, loose / all)
    }
    return share === 1 ? 0 : share
  }

  #inside(fromUs: number, toUs: number): [number, number] {
    const from = Math.max(0, Math.ceil(fromUs / SLOT_US) - this.#first)
    const to = Math.min(this.#all.length, Math.floor(toUs / SLOT_US) - this.#first)
    return [from, to]
  }
}

/** Counts over several. */
export function sumWithin(slots: readonly Slots[], fromUs: number, toUs: number): SlotCounts {
  let all = 0
  let loose = 0
  for (const one of slots) {
    const counts = one.within(fromUs, toUs)
    all += counts.all
    loose += counts.loose
  }
  return { all, loose }
}
