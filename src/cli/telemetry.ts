import { type TelemetryConfig, type TelemetrySettings, telemetrySettings } from '../config/telemetry.ts'
import { ThroughlineError } from '../errors.ts'
import type { Output } from './output.ts'
import type { Signals } from './signals.ts'

/** What is not sent by then is given up: a receiver that is down must not hold up a command. */
const STOP_MS = 3_000

export interface Listening {
  /** Address of the command line at which metrics are served. */
  readonly listen: string | undefined
  /** Whether the command runs on, so that somebody can read metrics from it. */
  readonly isLong: boolean
}

interface Surroundings {
  readonly out: Output
  readonly env: NodeJS.ProcessEnv
  readonly signals: Signals
}

/**
 * The telemetry of our own process, from its start to its last export. Nothing of it is loaded unless it is asked for,
 * and what goes wrong with it is said once and changes nothing else.
 */
export class Telemetry {
  readonly #surroundings: Surroundings
  #shutdown: (() => Promise<void>) | undefined
  #stopping: Promise<void> | undefined
  #hasWarned = false

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  /** Whether anything of it still runs, so that `stop` has something to wait for. */
  get isOn(): boolean {
    return this.#shutdown !== undefined
  }

  /**
   * Starts what configuration, environment and command line ask for.
   *
   * @throws USAGE, LISTEN_FAILED
   */
  async start(config: TelemetryConfig, listening: Listening | { readonly isLong: boolean }): Promise<void> {
    if (this.#shutdown) return
    const { env, out, signals } = this.#surroundings
    const settings = telemetrySettings(config, env, listening)
    if (!settings) return
    try {
      this.#shutdown = await this.#startSdk(settings)
    } catch (error) {
      if (error instanceof ThroughlineError) throw error
      return this.#warn(error instanceof Error ? error.message : String(error))
    }
    signals.beforeExit(async () => {
      out.mute()
      await this.stop()
    })
  }

  async #startSdk(settings: TelemetrySettings): Promise<() => Promise<void>> {
    const { startSdk } = await import('./telemetry-sdk.ts')
    return startSdk(settings, problem => this.#warn(problem))
  }

  /** Sends what is left, for a bounded time. May be called at any way out, also twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const shutdown = this.#shutdown
    if (!shutdown) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(() => resolve('late'), STOP_MS)
    })
    const ended = await Promise.race([shutdown().catch((error: Error) => this.#warn(error.message)), late])
    clearTimeout(timer)
    if (ended === 'late') this.#warn(`not everything could be sent within ${STOP_MS / 1000} s`)
    else this.#shutdown = undefined
  }

  #warn(problem: string): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#surroundings.out.warn(
      `telemetry: ${problem}; the command itself is not affected, and this is said once`,
    )
  }
}
