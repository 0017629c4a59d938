import type { Kafka, Producer } from 'kafkajs'
import { connectProducer } from '../connection.ts'
import type { Fetched } from './partition.ts'

/** Puts messages that cannot be read where somebody can look at them, as they came, with the reason. */
export class DeadLetters {
  readonly #kafka: Kafka
  readonly #topic: string
  #producer: Producer | undefined

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka
    this.#topic = topic
  }

  /** Resolves when Kafka has it. */
  async take(message: Fetched, topic: string, partition: number, why: string): Promise<void> {
    this.#producer ??= await connectProducer(this.#kafka)
    await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: [
        {
          key: message.key,
          value: message.value,
          headers: {
            ...(message.headers as Record<string, Buffer>),
            'throughline-reason': why,
            'throughline-from': `${topic}[${partition}]@${message.offset}`,
          },
        },
      ],
    })
  }

  async close(): Promise<void> {
    await this.#producer?.disconnect().catch(() => undefined)
  }
}
