import { bytes, count, type Output } from './output.ts'

/** At most this often, in milliseconds. */
const INTERVAL_MS = 100

/** One line on stderr that tells how far a long command is; on terminals only. */
export class ProgressLine {
  readonly #out: Output
  readonly #startedMs: number
  readonly #now: () => number
  #lastMs = 0
  #shown = false

  constructor(out: Output, now: () => number) {
    this.#out = out
    this.#now = now
    this.#startedMs = now()
  }

  get seconds(): number {
    return (this.#now() - this.#startedMs) / 1000
  }

  read(source: string, totalBytes: number): void {
    const rate = totalBytes / Math.max(this.seconds, 0.001)
    this.show(`reading ${bytes(totalBytes)}  ${bytes(rate)}/s  ${source.slice(-60)}`)
  }

  linking(day: string, place: number, of: number): void {
    this.show(`linking ${day}  ${count(place)} of ${count(of)} days`)
  }

  show(text: string): void {
    const now = this.#now()
    if (this.#out.quiet || !process.stderr.isTTY || now - this.#lastMs < INTERVAL_MS) return
    this.#lastMs = now
    this.#shown = true
    process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`)
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K')
    this.#shown = false
  }
}
