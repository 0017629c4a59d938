import type { Item } from './bulk-answer.ts'
import type { Pace } from './pace.ts'

/** Batches under way: no more at a time than the pace allows, and none any more once one has failed. */
export class Sending {
  readonly #pace: Pace
  readonly #send: (items: readonly Item[]) => Promise<void>
  readonly #running = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  constructor(pace: Pace, send: (items: readonly Item[]) => Promise<void>) {
    this.#pace = pace
    this.#send = send
  }

  async add(items: readonly Item[]): Promise<void> {
    await this.#pace.enter()
    const running: Promise<void> = (this.#failure ? Promise.resolve() : this.#send(items))
      .catch(error => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#running.delete(running)
        this.#pace.leave()
      })
    this.#running.add(running)
    if (this.#failure) throw this.#failure.error
  }

  /** Waits for all, and throws what the first that failed has thrown. */
  async end(): Promise<void> {
    await this.settle()
    if (this.#failure) throw this.#failure.error
  }

  async settle(): Promise<void> {
    await Promise.all(this.#running)
  }
}
