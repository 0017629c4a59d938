import type { FollowEvent } from '../pipeline/follow-events.ts'
import type { Committed } from '../pipeline/intake.ts'
import type { Context } from './context.ts'
import { bytes, count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'
import type { Totals } from './totals.ts'

/** A line about how things stand is written at most so often where there is no terminal. */
const LINE_MS = 10_000

/**
 * Prints what a follower does: one line that is written anew on a terminal; else, when something has changed, one each
 * ten seconds. With `--json` each event is a line of standard output. What a person should know is a line of its own.
 */
export class FollowPrinter {
  readonly #context: Context
  readonly #totals: Totals
  readonly #isJson: boolean
  readonly #line: ProgressLine
  #files = 0
  #lagBytes = 0
  #lines = 0
  #sinceMs: number
  #rate = 0
  #printed = ''

  constructor(context: Context, totals: Totals, isJson: boolean) {
    this.#context = context
    this.#totals = totals
    this.#isJson = isJson
    this.#line = new ProgressLine(context.out, context.now)
    this.#sinceMs = context.now()
  }

  started(places: readonly string[]): void {
    if (this.#isJson) this.#json({ event: 'started', places })
    else this.#say(`following ${places.map(place => safe(place)).join(', ')}; SIGINT or SIGTERM ends it`)
  }

  committed({ sources, added, days }: Committed): void {
    this.#lines += added.lines
    if (this.#isJson) this.#json({ event: 'committed', sources: sources.map(s => s.path), ...added, days })
  }

  tell(event: FollowEvent): void {
    if (event.event === 'state') return this.#state(event.files, event.lagBytes)
    if (this.#isJson) return this.#json(event)
    if (event.event === 'problem') this.#warn(safe(event.problem))
    else if (event.event === 'refused')
      this.#say(`refused    ${safe(event.path)}: ${safe(event.name)}; ${safe(event.advice)}`)
    else if (event.event === 'lag')
      this.#say(
        `lagging    ${bytes(event.bytes)} wait to be read, for ${event.seconds.toFixed(0)} s; nothing is dropped`,
      )
    else for (const day of event.closed) this.#say(`closed     ${safe(day.application)} ${day.day}`)
  }

  #state(files: number, lagBytes: number): void {
    this.#files = files
    this.#lagBytes = lagBytes
    const nowMs = this.#context.now()
    if (nowMs - this.#sinceMs >= LINE_MS) {
      this.#rate = (1000 * this.#lines) / (nowMs - this.#sinceMs)
      this.#lines = 0
      this.#sinceMs = nowMs
      if (!process.stderr.isTTY) this.#standing()
    }
    if (!this.#isJson) this.#line.show(`following ${this.#text()}`)
  }

  /** Says how things stand, where they have changed. */
  #standing(): void {
    const text = this.#text()
    if (text === this.#printed) return
    this.#printed = text
    if (!this.#isJson) this.#say(`following  ${text}`)
  }

  #text(): string {
    const { lines, rejected } = this.#totals.counts
    return `${count(this.#files)} files  ${count(lines)} lines  ${count(Math.round(this.#rate))}/s  ${count(rejected)} rejected  ${bytes(this.#lagBytes)} behind`
  }

  stopped(): void {
    this.clear()
    const { counts, sources, entries } = this.#totals
    if (this.#isJson) this.#json({ event: 'stopped', sources, entries, ...counts })
    else this.#totals.print(this.#context.out, 'followed')
  }

  clear(): void {
    this.#line.clear()
  }

  #say(text: string): void {
    this.#line.clear()
    this.#context.out.note(text)
  }

  #warn(text: string): void {
    this.#line.clear()
    this.#context.out.warn(text)
  }

  #json(event: object): void {
    this.#context.out.line(JSON.stringify(event))
  }
}
