import { hash } from 'node:crypto'
import { ThroughlineError } from '../errors.ts'
import { reasonOf } from './connection.ts'
import type { End, Ends } from './ends.ts'

/** What tells a message from another at the same offset. */
export function markOf({
  timestamp,
  value,
}: {
  readonly timestamp: string
  readonly value: Buffer | null
}): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${timestamp} `), value ?? Buffer.alloc(0)]), 'hex').slice(
    0,
    16,
  )
}

/** A message that was read last, as the reader noted it. */
export interface Anchor {
  readonly offset: number
  readonly mark: string
}

/** Messages that Kafka hands over. */
interface Handed {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly {
    readonly offset: string
    readonly timestamp: string
    readonly value: Buffer | null
  }[]
}

/** What is to be done with a batch: it is the next one, something else is to be asked for, messages are gone, or nobody knows. */
export type NextStep =
  | { readonly is: 'next' }
  | { readonly is: 'seek'; readonly offset: number }
  | { readonly is: 'lost'; readonly what: string; readonly low: number }
  /** No broker says where the topic begins and ends: the batch is not to be taken yet. */
  | { readonly is: 'unanswered'; readonly why: string }

/**
 * Compares what Kafka hands over with where a reader stands by its own notes. Kafka's notes may be older or newer: then
 * it is asked again from the place that ours say.
 */
export class NextBatch {
  readonly #ends: Ends
  readonly #sought = new Map<string, number>()

  constructor(ends: Ends) {
    this.#ends = ends
  }

  /**
   * Whether the message that was read last is still the one that it was.
   *
   * @returns undefined where it is not among these, or nobody answers: it is to be asked for at its offset
   * @throws KAFKA_TOPICS where another one stands in its place
   */
  async isSame({ topic, partition, messages }: Handed, { offset, mark }: Anchor): Promise<true | undefined> {
    const found = messages.find(m => Number(m.offset) === offset)
    if (found && markOf(found) === mark) return true
    const ends = await this.#endsOf(topic, partition)
    if ('why' in ends) return undefined
    const { low, high } = ends
    if (found || high <= offset) throw madeAnew(topic, partition, offset + 1, high)
    // It has been deleted, as all messages are in time: nothing to compare with.
    return low > offset ||
      (Number(messages[0]?.offset) > offset && this.#sought.get(`${topic} ${partition}`) === offset)
      ? true
      : undefined
  }

  /** Notes that messages from an offset on are asked for. */
  seeks(topic: string, partition: number, offset: number): void {
    this.#sought.set(`${topic} ${partition}`, offset)
  }

  /**
   * @param next offset of the first message that was not taken; undefined before any
   * @throws KAFKA_TOPICS where the topic ends before that
   */
  async stepOf({ topic, partition, messages }: Handed, next: number | undefined): Promise<NextStep> {
    const at = Number(messages[0]?.offset)
    const last = Number(messages.at(-1)?.offset)
    if (next !== undefined && at <= next && last >= next) return { is: 'next' }
    const ends = await this.#endsOf(topic, partition)
    if ('why' in ends) return { is: 'unanswered', why: ends.why }
    const { low, high } = ends
    if (next !== undefined && next > high) throw madeAnew(topic, partition, next, high)
    if ((next ?? 0) < low)
      return {
        is: 'lost',
        what: `messages ${next ?? 0} to ${low - 1} of ${topic}[${partition}] are gone`,
        low,
      }
    const wanted = next ?? low
    // Offsets that hold no message (of a transaction, or compacted) are no gap: the first message there is comes next.
    const key = `${topic} ${partition}`
    if (at === wanted || (at > wanted && this.#sought.get(key) === wanted)) return { is: 'next' }
    this.#sought.set(key, wanted)
    return { is: 'seek', offset: wanted }
  }

  /** A broker that is restarted answers again in a while: no reason to end. */
  async #endsOf(topic: string, partition: number): Promise<End | { readonly why: string }> {
    try {
      return await this.#ends.of(topic, partition)
    } catch (error) {
      return { why: reasonOf(error) }
    }
  }
}

/** @param where what the messages were to be taken into */
export function lostMessages(what: string, where: string): ThroughlineError {
  return new ThroughlineError(
    'KAFKA_LOST',
    `${what}: Kafka has deleted them before they were taken into ${where}. Read the logs of that time again, or go on without them with --accept-loss; see "Lost messages" in docs/kafka.md`,
    { where },
  )
}

function madeAnew(topic: string, partition: number, next: number, high: number): ThroughlineError {
  return new ThroughlineError(
    'KAFKA_TOPICS',
    `topic ${topic}[${partition}]: it ends at ${high}, was read up to ${next} before, and is another than was read: it was made anew, or lost its end. See "A topic that was made anew" in docs/kafka.md`,
    { topic, partition, next, high },
  )
}
