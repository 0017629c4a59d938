import type { SendState } from '../kafka/collect/sender.ts'
import { addCounts, noCounts } from '../pipeline/counts.ts'
import type { FollowEvent } from '../pipeline/follow-events.ts'
import type { Committed } from '../pipeline/intake.ts'
import type { Context } from './context.ts'
import { bytes, count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'

/** Prints what a collector does. */
export class CollectPrinter {
  readonly #context: Context
  readonly #isJson: boolean
  readonly #line: ProgressLine
  readonly #totals = noCounts()
  #isWaiting = false

  constructor(context: Context, isJson: boolean) {
    this.#context = context
    this.#isJson = isJson
    this.#line = new ProgressLine(context.out, context.now)
  }

  started(places: readonly string[], name: string, brokers: readonly string[]): void {
    if (this.#isJson) return this.#json({ event: 'started', places, name, brokers })
    const what = places.length === 1 ? safe(places[0] ?? '') : `${count(places.length)} places`
    this.#context.out.note(`collecting ${what} as ${safe(name)} for Kafka at ${safe(brokers.join(', '))}; SIGINT or SIGTERM ends it`)
  } // biome-ignore format: one message a line

  committed({ added, sources }: Committed): void {
    addCounts(this.#totals, added)
    if (this.#isJson) return this.#json({ event: 'committed', sources: sources.length, ...added })
    const { decoded, rejected } = this.#totals
    this.#line.show(`sent ${count(decoded)} hops${rejected > 0 ? `, ${count(rejected)} rejected` : ''}`)
  }

  sending(state: SendState): void {
    if (this.#isJson) return this.#json({ event: state.is, ...(state.is === 'waiting' ? { why: state.why, since: new Date(state.sinceMs).toISOString() } : {}) })
    this.#line.clear()
    if (state.is === 'sending') {
      this.#context.out.note('Kafka takes messages again')
      this.#isWaiting = false
    } else if (!this.#isWaiting) {
      this.#isWaiting = true
      this.#context.out.warn(`waiting for Kafka, nothing is dropped and nothing more is read: ${safe(state.why)}`)
    } else {
      const seconds = (this.#context.now() - state.sinceMs) / 1000
      this.#line.show(`waiting for Kafka since ${count(Math.round(seconds))} s`)
    }
  } // biome-ignore format: one message a line

  tell(event: FollowEvent): void {
    if (event.event === 'state') return
    if (this.#isJson) return this.#json(event)
    this.#line.clear()
    if (event.event === 'refused') this.#context.out.line(`refused    ${safe(event.path)}: ${event.name}; ${safe(event.advice)}`)
    else if (event.event === 'problem') this.#context.out.warn(`${safe(event.path)}: ${safe(event.problem)}`)
    else if (event.event === 'lag') this.#context.out.warn(`${bytes(event.bytes)} wait to be read since ${Math.round(event.seconds)} s: logs grow faster than they are sent`)
  } // biome-ignore format: one message a line

  lost(what: string): void {
    if (this.#isJson) return this.#json({ event: 'lost', what })
    this.#line.clear()
    this.#context.out.warn(`lost, and passed over: ${safe(what)}`)
  }

  read(sources: number, known: number): void {
    if (this.#isJson) return this.#json({ event: 'read', sources, known })
    this.#line.clear()
    if (known > 0)
      this.#context.out.line(`known      ${count(known)} ${known === 1 ? 'source' : 'sources'} sent before`)
    this.#context.out.line(`read       ${count(sources)} ${sources === 1 ? 'source' : 'sources'}`)
  }

  ended(): void {
    this.#line.clear()
    const { lines, decoded, directives, rejected, scrubbed } = this.#totals
    if (this.#isJson) return this.#json({ event: 'ended', ...this.#totals })
    const { out } = this.#context
    const width = count(lines).length
    out.line(`lines      ${count(lines)}  sent, ${bytes(this.#totals.bytes)}`)
    out.line(`decoded    ${count(decoded).padStart(width)}  hops`)
    out.line(`directives ${count(directives).padStart(width)}  headers, comments, blank lines`)
    out.line(`rejected   ${count(rejected).padStart(width)}`)
    out.line(`scrubbed   ${count(scrubbed).padStart(width)}  secret values replaced`)
  }

  #json(event: object): void {
    this.#context.out.line(JSON.stringify(event))
  }
}
