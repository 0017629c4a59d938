import { setTimeout as sleep } from 'node:timers/promises'

/** Exit codes of a command that a signal ended. */
export const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const

export type Signal = keyof typeof SIGNAL_CODES

/** What SIGINT and SIGTERM do. The second one always ends the process at once. */
export class Signals {
  #handler: ((signal: Signal) => boolean) | undefined
  #beforeExit: (() => Promise<void>) | undefined
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

  /** Sets what is to be done before the first signal ends the process; it must take a bounded time. */
  beforeExit(action: () => Promise<void>): void {
    this.#beforeExit = action
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
    if (!isFirst || !this.#beforeExit) process.exit(SIGNAL_CODES[signal])
    void this.#beforeExit().finally(() => process.exit(SIGNAL_CODES[signal]))
  }
}

/** Resolves after so long, or at once when it is stopped. */
export async function pauseUntil(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => undefined)
}

/** A way to stop work that the first signal takes. `by` tells which; to be released when the work has ended. */
export interface Stopping {
  readonly stop: AbortSignal
  readonly by: () => Signal | undefined
  readonly release: () => void
}

export function stopOnSignal(signals: Signals): Stopping {
  const stop = new AbortController()
  let stoppedBy: Signal | undefined
  const release = signals.handle(signal => {
    stoppedBy = signal
    stop.abort(new Error('stopped'))
    return true
  })
  return { stop: stop.signal, by: () => stoppedBy, release }
}

/** Ends the process where something that nobody needs any more keeps it: a connection that does not close. */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), LEAVE_MS).unref()
}

const LEAVE_MS = 3_000
