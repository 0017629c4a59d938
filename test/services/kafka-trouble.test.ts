import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import kafkajs, { type Admin, type Message } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { HEADERS, SCHEMA_VERSION } from '../../src/kafka/batch/header.ts'
import { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { Fleet, oneStore } from './support/fleet.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { needs } from './support/tools.ts'

const FIELDS = '#Fields: date time s-computername cs-host cs-method cs-uri-stem sc-status\r\n'
const line = (n: number, path = `/${n}`): string =>
  `2026-07-01 22:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} web01 payroll.corp.example GET ${path} 200\r\n`
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => line(from + i)).join('')

needs('java', 'mvn')('trouble on the topics', () => {
  let server: KafkaServer
  let admin: Admin
  let topics = 0

  beforeAll(async () => {
    server = await startKafka()
    admin = client().admin()
    await admin.connect()
  })
  afterAll(async () => {
    await admin.disconnect()
    await server.stop()
  })

  const client = () => new kafkajs.Kafka({ brokers: [server.broker], logLevel: kafkajs.logLevel.NOTHING })

  /** A fleet with one collector whose log has some lines, which are sent. */
  async function withFleet(action: (fleet: Fleet, log: string) => Promise<void>): Promise<void> {
    await inFolder(async cwd => {
      const fleet = await Fleet.open(cwd, server, { topics: `trouble-${topics++}` })
      mkdirSync(join(cwd, 'logs'))
      const log = join(cwd, 'logs', 'a.log')
      writeFileSync(log, FIELDS + lines(0, 100))
      expect((await fleet.collect('logs', 'web01')).code).toBe(0)
      await action(fleet, log)
    })
  }

  async function produce(topic: string, messages: readonly Message[]): Promise<void> {
    const producer = client().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({ topic, messages: [...messages] })
    await producer.disconnect()
  }

  /** The messages that hold rows, in the order of their topic. */
  async function messagesOf(topic: string): Promise<{ key: Buffer | null; value: Buffer; headers: Record<string, string> }[]> {
    const ends = await admin.fetchTopicOffsets(topic)
    const wanted = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
    const consumer = client().consumer({ groupId: `look-${topic}-${wanted}` })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    const found: { key: Buffer | null; value: Buffer; headers: Record<string, string> }[] = []
    await new Promise<void>(resolve => {
      if (wanted === 0) resolve()
      void consumer.run({
        eachMessage: async ({ message }) => {
          const headers = Object.fromEntries(Object.entries(message.headers ?? {}).map(([key, value]) => [key, String(value)]))
          found.push({ key: message.key, value: message.value ?? Buffer.alloc(0), headers })
          if (found.length === wanted) resolve()
        },
      })
    })
    await consumer.disconnect()
    return found
  } // biome-ignore format: long lines

  const factsOf = async (fleet: Fleet): Promise<number> => (await fleet.fingerprint()).facts.length

  test.each([
    { name: 'without headers', message: { key: 'payroll', value: 'hello' }, says: /no header throughline-schema/ },
    { name: 'with headers, but no JSON', message: { key: 'payroll', value: 'hello\n', headers: { [HEADERS.schema]: '1' } }, says: /first line is no JSON/ },
    { name: 'without a value', message: { key: 'payroll', value: null, headers: { [HEADERS.schema]: '1' } }, says: /no rows behind a line of JSON/ },
  ])('a foreign message $name stops a worker with its place, and can be put aside', ({ message, says }) =>
    withFleet(async fleet => {
      await produce(`${fleet.topics}.hops`, [message])
      const stopped = await fleet.drain()
      expect([stopped.code, stopped.stderr]).toEqual([3, expect.stringMatching(says)])
      expect(stopped.stderr).toMatch(new RegExp(`message ${fleet.topics}\\.hops\\[\\d\\]@\\d+: .*--dead-letter`))
      const aside = await fleet.drain({}, ['--dead-letter'])
      expect([aside.code, aside.stderr]).toEqual([0, ''])
      expect(await factsOf(fleet)).toBe(100)
      const dead = await messagesOf(`${fleet.topics}.dead-letter`)
      expect(dead.map(it => it.headers['throughline-from'])).toEqual([expect.stringMatching(/\.hops\[\d\]@\d+$/)])
      expect(dead[0]?.headers['throughline-reason']).toMatch(says)
    }))

  test('a message of a later schema stops a worker, which is to be updated; nothing is lost', () =>
    withFleet(async fleet => {
      const [rows] = (await messagesOf(`${fleet.topics}.hops`)).filter(it => it.value.includes('"kind":"hops"'))
      const headers = { ...rows?.headers, [HEADERS.schema]: String(SCHEMA_VERSION + 1) }
      await produce(`${fleet.topics}.hops`, [{ key: rows?.key ?? null, value: rows?.value ?? null, headers }])
      const stopped = await fleet.drain({}, ["--dead-letter"])
      expect([stopped.code, stopped.stderr]).toEqual([3, expect.stringMatching(/its schema is 2, this worker reads up to 1; update the workers/)])
    }))

  test('members that a later version adds are passed over', () =>
    withFleet(async fleet => {
      const topic = `${fleet.topics}.hops`
      const later = (await messagesOf(topic)).map(({ key, value, headers }) => {
        const cut = value.indexOf(10)
        const batch = JSON.parse(value.toString('utf8', 0, cut)) as { record?: { accounting: object } }
        const record = batch.record && { ...batch.record, more: 1, accounting: { ...batch.record.accounting, more: 2 } }
        const text = JSON.stringify({ ...batch, more: { of: 'it' }, ...(record ? { record } : {}) })
        return { key, value: Buffer.concat([Buffer.from(text), value.subarray(cut)]), headers: { ...headers, more: 'x' } }
      })
      const partitions = new Map((await admin.fetchTopicOffsets(topic)).map(p => [p.partition, p.high]))
      await admin.deleteTopicRecords({ topic, partitions: [...partitions].map(([partition, offset]) => ({ partition, offset })) })
      await produce(topic, later)
      const drained = await fleet.drain({}, ['--accept-loss'])
      expect([drained.code, drained.stderr]).toEqual([0, ''])
      expect(await factsOf(fleet)).toBe(100)
    }))

  test('messages that Kafka deleted before they were read stop a worker; the loss can be accepted, and the log read again', () =>
    withFleet(async (fleet, log) => {
      const topic = `${fleet.topics}.hops`
      expect((await fleet.drain()).code).toBe(0)
      appendFileSync(log, lines(100, 150))
      expect((await fleet.collect('logs', 'web01')).code).toBe(0)
      const ends = await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: ends.map(({ partition, high }) => ({ partition, offset: high })) })
      appendFileSync(log, lines(150, 160))
      expect((await fleet.collect('logs', 'web01')).code).toBe(0)
      const stopped = await fleet.drain()
      expect([stopped.code, stopped.stderr]).toEqual([3, expect.stringMatching(/messages \d+ to \d+ of \S+ are gone: .*--accept-loss/)])
      const accepted = await fleet.drain({}, ['--accept-loss'])
      expect(accepted.code, accepted.stderr).toBe(0)
      expect(accepted.stdout).toMatch(/50 rows of \S+a\.log \(web01, application payroll\) never came/)
      expect(await factsOf(fleet)).toBe(110)
      // A collector with a state folder of its own reads the log from its beginning: what is known is no second hop.
      expect((await fleet.collect('logs', 'web01-again')).code).toBe(0)
      expect((await fleet.drain()).code).toBe(0)
      expect((await fleet.fingerprint()).facts).toEqual((await oneStore(fleet.cwd, [log])).facts)
    }))

  test('topics that are missing, or have other partitions than configured, are told before anything is done', () =>
    withFleet(async fleet => {
      for (const args of [['collect', '--once', 'logs'], ['work', '--drain']]) {
        const missing = await fleet.run([...args, '--topics', 'nothing-here'])
        expect([missing.code, missing.stderr]).toEqual([2, expect.stringMatching(/topic nothing-here\.hops, .*: not there; make it with throughline kafka setup/)])
      }
      await configure(fleet, { partitions: 4 })
      for (const args of [['collect', '--once', 'logs'], ['work', '--drain']]) {
        const other = await fleet.run(args)
        expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/it has 6 partitions, kafka\.partitions says 4; .*docs\/kafka\.md/)])
      }
    }))

  test('partitions that were added to topics stop collectors and workers that knew fewer', () =>
    withFleet(async fleet => {
      expect((await fleet.drain()).code).toBe(0)
      const names = ['hops', 'rejects'].map(name => `${fleet.topics}.${name}`)
      await admin.createPartitions({ topicPartitions: names.map(topic => ({ topic, count: 8 })) })
      await configure(fleet, { partitions: 8 })
      const sent = await fleet.collect('logs', 'web01')
      expect([sent.code, sent.stderr]).toEqual([2, expect.stringMatching(/with 6 partitions, now \S+ with 8 is there/)])
      const worked = await fleet.drain()
      expect([worked.code, worked.stderr]).toEqual([2, expect.stringMatching(/with 6 partitions, now there are 8/)])
    }))

  test('a topic that was made anew stops a worker', () =>
    withFleet(async fleet => {
      expect((await fleet.drain()).code).toBe(0)
      const names = ['hops', 'rejects'].map(name => `${fleet.topics}.${name}`)
      await admin.deleteTopics({ topics: names })
      while ((await admin.listTopics()).some(name => names.includes(name))) await new Promise(resolve => setTimeout(resolve, 100))
      expect((await fleet.run(['kafka', 'setup'])).code).toBe(0)
      expect((await fleet.collect('logs', 'another')).code).toBe(0)
      await fleet.collect('logs', 'third')
      const stopped = await fleet.drain()
      expect([stopped.code, stopped.stderr]).toEqual([2, expect.stringMatching(/it was made anew, or lost its end/)])
    }))

  test('applications that collectors and workers do not have alike stop a worker', () =>
    withFleet(async fleet => {
      const path = join(fleet.cwd, 'throughline.yaml')
      const config = parse(readFileSync(path, 'utf8')) as { applications: { name: string }[] }
      writeFileSync(path, stringify({ ...config, applications: config.applications.map(a => ({ ...a, name: `${a.name}-2` })) }))
      const stopped = await fleet.drain()
      expect([stopped.code, stopped.stderr]).toEqual([3, expect.stringMatching(/sent as payroll are of application payroll-2 by this worker's configuration/)])
    }))

  test('the longest lines there are go through, longer ones arrive as rejects', () =>
    withFleet(async (fleet, log) => {
      appendFileSync(log, line(100, `/${'x'.repeat(1_000_000)}`) + line(101, `/${'y'.repeat(1_100_000)}`) + line(102))
      expect((await fleet.collect('logs', 'web01')).code).toBe(0)
      expect((await fleet.drain()).code).toBe(0)
      expect((await fleet.fingerprint()).facts).toEqual((await oneStore(fleet.cwd, [log])).facts)
      const rejected = await Promise.all(fleet.stores().map(async path => {
        const store = await Store.read({ path, memoryMiB: 512 })
        try {
          const [source] = [...store.state.sources.values()]
          return { files: store.state.rejects.map(f => f.rows), accounted: source?.accounting.rejectedBy ?? {} }
        } finally {
          store.close()
        }
      }))
      expect(rejected.filter(r => r.files.length > 0)).toEqual([{ files: [1], accounted: { 'too-long': 1 } }])
    }))

  test('hosts whose clocks are a day apart give the requests of one store', () =>
    withFleet(async (fleet, log) => {
      writeFileSync(log.replace('a.log', 'b.log'), (FIELDS + lines(0, 50)).replaceAll('2026-07-01', '2026-07-02').replaceAll('web01', 'web02'))
      expect((await fleet.collect('logs', 'web01')).code).toBe(0)
      expect((await fleet.drain()).code).toBe(0)
      expect(await fleet.fingerprint()).toEqual(await oneStore(fleet.cwd, ['logs']))
    }))

  async function configure(fleet: Fleet, kafka: object): Promise<void> {
    const path = join(fleet.cwd, 'throughline.yaml')
    const config = parse(readFileSync(path, 'utf8')) as { kafka: object }
    writeFileSync(path, stringify({ ...config, kafka: { ...config.kafka, ...kafka } }))
  }
}) // biome-ignore format: long expectations
