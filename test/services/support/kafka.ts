import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, takesConnections } from './free-port.ts'
import { guardedFolder, spawnGuarded } from './guard.ts'
import { findJdk } from './jdk.ts'
import { type KafkaVersion, kafkaLibraries } from './kafka-program.ts'
import { Server } from './server.ts'

/** Kafka 4 wants it. */
export const KAFKA_JAVA = 17
const READY_MS = 120_000
const STOP_MS = 30_000

export interface KafkaOptions {
  /** Default: 4.1.1. */
  readonly version?: KafkaVersion
  /** Settings of server.properties beyond those that tests need. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Listener that clients use: `PLAINTEXT` unless told. */
  readonly protocol?: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SASL_SSL' | 'SSL'
  /** Arguments of the tool that formats the data folder, such as SCRAM users. */
  readonly format?: readonly string[]
}

/** A real Kafka, one broker, on 127.0.0.1. It ends with the test process at the latest, and so does its data. */
export interface KafkaServer {
  /** `127.0.0.1:PORT` */
  readonly broker: string
  readonly port: number
  pid(): number
  stop(): Promise<void>
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>
  /** Starts it again on the same port and data. */
  start(): Promise<void>
}

/** Fetches Kafka if need be, starts it, and waits until it answers. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const { version = '4.1.1', protocol = 'PLAINTEXT' } = options
  const jdk = findJdk(KAFKA_JAVA)
  if (!jdk) throw new Error(`Kafka ${version} needs Java ${KAFKA_JAVA} or later; none was found`)
  const libraries = await kafkaLibraries(version)
  const [port, controller] = [await freePort(), await freePort()]
  const folder = guardedFolder('/tmp/tl-kafka-')
  const file = join(folder, 'server.properties')
  writeFileSync(
    file,
    properties(join(folder, 'data'), port, controller, version, protocol, options.settings ?? {}),
  )
  const log = join(folder, 'kafka.log')
  const java = (heap: string, args: readonly string[]) =>
    spawnGuarded(
      join(jdk.home, 'bin', 'java'),
      [`-Xmx${heap}`, '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', `${libraries}/*`, ...args],
      { cwd: folder, log },
    ) // biome-ignore format: one call
  const format = await java('128m', [
    'kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '-c', file, ...(options.format ?? []),
  ]) // biome-ignore format: one command
  if ((await format.ended) !== 0)
    throw new Error(`Kafka cannot format its data:\n${readFileSync(log, 'utf8')}`)
  const server = new Server({
    name: 'Kafka', port, log, readyMs: READY_MS, stopMs: STOP_MS,
    spawn: () => java('384m', ['kafka.Kafka', file]),
    isReady: () => takesConnections(port),
  }) // biome-ignore format: one server
  await server.start()
  return {
    broker: `127.0.0.1:${port}`,
    port,
    pid: () => server.pid,
    stop: server.stop,
    kill: server.kill,
    start: server.start,
  }
}

function properties(
  data: string,
  port: number,
  controller: number,
  version: KafkaVersion,
  protocol: string,
  more: Readonly<Record<string, string | number | boolean>>,
): string {
  const isSecure = protocol !== 'PLAINTEXT'
  const inner = isSecure ? `,INNER://127.0.0.1:0` : ''
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}${inner}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,CLIENT:${protocol}${isSecure ? ',INNER:PLAINTEXT' : ''}`,
    'log.dirs': data,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    ...(version.startsWith('4.')
      ? { 'share.coordinator.state.topic.replication.factor': 1, 'share.coordinator.state.topic.min.isr': 1 }
      : {}),
    ...more,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
