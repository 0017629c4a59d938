/** Under way at first: enough to keep a small server busy. */
const FIRST = 3

/** How many requests may be under way: one more after some that went well, half as many after one that was too much. */
export class Pace {
  #limit: number
  #good = 0
  #running = 0
  readonly #most: number
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
    this.#limit = Math.min(FIRST, most)
  }

  get limit(): number {
    return this.#limit
  }

  /** Resolves once a request more may begin; `leave` must follow. */
  async enter(): Promise<void> {
    while (this.#running >= this.#limit) await new Promise<void>(resolve => this.#waiting.push(resolve))
    this.#running++
  }

  leave(): void {
    this.#running--
    this.#wake()
  }

  wentWell(): void {
    this.#good++
    if (this.#good < this.#limit || this.#limit >= this.#most) return
    this.#limit++
    this.#good = 0
    this.#wake()
  }

  tooMuch(): void {
    this.#limit = Math.max(1, this.#limit >> 1)
    this.#good = 0
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Pauses between tries: twice as long each time, up to half a minute, and never all at the same moment. */
export function backoffMs(attempt: number, random: () => number): number {
  const most = Math.min(30_000, 250 * 2 ** Math.min(attempt, 12))
  return most / 2 + (random() * most) / 2
}
