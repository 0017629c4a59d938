import { closeDays } from '../correlate/close-days.ts'
import type { Store } from '../store/store.ts'
import type { FollowerLinks } from './follow.ts'
import type { FollowOptions } from './follow-events.ts'
import { dueDays, relink } from './relink.ts'

/** Links are refreshed at most so often, ... */
const LINK_MS = 10_000
/** ... and not before so many times what the last refresh took: a day is linked as a whole, while nothing is read. */
const LINK_SHARE = 5
/** When nothing has come in for so long, links are refreshed all the same. */
const QUIET_MS = 10_000
/** Days that wait for nothing but their deadline are looked at so often. */
const CLOSE_MS = 10 * 60_000

export type LinkOptions = Pick<FollowOptions, 'config' | 'nowMs' | 'onEvent' | 'linkMs'> & {
  readonly configDigest: string
}

/** Refreshes the links of days with new hops, and closes days, at a bounded share of the time. */
export class LinkRefresh implements FollowerLinks {
  readonly #store: Store
  readonly #options: LinkOptions
  #nextMs: number
  #takenMs = Number.NEGATIVE_INFINITY
  #closedMs: number
  #isAtIt = false

  constructor(store: Store, options: LinkOptions) {
    this.#store = store
    this.#options = options
    this.#nextMs = options.nowMs() + (options.linkMs ?? LINK_MS)
    this.#closedMs = options.nowMs()
  }

  /** Whether a refresh was left before its end. */
  get isAtIt(): boolean {
    return this.#isAtIt
  }

  /** Says that new hops have come in. */
  taken(): void {
    this.#takenMs = this.#options.nowMs()
  }

  get isDue(): boolean {
    const nowMs = this.#options.nowMs()
    if (this.#store.state.unlinkedDays.size === 0) return nowMs - this.#closedMs >= CLOSE_MS
    const isQuiet = nowMs - this.#takenMs >= Math.min(QUIET_MS, this.#options.linkMs ?? QUIET_MS)
    return isQuiet || nowMs >= this.#nextMs
  }

  /** Links left before their end are made up for by the next refresh, of this run or another. */
  async refresh(): Promise<void> {
    this.#isAtIt = true
    await this.#refresh()
    this.#isAtIt = false
  }

  async #refresh(): Promise<void> {
    const { nowMs, onEvent, linkMs = LINK_MS } = this.#options
    const startedMs = nowMs()
    const due = dueDays(this.#store)
    const linked =
      due.length > 0 ? await relink(this.#store, due, this.#options, this.#options.configDigest) : []
    const closed = await closeDays(this.#store)
    const tookMs = nowMs() - startedMs
    this.#closedMs = nowMs()
    this.#nextMs = nowMs() + Math.max(linkMs, LINK_SHARE * tookMs)
    const days = linked.filter(day => day.changed)
    if (days.length > 0 || closed.length > 0)
      onEvent?.({ event: 'linked', days, closed, seconds: tookMs / 1000 })
  }
}
