/** Exit codes of a command that a signal ended. */
export const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const

export type Signal = keyof typeof SIGNAL_CODES

/** What SIGINT and SIGTERM do. The second one always ends the process at once. */
export class Signals {
  #handler: ((signal: Signal) => boolean) | undefined
  #isAsked = false

  /**
   * Sets what the first signal does, until it is taken back.
   *
   * @param handler returns whether the command will end by itself now
   * @returns takes it back
   */
  handle(handler: (signal: Signal) => boolean): () => void {
    this.#handler = handler
    return () => {
      this.#handler = undefined
    }
  }

  /** Listens to the signals of the process. */
  listen(): void {
    for (const signal of Object.keys(SIGNAL_CODES) as Signal[]) process.on(signal, () => this.#take(signal))
  }

  #take(signal: Signal): void {
    const isFirst = !this.#isAsked
    this.#isAsked = true
    if (isFirst && this.#handler?.(signal)) return
    process.stderr.write(
      `\n${signal}: stopped; what was committed before is kept, and running the command again goes on from there\n`,
    )
    process.exit(SIGNAL_CODES[signal])
  }
}
