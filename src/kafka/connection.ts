import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import kafkajs, { type Admin, type Consumer, type ConsumerConfig, type Producer } from 'kafkajs'
import { ThroughlineError } from '../errors.ts'
import { MESSAGE_BYTES } from './topics.ts'

const { CompressionCodecs, CompressionTypes, Kafka, KafkaJSError, logLevel } = kafkajs

/** How brokers are reached. */
export interface KafkaAccess {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } | undefined
  readonly sasl?:
    | {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
        readonly username: string
        readonly password: string
      }
    | undefined
}

const CONNECT_MS = 5_000
const REQUEST_MS = 20_000

// Log lines pack to a tenth at the lowest level already; higher ones cost three times the processor.
const [pack, unpack] = [promisify(gzip), promisify(gunzip)]
CompressionCodecs[CompressionTypes.GZIP] = () => ({
  compress: (encoder: { buffer: Buffer }) => pack(encoder.buffer, { level: 1 }),
  decompress: (buffer: Buffer) => unpack(buffer),
})

/**
 * A client of Kafka. What the library logs is not printed: it retries by itself, and what counts comes as an error.
 *
 * @param onLog gets what it logs as a warning or an error
 */
export function connectKafka(
  { brokers, clientId, tls, sasl }: KafkaAccess,
  onLog: (message: string) => void = () => undefined,
): InstanceType<typeof Kafka> {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 2_000 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ log }) =>
        onLog(log.error ? `${log.message}: ${log.error}` : log.message),
    ...(tls
      ? {
          ssl: {
            ...(tls.ca ? { ca: [tls.ca] } : {}),
            ...(tls.cert ? { cert: tls.cert, key: tls.key } : {}),
          },
        }
      : {}),
    ...(sasl ? { sasl } : {}),
  } as ConstructorParameters<typeof Kafka>[0])
}

/**
 * A producer that is connected. What the library sends again itself Kafka takes once; what is sent again after that, or
 * by the next process, may come twice.
 */
export async function connectProducer(kafka: InstanceType<typeof Kafka>): Promise<Producer> {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false })
  await producer.connect()
  return producer
}

/** A consumer that takes messages as long as ours are, and goes on by itself when brokers come back. */
export function makeConsumer(kafka: InstanceType<typeof Kafka>, own: ConsumerConfig): Consumer {
  return kafka.consumer({
    maxBytesPerPartition: MESSAGE_BYTES,
    maxWaitTimeInMs: 250,
    allowAutoTopicCreation: false,
    retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 3_000, restartOnFailure: async () => true },
    ...own,
  })
}

/**
 * Runs an action on the administration of a cluster.
 *
 * @throws KAFKA_UNAVAILABLE, KAFKA_REFUSED, and what the action throws
 */
export async function withAdmin<T>(
  access: KafkaAccess,
  what: string,
  action: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = connectKafka(access).admin()
  try {
    await admin.connect()
    return await action(admin)
  } catch (error) {
    throw kafkaError(what, access, error)
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

export interface Patience {
  readonly pause: (ms: number) => Promise<void>
  readonly isStopped: () => boolean
  /** Told each time that no broker answers. */
  readonly onWaiting: (why: string) => void
}

/**
 * Does something as soon as Kafka can be reached: a process that runs on starts before its brokers, and outlives them.
 *
 * @throws KAFKA_UNAVAILABLE where it is stopped before, and whatever else the action throws
 */
export async function whenReachable<T>(
  { pause, isStopped, onWaiting }: Patience,
  action: () => Promise<T>,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof ThroughlineError) || error.code !== 'KAFKA_UNAVAILABLE' || isStopped())
        throw error
      onWaiting(error.message)
      await pause(pauseMs)
    }
  }
}

/** What Kafka answers when it will not do something, however often it is asked. */
const REFUSALS =
  /SASL|authenti|authoriz|certificate|self.signed|wrong version number|MESSAGE_TOO_LARGE|larger than the max|POLICY_VIOLATION|INVALID_CONFIG|INVALID_REPLICATION/i

/**
 * An error of the library as one that a user can act on.
 *
 * @param what what was done, such as `kafka setup`
 */
export function kafkaError(what: string, { brokers }: KafkaAccess, error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error
  const why = reasonOf(error)
  const at = brokers.join(', ')
  if (REFUSALS.test(why))
    return new ThroughlineError(
      'KAFKA_REFUSED',
      `${what}: Kafka at ${at} refuses it: ${why}; see kafka.sasl, kafka.tls and the rights that docs/kafka.md lists`,
      { brokers: at },
      error,
    )
  return new ThroughlineError(
    'KAFKA_UNAVAILABLE',
    `${what}: no answer from Kafka at ${at}: ${why}; check kafka.brokers and whether they are up`,
    { brokers: at },
    error,
  )
}

/** Whether an error comes from the library that speaks with Kafka. */
export function isOfLibrary(error: unknown): boolean {
  return error instanceof KafkaJSError
}

/** The reason at the bottom of an error: the library wraps errors in "Broker not connected" and its retries. */
export function reasonOf(error: unknown): string {
  const parts: string[] = []
  for (let at = error; at instanceof Error && parts.length < 4; at = at.cause ?? originalOf(at)) {
    const type = (at as { type?: unknown }).type
    const text = typeof type === 'string' ? `${type}: ${at.message}` : at.message
    if (!parts.includes(text)) parts.push(text)
  }
  return parts.join(': ') || String(error)
}

/** Of several, as of topics that could not be made, the first. */
function originalOf(error: Error): unknown {
  const { originalError, errors } = error as { originalError?: unknown; errors?: readonly unknown[] }
  return originalError ?? errors?.[0]
}

export { CompressionTypes }
