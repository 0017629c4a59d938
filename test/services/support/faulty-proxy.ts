import { createServer, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault, Faults } from './faults.ts'
import { type Arrival, arrived, meet } from './faulty-exchange.ts'
import { freePort } from './free-port.ts'

/** A timer of Node may fire so much early by another clock. */
const TIMER_SLACK_MS = 5

/**
 * A proxy before an HTTP server on 127.0.0.1 that does to requests what a test tells it; at first it passes all.
 * Close it in the end.
 */
export class FaultyProxy {
  /** `http://127.0.0.1:PORT`; stays the same when it refuses and accepts. */
  readonly endpoint: string
  readonly #port: number
  readonly #server: Server
  readonly #requests: Arrival[] = []
  #next: () => Fault = counting([])
  #isRefusing = false
  #opening: Promise<void> | undefined

  private constructor(port: number, backendPort: number) {
    this.endpoint = `http://127.0.0.1:${port}`
    this.#port = port
    this.#server = createServer((incoming, response) => {
      const arrival = arrived(incoming, this.#requests.length, this.#next())
      this.#requests.push(arrival)
      // That a client goes away in the middle is part of the game.
      meet({ incoming, response, arrival, backendPort }).catch(() => response.destroy())
      if (arrival.fault.kind === 'outage') void this.#outage(arrival.fault.forMs)
    })
    this.#server.requestTimeout = 0
  }

  static async start(backendPort: number, faults: Faults = []): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(await freePort(), backendPort)
    proxy.set(faults)
    await proxy.accept()
    return proxy
  }

  /** Every request so far. */
  get requests(): readonly Readonly<Arrival>[] {
    return this.#requests
  }

  /** Bytes of all bodies so far. */
  get bytes(): number {
    return this.#requests.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Retries (requests with the same body) that came before the time that the answer before them had named. */
  get early(): readonly Readonly<Arrival>[] {
    return this.#requests.filter(({ index, digest, atMs }) => {
      const before = this.#requests.findLast(
        it => it.index < index && it.digest !== '' && it.digest === digest,
      )
      return before?.retryAtMs !== undefined && atMs < before.retryAtMs - TIMER_SLACK_MS
    })
  }

  /** Faults of the requests from now on; a function gets their index, counted anew. */
  set(faults: Faults): void {
    this.#next = counting(faults)
  }

  /** Closes the listener and every connection: whoever connects is refused. */
  async refuse(): Promise<void> {
    this.#isRefusing = true
    await this.#hangUp()
  }

  /** Listens again. */
  async accept(): Promise<void> {
    this.#isRefusing = false
    await this.#listen()
  }

  async close(): Promise<void> {
    await this.refuse()
  }

  async #outage(forMs: number): Promise<void> {
    await this.#hangUp()
    await sleep(forMs)
    if (!this.#isRefusing) await this.#listen()
  }

  async #hangUp(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #listen(): Promise<void> {
    if (this.#server.listening) return
    this.#opening ??= new Promise<void>(resolve => this.#server.listen(this.#port, '127.0.0.1', resolve))
    await this.#opening
    this.#opening = undefined
  }
}

function counting(faults: Faults): () => Fault {
  const at = typeof faults === 'function' ? faults : (i: number): Fault => faults[i] ?? { kind: 'pass' }
  let index = 0
  return () => at(index++)
}
