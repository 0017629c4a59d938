import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { pseudonymizer } from '../../src/config/token-key.ts'
import { SHAPES, shipped, wrapped } from '../../src/formats/envelope/shapes.fixture.ts'
import type { Format } from '../../src/formats/format.ts'
import { FORMATS } from '../../src/formats/registry.ts'
import type { BatchMessage } from '../../src/kafka/batch/message.ts'
import { Checkpoint } from '../../src/kafka/collect/checkpoint.ts'
import type { Outlet } from '../../src/kafka/collect/sender.ts'
import { Shipper } from '../../src/kafka/collect/shipper.ts'
import { topicsOf } from '../../src/kafka/topics.ts'
import { type Fetched, Partition } from '../../src/kafka/work/partition.ts'
import { IngestRun } from '../../src/pipeline/ingest-run.ts'
import { HEAD_DIGEST_BYTES } from '../../src/pipeline/source-index.ts'
import { exportSelect } from '../../src/requests/export.ts'
import { discoverInputs } from '../../src/sources/discover.ts'
import { Store } from '../../src/store/store.ts'
import { facts } from '../support/fingerprint.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'

const TOPICS = topicsOf('throughline')
const PSEUDONYM = pseudonymizer(Buffer.alloc(32, 7))
const KILLED = new Error('killed')

/** As long as the bytes that a log is known by while it grows. */
const REMARK = `#Remark: ${'a'.repeat(HEAD_DIGEST_BYTES)}\r\n`
const FIELDS = ['date', 'time', 's-computername', 'cs-method', 'cs-uri-stem', 'sc-status']
const HEADER = `${REMARK}#Fields: ${FIELDS.join(' ')}\r\n`
/** Rows, some of which are equal to the one before, and lines that are none. */
const linesOf = (length: number): string[] =>
  Array.from({ length }, (_, n) => {
    const second = String(Math.floor(n / 2) % 60).padStart(2, '0')
    const stamp = `2026-07-01 22:${String(Math.floor(n / 120)).padStart(2, '0')}:${second}`
    return n % 7 === 3 ? `${stamp} web01 GET\r\n` : `${stamp} web01 GET /${n % 4 < 2 ? 'same' : n} 200\r\n`
  })
const LINES = linesOf(24)

/** What Kafka holds: messages in the order in which they were acknowledged. */
class Log implements Outlet {
  readonly partitions = 1
  readonly messages: { topic: string; message: BatchMessage }[] = []
  /** Whether the collector is killed when Kafka has everything and before that is noted. */
  kills = false

  push(topic: string, message: BatchMessage): void {
    this.messages.push({ topic, message })
  }

  async below(bytes: number): Promise<void> {
    if (bytes === 0 && this.kills) throw KILLED
  }

  async close(): Promise<void> {}
}

function shipperTo(log: Log, state: string, config = CONFIG.parse({})): Shipper {
  const head = { version: 1, collector: 'web01', topic: TOPICS.hops, partitions: 1 } as const
  const options = { config, collector: 'web01', topics: TOPICS, pseudonym: PSEUDONYM }
  return new Shipper(Checkpoint.open(state, head), log, options)
}

async function untilKilled(action: () => Promise<void>): Promise<void> {
  await action().catch(error => {
    if (error !== KILLED) throw error
  })
}

/** A collector that reads a folder once, and may be killed before it has noted how far it came. */
async function collect(folder: string, log: Log, kills: boolean, config = CONFIG.parse({})): Promise<void> {
  log.kills = kills
  const state = join(folder, 'state')
  const shipper = shipperTo(log, state, config)
  const run = new IngestRun(shipper, {})
  await untilKilled(async () => {
    for (const input of await discoverInputs([join(folder, 'logs')], state)) await run.take(input)
    await shipper.finish()
  })
}

const ENVELOPE = FORMATS.find(format => format.name === 'envelope') as Format

/** The same for the messages of a shipper's topic, of which the first are gone. */
async function collectTopic(
  folder: string,
  log: Log,
  lines: readonly string[],
  kills: boolean,
): Promise<void> {
  log.kills = kills
  const shipper = shipperTo(log, join(folder, 'state'))
  const { record } = await shipper.openTopic('kafka://logs/0', ENVELOPE)
  const reader = ENVELOPE.open({ ...shipper.context(record), fields: FIELDS }, record.state)
  shipper.reading(record)
  reader.push(Buffer.from(`${lines.join('\n')}\n`))
  record.state = reader.state()
  shipper.readTo(record, lines.length)
  await untilKilled(() => shipper.finish())
}

/** A worker over a store, which is opened anew as often as it is said. */
class Worker {
  readonly #path: string
  /** What is opened from now on is opened with it. */
  config = CONFIG.parse({})
  readonly #offsets = new Map<string, number>()
  #partition: Partition | undefined

  constructor(path: string) {
    this.#path = path
  }

  async take({ topic, message }: Log['messages'][number], commits: boolean, reopens: boolean): Promise<void> {
    this.#partition ??= await this.#open()
    const offset = this.#offsets.get(topic) ?? 0
    this.#offsets.set(topic, offset + 1)
    const { key, value, headers } = message
    const fetched: Fetched = {
      key: key === null ? null : Buffer.from(key), value, headers, offset: String(offset), timestamp: '0',
    } // biome-ignore format: one message
    await this.#partition.take(topic, [fetched], async () => undefined)
    if (commits || reopens) await this.#partition.commit()
    if (reopens) await this.close()
  }

  async #open(): Promise<Partition> {
    const store = await Store.write(
      { path: this.#path, memoryMiB: 256 },
      { now: () => NOON, newId: () => '00000000-0000-4000-8000-000000000000', by: 'test' },
    )
    return Partition.open(0, store, {
      config: this.config, partitions: 1, nowMs: () => NOON, acceptsLoss: false, putAside: undefined, drains: false,
      onEvent: () => undefined, afterLinks: async () => undefined,
    }) // biome-ignore format: one call
  }

  async close(): Promise<void> {
    await this.#partition?.commit()
    await this.#partition?.close()
    this.#partition = undefined
  }
}

interface Read {
  readonly lines: number
  readonly kills: boolean
}

/** Collects a growing log by several reads. @returns everything that Kafka has then */
async function sent(folder: string, reads: readonly Read[], all = LINES): Promise<Log['messages']> {
  const log = new Log()
  mkdirSync(join(folder, 'logs'))
  for (const { lines, kills } of [...reads, { lines: all.length, kills: false }]) {
    writeFileSync(join(folder, 'logs', 'a.log'), HEADER + all.slice(0, lines).join(''))
    await collect(folder, log, kills)
  }
  return log.messages
}

async function held(path: string) {
  const store = await Store.read({ path, memoryMiB: 256 })
  try {
    const { select } = await exportSelect(store, 'rejects', {
      kind: 'app',
      filter: '',
      nowMs: NOON,
      range: undefined,
    })
    const rejects = await store.db.rows<{ line_no: string; sha256: string }>(select)
    return {
      facts: await facts(store, 'app'),
      rejects: rejects.map(r => `${r.line_no} ${r.sha256}`),
      sources: [...store.state.sources.values()],
    }
  } finally {
    store.close()
  }
}

/** What one store holds that has read the same log. */
async function expected(folder: string) {
  await withStore(join(folder, 'one'), store =>
    ingestInto(store, [join(folder, 'logs')], { pseudonym: PSEUDONYM }),
  )
  const { facts: hops, rejects } = await held(join(folder, 'one'))
  return { hops, rejects }
}

test('a collector that is killed before it has noted anything reads a log again: no line is taken twice', () =>
  inFolder(async folder => {
    const messages = await sent(folder, [{ lines: 20, kills: true }])
    const worker = new Worker(join(folder, 'store'))
    for (const message of messages) await worker.take(message, false, false)
    await worker.close()
    const { facts: found, rejects, sources } = await held(join(folder, 'store'))
    const { hops, rejects: rejected } = await expected(folder)
    expect(found).toEqual(hops)
    expect(rejects).toEqual(rejected)
    expect(sources.map(({ id, accounting: { decoded, rejected: n } }) => [id, decoded, n])).toEqual([
      [0, hops.length, rejected.length],
    ])
  }))

test('what a killed collector had sent may come in behind what its successor sends', () =>
  inFolder(async folder => {
    const all = linesOf(3_000)
    const messages = await sent(folder, [{ lines: 2_900, kills: true }], all)
    const worker = new Worker(join(folder, 'store'))
    const [first, ...hops] = messages.filter(m => m.topic === TOPICS.hops)
    const rejects = messages.filter(m => m.topic === TOPICS.rejects)
    if (!first) throw new Error('no hops were sent')
    expect(hops.length).toBeGreaterThan(3)
    for (const message of [first, ...rejects]) await worker.take(message, false, false)
    await worker.close()
    for (const message of hops) await worker.take(message, false, false)
    await worker.close()
    const found = await held(join(folder, 'store'))
    expect({ hops: found.facts, rejects: found.rejects }).toEqual(await expected(folder))
    expect(found.sources).toHaveLength(1)
  }))

test('where a collector is killed and its applications change, no line is passed over', () =>
  inFolder(async folder => {
    const log = new Log()
    const path = join(folder, 'logs', 'a.log')
    mkdirSync(join(folder, 'logs'))
    const all = linesOf(60).map((line, n) => (n % 2 ? line.replace(' web01 ', ' web02 ') : line))
    for (const lines of [10, 30]) {
      writeFileSync(path, HEADER + all.slice(0, lines).join(''))
      await collect(folder, log, lines === 30)
    }
    const worker = new Worker(join(folder, 'store'))
    const before = log.messages.length
    for (const message of log.messages) await worker.take(message, false, false)
    await worker.close()
    writeFileSync(path, HEADER + all.join(''))
    worker.config = CONFIG.parse({ applications: [{ name: 'two', app: { hosts: ['web02'] } }] })
    await collect(folder, log, false, worker.config)
    for (const message of log.messages.slice(before)) await worker.take(message, false, false)
    await worker.close()
    const idsOf = (hops: readonly string[]) =>
      hops.map(hop => (JSON.parse(hop) as { hop_id: string }).hop_id).sort()
    const found = await held(join(folder, 'store'))
    const one = await expected(folder)
    expect(idsOf(found.facts)).toEqual(idsOf(one.hops))
    expect(found.rejects).toEqual(one.rejects)
  }))

test('a last line that is read again when its line feed has come is one line', () =>
  inFolder(async folder => {
    const log = new Log()
    const path = join(folder, 'logs', 'a.log')
    mkdirSync(join(folder, 'logs'))
    const all = linesOf(20).filter(line => line.includes(' 200'))
    for (const text of [all.slice(0, 8).join('').trimEnd(), all.join('')]) {
      writeFileSync(path, HEADER + text)
      await collect(folder, log, false)
    }
    const worker = new Worker(join(folder, 'store'))
    for (const message of log.messages) await worker.take(message, false, false)
    await worker.close()
    expect((await held(join(folder, 'store'))).facts).toEqual((await expected(folder)).hops)
  }))

test('where a topic has lost its first messages before a killed collector comes back, the others are all taken', () =>
  inFolder(async folder => {
    const rows = linesOf(40).filter(line => line.includes(' 200'))
    const lines = wrapped(SHAPES.filebeat, shipped(HEADER + rows.join(''), 'web01')).trimEnd().split('\n')
    const log = new Log()
    await collectTopic(folder, log, lines.slice(0, 20), true)
    await collectTopic(folder, log, lines.slice(6), false)
    const worker = new Worker(join(folder, 'store'))
    for (const message of log.messages) await worker.take(message, false, false)
    await worker.close()
    mkdirSync(join(folder, 'logs'))
    writeFileSync(join(folder, 'logs', 'a.json'), `${lines.join('\n')}\n`)
    const ids = (hops: readonly string[]): unknown[] => hops.map(hop => (JSON.parse(hop) as { start_ts: unknown }).start_ts)
    expect(ids((await held(join(folder, 'store'))).facts)).toEqual(ids((await expected(folder)).hops))
  })) // biome-ignore format: long lines

test('wherever collectors and workers are killed, and however topics overtake each other, it is one log', async () => {
  const rarely = fc.nat({ max: 5 }).map(n => n === 0)
  const read = fc.record({ lines: fc.nat({ max: LINES.length }), kills: fc.boolean() })
  const step = fc.record({ rejectsFirst: fc.boolean(), commits: rarely, reopens: rarely })
  await fc.assert(
    fc.asyncProperty(
      fc.array(read, { maxLength: 4 }).map(reads => reads.sort((a, b) => a.lines - b.lines)),
      fc.array(step, { minLength: 4, maxLength: 12 }),
      (reads, steps) =>
        inFolder(async folder => {
          const messages = await sent(folder, reads)
          const worker = new Worker(join(folder, 'store'))
          const hops = messages.filter(m => m.topic === TOPICS.hops)
          const rejects = messages.filter(m => m.topic === TOPICS.rejects)
          for (let n = 0; hops.length + rejects.length > 0; n++) {
            const { rejectsFirst, commits, reopens } = steps[n % steps.length] ?? {}
            const next = (rejectsFirst ? rejects.shift() : hops.shift()) ?? hops.shift() ?? rejects.shift()
            if (next) await worker.take(next, commits === true, reopens === true)
          }
          await worker.close()
          const found = await held(join(folder, 'store'))
          const one = await expected(folder)
          expect(found.facts).toEqual(one.hops)
          expect(new Set(found.rejects)).toEqual(new Set(one.rejects))
        }),
    ),
    { numRuns: 15 },
  )
}, 120_000)
