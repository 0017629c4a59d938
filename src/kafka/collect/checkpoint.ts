import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ThroughlineError } from '../../errors.ts'
import { appendTo, makeFolder, replace, syncFile, writeDurably } from '../../ledger/durable.ts'
import { SOURCE, type SourceRecord } from '../../ledger/entry.ts'

/** What a collector has sent of a source, by application. */
export interface Sent {
  rows: number
  rejects: number
}

/** A source of a collector: how far it was read, and what was sent of it. */
export interface CollectedSource {
  readonly record: SourceRecord
  /** Id that all messages of the source carry. */
  readonly source: string
  /** Id of an earlier read of the same file that did not come to its end. */
  readonly replaces?: string | undefined
  /** Of a topic of a shipper: offset of the first message that was not read. */
  readonly next?: number | undefined
  readonly sent: Readonly<Record<string, Sent>>
  /** Whether it has records of an export without an id of their own. */
  readonly hasRecordsWithoutId: boolean
}

const count = z.number().int().min(0)
const HEAD = z.strictObject({
  version: z.literal(1),
  collector: z.string(),
  topic: z.string(),
  partitions: count,
})
const LINE = z.strictObject({
  record: SOURCE,
  source: z.uuid(),
  replaces: z.uuid().optional(),
  next: count.optional(),
  sent: z.record(z.string(), z.strictObject({ rows: count, rejects: count })),
  hasRecordsWithoutId: z.boolean(),
})

export type CheckpointHead = z.infer<typeof HEAD>

/** The file is written anew when it has so many lines for each source. */
const LINES_A_SOURCE = 8

/**
 * How far a collector has come: a file of JSON lines, the first about the collector, each further one about a source
 * as it stood when Kafka had acknowledged everything of it. The last line of a source counts; a line that was cut by a
 * crash does not.
 */
export class Checkpoint {
  readonly sources = new Map<number, CollectedSource>()
  readonly head: CheckpointHead
  readonly #file: string
  #lines = 0

  private constructor(file: string, head: CheckpointHead) {
    this.#file = file
    this.head = head
  }

  /** @throws KAFKA_TOPICS where what was sent before went elsewhere; EXPORT_STATE where it cannot be read */
  static open(folder: string, head: CheckpointHead): Checkpoint {
    makeFolder(folder)
    const file = join(folder, 'sources.ndjson')
    const checkpoint = new Checkpoint(file, head)
    if (existsSync(file)) checkpoint.#read()
    checkpoint.#rewrite()
    return checkpoint
  }

  /** A new id for a source. */
  static newSource(): string {
    return randomUUID()
  }

  #read(): void {
    const [first = '', ...rest] = readFileSync(this.#file, 'utf8').split('\n')
    const before = this.#parse(HEAD, first, 1)
    const { topic, partitions } = this.head
    if (before.topic !== topic || before.partitions !== partitions)
      throw new ThroughlineError(
        'KAFKA_TOPICS',
        `collector state ${this.#file}: it was sent to ${before.topic} with ${before.partitions} partitions, now ${topic} with ${partitions} is there; what is read on would be torn from what was sent before. Go on with the old topic, or see "Another number of partitions" in docs/kafka.md`,
        { before: `${before.topic} ${before.partitions}`, now: `${topic} ${partitions}` },
      )
    // Behind the last line feed is what a crash cut.
    for (const [place, line] of rest.slice(0, -1).entries()) {
      const source = this.#parse(LINE, line, place + 2)
      this.sources.set(source.record.id, source)
    }
  }

  #parse<T>(schema: z.ZodType<T>, line: string, lineNo: number): T {
    try {
      return schema.parse(JSON.parse(line))
    } catch (cause) {
      throw new ThroughlineError(
        'EXPORT_STATE',
        `collector state ${this.#file}: line ${lineNo} cannot be read; restore the folder, or remove it to read all logs again: workers take no line twice`,
        { file: this.#file, lineNo },
        cause,
      )
    }
  }

  /** Notes sources durably. */
  note(sources: readonly CollectedSource[]): void {
    if (sources.length === 0) return
    for (const source of sources) this.sources.set(source.record.id, source)
    appendTo(this.#file, sources.map(source => `${JSON.stringify(source)}\n`).join(''))
    syncFile(this.#file)
    this.#lines += sources.length
    if (this.#lines > 1000 + LINES_A_SOURCE * this.sources.size) this.#rewrite()
  }

  #rewrite(): void {
    const lines = [this.head, ...this.sources.values()].map(line => `${JSON.stringify(line)}\n`)
    const temporary = `${this.#file}.tmp`
    writeDurably(temporary, lines.join(''))
    replace(temporary, this.#file)
    this.#lines = this.sources.size
  }
}
