import type { Admin } from 'kafkajs'

/** Where a partition of a topic begins and ends. */
export interface End {
  /** Offset of the first message that is still there. */
  readonly low: number
  /** Offset that the next message will have. */
  readonly high: number
}

/** Where partitions of topics begin and end. */
export class Ends {
  readonly #admin: Admin
  readonly #noted = new Map<string, End>()

  constructor(admin: Admin) {
    this.#admin = admin
  }

  /** Asks Kafka. */
  async of(topic: string, partition: number): Promise<End> {
    const all = await this.#admin.fetchTopicOffsets(topic)
    const found = all.find(p => p.partition === partition)
    return { low: Number(found?.low ?? 0), high: Number(found?.high ?? 0) }
  }

  /** Notes the ends as they are now. */
  async note(topics: readonly string[]): Promise<void> {
    for (const topic of topics)
      for (const { partition, low, high } of await this.#admin.fetchTopicOffsets(topic))
        this.#noted.set(`${topic} ${partition}`, { low: Number(low), high: Number(high) })
  }

  /** All that were noted. */
  noted(): ({ readonly topic: string; readonly partition: number } & End)[] {
    return [...this.#noted].map(([key, end]) => {
      const cut = key.lastIndexOf(' ')
      return { topic: key.slice(0, cut), partition: Number(key.slice(cut + 1)), ...end }
    })
  }

  high(topic: string, partition: number): number {
    return this.#noted.get(`${topic} ${partition}`)?.high ?? 0
  }

  /** Whether nothing was to be read when ends were noted. */
  isEmpty(topic: string, partition: number): boolean {
    const end = this.#noted.get(`${topic} ${partition}`)
    return !end || end.low >= end.high
  }
}
