import { setImmediate as turn } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import { OtlpSender } from './sender.ts'
import type { Retry, SenderOptions } from './sender-options.ts'

/** What a made-up backend does with a request. */
export interface Reaction {
  readonly answer: Answer
  /** Time that the answer takes; Infinity for one that only comes when the connection is closed. */
  readonly afterMs?: number
}

export const ACCEPTED: Answer = { kind: 'accepted', rejected: 0, message: '' }
export const BUSY: Answer = {
  kind: 'retry',
  reason: 'unavailable',
  why: 'it answered 503 Service Unavailable',
}
export const TOO_MANY: Answer = {
  kind: 'retry',
  reason: 'too many requests',
  why: 'it answered 429 Too Many Requests',
}
export const TOO_LARGE: Answer = { kind: 'refused', status: 413, why: '413 Payload Too Large.' }
export const REFUSED: Answer = { kind: 'refused', status: 401, why: '401 Unauthorized.' } // biome-ignore format: a table

const CLOSED: Answer = { kind: 'retry', reason: 'connection', why: 'the connection was closed' }

/**
 * A sender of numbers with a clock and a backend of its own. Time stands still while there is something to do and then
 * jumps to the next thing that is due.
 */
export class MadeWorld {
  nowMs = 1_000_000
  /** Requests under way, now and at most. */
  active = 0
  mostActive = 0
  readonly requests: number[][] = []
  readonly retries: Retry[] = []
  readonly acknowledged: number[] = []
  readonly sender: OtlpSender<number>
  readonly #due = new Set<{ readonly atMs: number; readonly wake: () => void }>()
  readonly #closed = new AbortController()

  constructor(
    react: (items: readonly number[], request: number) => Reaction,
    options: Partial<SenderOptions<number>> = {},
  ) {
    this.sender = new OtlpSender<number>({
      signal: { noun: 'spans', encode: items => Buffer.from(JSON.stringify(items)) },
      transport: {
        to: 'http://backend/v1/traces',
        pack: async body => ({ body, encoding: undefined }),
        post: ({ body }) => this.#post(JSON.parse(Buffer.from(body).toString()) as number[], react),
        close: () => this.#closed.abort(),
      },
      random: () => 0.5,
      nowMs: () => this.nowMs,
      sleep: (ms, until) => this.#sleep(ms, until),
      onAcknowledged: count => this.acknowledged.push(count),
      onRetry: retry => this.retries.push(retry),
      ...options,
    })
  }

  /** Runs to the end of something; fails where nothing is left that could bring it about. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = () => {
      isDone = true
    }
    work.then(done, done)
    for (;;) {
      await this.settle()
      if (isDone) return work
      const next = [...this.#due].sort((a, b) => a.atMs - b.atMs)[0]
      if (!next || next.atMs === Number.POSITIVE_INFINITY) throw new Error('it hangs')
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.wake()
    }
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await turn()
  }

  async #post(items: number[], react: (items: readonly number[], request: number) => Reaction): Promise<Answer> {
    const { answer, afterMs = 10 } = react(items, this.requests.push(items) - 1)
    this.active++
    this.mostActive = Math.max(this.mostActive, this.active)
    await this.#sleep(afterMs, this.#closed.signal)
    this.active--
    return this.#closed.signal.aborted ? CLOSED : answer
  } // biome-ignore format: the signature is one line

  #sleep(ms: number, until: AbortSignal): Promise<void> {
    if (until.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const entry = {
        atMs: this.nowMs + ms,
        wake: () => {
          this.#due.delete(entry)
          until.removeEventListener('abort', entry.wake)
          resolve()
        },
      }
      this.#due.add(entry)
      until.addEventListener('abort', entry.wake)
    })
  }
}

/** 0, 1, ... */
export function numbers(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}
