import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFree } from './free-port.ts'
import type { Guarded } from './guard.ts'

export interface ServerOptions {
  /** For those who are told that it does not start. */
  readonly name: string
  readonly port: number
  /** File with what it prints. */
  readonly log: string
  readonly readyMs: number
  /** What a signal does not end by then is killed. */
  readonly stopMs: number
  readonly spawn: () => Promise<Guarded>
  /** Whether it takes what it is for. */
  readonly isReady: () => Promise<boolean>
  /** Called when its first process has ended, with its id. */
  readonly afterEnd?: (pid: number) => void
}

/** A program that listens on a port of 127.0.0.1, and is ended and started again by tests. */
export class Server {
  readonly #options: ServerOptions
  #running: Guarded | undefined

  constructor(options: ServerOptions) {
    this.#options = options
  }

  /** 0 while it does not run. */
  get pid(): number {
    return this.#running?.pid ?? 0
  }

  /** Starts it, and waits until it is ready. */
  readonly start = async (): Promise<void> => {
    const { name, port, readyMs, spawn, isReady } = this.#options
    if (!(await isFree(port))) throw new Error(`${name} cannot start: port ${port} is taken`)
    const running = await spawn()
    this.#running = running
    const until = Date.now() + readyMs
    while (!(await isReady())) {
      if (!running.isRunning()) throw this.#failed(`ended with ${await running.ended}`)
      if (Date.now() > until) {
        running.signal('SIGKILL')
        throw this.#failed(`is not ready after ${readyMs / 1000} s`)
      }
      await sleep(50)
    }
  }

  #failed(what: string): Error {
    const { name, port, log } = this.#options
    return new Error(`${name} on port ${port} ${what}:\n${readFileSync(log, 'utf8')}`)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running
    if (!running) return
    const { port, stopMs, afterEnd } = this.#options
    running.signal(signal)
    const late = setTimeout(() => running.signal('SIGKILL'), stopMs)
    await running.ended
    clearTimeout(late)
    afterEnd?.(running.pid)
    this.#running = undefined
    for (let tries = 0; tries < 200 && !(await isFree(port)); tries++) await sleep(50)
  }

  /** Lets it end by itself. */
  readonly stop = (): Promise<void> => this.#end('SIGTERM')

  /** Ends it in the middle of whatever it does. */
  readonly kill = (): Promise<void> => this.#end('SIGKILL')

  readonly restart = async (): Promise<void> => {
    await this.stop()
    await this.start()
  }
}
