import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inFolder } from '../support/folder.ts'
import { throughline } from '../support/program.ts'
import { Fleet, oneStore } from './support/fleet.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { needs } from './support/tools.ts'

needs('java', 'mvn')('a topic of Filebeat', () => {
  let server: KafkaServer

  beforeAll(async () => {
    server = await startKafka()
  })
  afterAll(async () => {
    await server.stop()
  })

  /** As Filebeat's output.kafka with the key host and path: the lines of one log are in one partition, in order. */
  async function ship(topic: string, lines: readonly string[]): Promise<void> {
    const kafka = new kafkajs.Kafka({ brokers: [server.broker], logLevel: kafkajs.logLevel.NOTHING })
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    const messages = lines.map(value => {
      const { host, log } = JSON.parse(value) as { host: { name: string }; log: { file: { path: string } } }
      return { key: `${host.name}${log.file.path}`, value }
    })
    for (let from = 0; from < messages.length; from += 500)
      await producer.send({ topic, messages: messages.slice(from, from + 500) })
    await producer.disconnect()
  }

  test('is read like files: the requests are those of one store that read the same envelopes', () =>
    inFolder(async cwd => {
      const fleet = await Fleet.open(cwd, server, { topics: 'foreign' })
      const admin = new kafkajs.Kafka({ brokers: [server.broker], logLevel: kafkajs.logLevel.NOTHING }).admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic: 'filebeat-iis', numPartitions: 3 }], waitForLeaders: true })
      await admin.disconnect()
      await throughline(['--quiet', 'simulate', 'logs', '--hours', '6', '--rate-per-second', '0.3', '--iis-envelope', 'filebeat'], { cwd })
      const shipped = join(cwd, 'logs', 'shipped', 'filebeat.ndjson')
      const lines = readFileSync(shipped, 'utf8').split('\n').filter(line => line !== '')
      const half = lines.length >> 1
      const collect = () => fleet.run(['collect', '--once', '--from-topic', 'filebeat-iis', '--name', 'bridge', '--state', 'state/bridge', '--json'])

      await ship('filebeat-iis', lines.slice(0, half))
      const first = await collect()
      expect([first.code, first.stderr]).toEqual([0, ''])
      // What is there by now, some of it delivered twice, is read from where the first run ended.
      await ship('filebeat-iis', [...lines.slice(half), ...lines.slice(half - 50, half + 50)])
      const second = await collect()
      expect([second.code, second.stderr]).toEqual([0, ''])
      expect(JSON.parse(second.stdout.trim().split('\n').at(-1) ?? '{}')).toMatchObject({ event: 'ended', lines: lines.length - half + 100 })
      const gateway = await fleet.collect(join('logs', 'apigee'), 'gateway')
      expect([gateway.code, gateway.stderr]).toEqual([0, ''])
      const drained = await fleet.drain()
      expect([drained.code, drained.stderr]).toEqual([0, ''])
      expect(await fleet.fingerprint()).toEqual(await oneStore(cwd, ['logs']))
    }))
}) // biome-ignore format: long expectations
