import { hash } from 'node:crypto'
import { SECOND_US } from '../../model/time.ts'
import type { EarlierLine } from '../../pipeline/tail.ts'

/** Ids of lines are kept until the log is so far behind them: five times what a server writes late (KB900700). */
const WINDOW_US = 120 * SECOND_US

/**
 * Numbers equal lines of one source. The first keeps its id; the next ones, which are hops of their own, get ids by
 * their ordinal, as the store gives them (store/dedupe.ts).
 */
export class Numbering {
  readonly #isForever: boolean
  readonly #seen = new Map<string, number>()
  /** Ids by the window that they were seen in, so that old ones can be let go. */
  #windows = new Map<number, string[]>()
  #latest = Number.NEGATIVE_INFINITY

  /** @param isForever for records of exports, which stand in any order */
  constructor(isForever: boolean) {
    this.#isForever = isForever
  }

  /** Takes lines that stand before what is read now. */
  enter(lines: readonly EarlierLine[]): void {
    for (const { hopId, log } of lines) {
      const key = keyOf(hopId, log)
      this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1)
    }
  }

  /**
   * The id of a line that is `hopId` as the first of its kind.
   *
   * @param us its stamp
   * @param log its log, where a shipper wrapped it
   */
  idOf(hopId: string, us: number, log: string | null = null): string {
    const key = keyOf(hopId, log)
    const ordinal = this.#seen.get(key) ?? 0
    this.#seen.set(key, ordinal + 1)
    if (!this.#isForever) this.#note(key, us)
    return ordinal === 0 ? hopId : idByOrdinal(hopId, ordinal)
  }

  #note(key: string, us: number): void {
    const window = Math.floor(us / WINDOW_US)
    const ids = this.#windows.get(window)
    if (ids) {
      ids.push(key)
      return
    }
    this.#windows.set(window, [key])
    this.#latest = Math.max(this.#latest, window)
    for (const [old, known] of this.#windows) {
      if (old >= this.#latest - 1) continue
      for (const id of known) this.#seen.delete(id)
      this.#windows.delete(old)
    }
  }
}

function keyOf(hopId: string, log: string | null): string {
  return log === null ? hopId : `${hopId} ${log}`
}

/** As `sha256(hex_id(first_id) || '#' || ordinal)[:32]` of the store. */
function idByOrdinal(hopId: string, ordinal: number): string {
  const digest = hash('sha256', `${hopId.replaceAll('-', '')}#${ordinal}`, 'hex').slice(0, 32)
  if (!hopId.includes('-')) return digest
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    digest.slice(12, 16),
    digest.slice(16, 20),
    digest.slice(20),
  ].join('-')
}
