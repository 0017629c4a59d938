/** Lets so many through at a time, in the order in which they came; the number may change meanwhile. */
export class Gate {
  readonly #most: number
  #limit: number
  #active = 0
  #isShut = false
  readonly #waiting: ((isLetThrough: boolean) => void)[] = []
  #idle: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
    this.#limit = most
  }

  /** How many are let through just now. */
  get limit(): number {
    return Math.floor(this.#limit)
  }

  get active(): number {
    return this.#active
  }

  /** @returns whether it was let through, and is to `leave`; false once the gate is shut */
  enter(): Promise<boolean> {
    if (this.#isShut) return Promise.resolve(false)
    return new Promise(resolve => {
      this.#waiting.push(resolve)
      this.#admit()
    })
  }

  leave(): void {
    this.#active--
    this.#admit()
    if (this.#active === 0) this.#tellIdle()
  }

  /** Half as many from here on, one at least. */
  lower(): void {
    this.#limit = Math.max(1, this.#limit / 2)
  }

  /** One more after about as many calls as are let through. */
  raise(): void {
    this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit)
    this.#admit()
  }

  /** Turns away all that wait and all that come. Those inside are not disturbed. */
  shut(): void {
    this.#isShut = true
    for (const resolve of this.#waiting.splice(0)) resolve(false)
    this.#tellIdle()
  }

  /** Resolves when nobody is inside, or when the gate is being shut. */
  async idle(): Promise<void> {
    if (this.#active > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  #admit(): void {
    while (this.#active < this.limit) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#active++
      next(true)
    }
  }

  #tellIdle(): void {
    const told = this.#idle
    this.#idle = []
    for (const resolve of told) resolve()
  }
}
