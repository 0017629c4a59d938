import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { NODE_CRYPTO } from './folder-files.ts'
import {
  type Helper,
  type Helpers,
  type Part,
  type PartAnswer,
  PartCheck,
  type PartSums,
  type Setup,
} from './verify/parts.ts'

/** Fewer are checked before threads have started. */
const LEAST_REQUESTS = 20_000
/** Requests that a thread is given at once: 3 MB. */
const PART_REQUESTS = 1024

type Question = { readonly part: Part } | 'sums'

/**
 * Threads that check parts of bundles.
 *
 * @param program file that calls `serveParts` where it runs as a thread
 */
export function threads(program: URL, least = LEAST_REQUESTS): Helpers | undefined {
  const count = Math.min(availableParallelism(), 8)
  if (count < 2) return undefined
  return {
    least,
    requests: PART_REQUESTS,
    start: setup => Array.from({ length: count }, () => new Thread(program, setup)),
  }
}

/** Answers come in the order of the questions. */
class Thread implements Helper {
  readonly #worker: Worker
  readonly #waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = []
  #failure: Error | undefined

  constructor(program: URL, setup: Setup) {
    this.#worker = new Worker(program, { workerData: setup })
    this.#worker.on('message', answer => this.#waiting.shift()?.resolve(answer))
    this.#worker.on('error', error => this.#fail(error as Error))
    this.#worker.on('exit', () => this.#fail(new Error('the thread has ended')))
  }

  check(part: Part): Promise<PartAnswer | undefined> {
    const { population, csv, facts, links } = part
    const memory = [population, csv, facts, links].map(bytes => bytes.buffer as ArrayBuffer)
    return this.#ask({ part }, memory) as Promise<PartAnswer | undefined>
  }

  sums(): Promise<PartSums> {
    return this.#ask('sums', []) as Promise<PartSums>
  }

  stop(): void {
    void this.#worker.terminate()
  }

  #ask(question: Question, memory: ArrayBuffer[]): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.postMessage(question, memory)
    })
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/** What a thread does: it answers questions until it is stopped. */
export function serveParts(port: { on(event: 'message', listener: (question: Question) => void): unknown; postMessage(answer: unknown, memory?: ArrayBuffer[]): void }, setup: Setup): void {
  const check = new PartCheck(setup, NODE_CRYPTO)
  let last: Promise<void> = Promise.resolve()
  port.on('message', question => {
    last = last.then(async () => {
      if (question !== 'sums') return port.postMessage(await check.check(question.part))
      const sums = check.sums()
      port.postMessage(sums, memoryOf(sums))
    })
  })
} // biome-ignore format: one line each

/** Memory of sums, which is handed over instead of copied. */
function memoryOf({ segments, generations, hash }: PartSums): ArrayBuffer[] {
  const arrays = [...segments, ...generations].flatMap(({ indexes, leaves }) => [indexes, leaves])
  return [...arrays, ...(hash ? [hash.ids, hash.hashes] : [])].map(array => array.buffer as ArrayBuffer)
}
