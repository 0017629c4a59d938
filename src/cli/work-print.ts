import type { WorkEvent } from '../kafka/work/events.ts'
import type { Context } from './context.ts'
import { count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'

/** Prints what a worker does. */
export class WorkPrinter {
  readonly #context: Context
  readonly #isJson: boolean
  readonly #line: ProgressLine
  readonly #totals = { hops: 0, duplicates: 0, rejected: 0 }

  constructor(context: Context, isJson: boolean) {
    this.#context = context
    this.#isJson = isJson
    this.#line = new ProgressLine(context.out, context.now)
  }

  started(brokers: readonly string[], group: string, stores: string): void {
    if (this.#isJson) return this.#json({ event: 'started', brokers, group, stores })
    this.#context.out.note(`working in group ${safe(group)} of Kafka at ${safe(brokers.join(', '))}, stores in ${safe(stores)}; SIGINT or SIGTERM ends it`)
  } // biome-ignore format: one message a line

  tell(event: WorkEvent): void {
    if (event.event === 'committed')
      for (const key of ['hops', 'duplicates', 'rejected'] as const) this.#totals[key] += event[key]
    if (this.#isJson) return this.#json(event.event === 'linked' ? linkedOf(event) : event)
    const { out } = this.#context
    if (event.event === 'committed') return this.#line.show(`taken ${count(this.#totals.hops - this.#totals.duplicates)} hops`)
    this.#line.clear()
    if (event.event === 'joined') out.note(`partitions ${event.partitions.length > 0 ? event.partitions.join(', ') : 'none: there are more workers than partitions'}`)
    else if (event.event === 'linked') out.note(`partition ${event.partition}: linked ${count(event.days.length)} days, closed ${count(event.closed.length)}, ${event.seconds.toFixed(1)} s`)
    else if (event.event === 'put-aside') out.warn(`put on the dead-letter topic: ${safe(event.why)}`)
    else if (event.event === 'lost') out.warn(`lost, and passed over: ${safe(event.what)}`)
    else if (event.event === 'fenced') out.warn(`partition ${event.partition} is another worker's by now; nothing that it had taken is lost`)
    else if (event.event === 'waiting') out.warn(`waiting for Kafka, nothing is dropped: ${safe(event.why)}`)
  } // biome-ignore format: one message a line

  ended(): void {
    this.#line.clear()
    if (this.#isJson) return this.#json({ event: 'ended', ...this.#totals })
    const { hops, duplicates, rejected } = this.#totals
    const { out } = this.#context
    const width = count(hops).length
    out.line(`hops       ${count(hops)}  taken`)
    out.line(`duplicates ${count(duplicates).padStart(width)}  of them, known before`)
    out.line(`rejected   ${count(rejected).padStart(width)}  lines`)
  }

  #json(event: object): void {
    this.#context.out.line(JSON.stringify(event))
  }
}

function linkedOf({ days, closed, ...event }: Extract<WorkEvent, { event: 'linked' }>): object {
  const named = (list: readonly { application: string; day: string }[]) =>
    list.map(({ application, day }) => ({ application, day }))
  return { ...event, days: named(days), closed: named(closed) }
}
