import type { ChildProcess } from 'node:child_process'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inFolder } from '../support/folder.ts'
import { Publishing } from './support/elastic.ts'
import { type Elasticsearch, startElasticsearch } from './support/elasticsearch.ts'
import { Fleet, oneStore, simulated } from './support/fleet.ts'
import { randomOf } from './support/fleet-faults.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { KAFKA_VERSIONS } from './support/kafka-program.ts'
import { needs } from './support/tools.ts'

const TRAFFIC = ['--hours', '30', '--rate-per-second', '0.1', '--hosts-per-site', '2', '--seed', '11']

needs('java', 'mvn').each(KAFKA_VERSIONS)('one store and a fleet on Kafka %s', version => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({ version })
  })
  afterAll(async () => {
    await kafka.stop()
  })

  test('collectors of all hosts and three workers give the requests, facts and links of one store', () =>
    inFolder(async cwd => {
      const fleet = await Fleet.open(cwd, kafka, { topics: 'together' })
      const { hosts, gateway } = await simulated(cwd, TRAFFIC)
      const collected = await Promise.all(
        [...hosts, gateway].map((place, n) => fleet.collect(place, `host-${n}`)),
      )
      expect(collected.map(c => [c.code, c.stderr])).toEqual(collected.map(() => [0, '']))
      const worked = await Promise.all([1, 2, 3].map(() => fleet.drain()))
      expect(worked.map(w => [w.code, w.stderr])).toEqual(worked.map(() => [0, '']))
      expect(await fleet.fingerprint()).toEqual(await oneStore(cwd, ['logs']))
      expect(fleet.stores().length).toBeGreaterThan(1)
      const again = await fleet.drain()
      expect(again.code).toBe(0)
      for (const store of fleet.stores())
        expect((await fleet.run(['store', 'check', '--store', store])).code, join(store)).toBe(0)
    }))
})

needs('java', 'mvn')('a fleet that runs on', () => {
  let kafka: KafkaServer
  let elastic: Elasticsearch

  beforeAll(async () => {
    kafka = await startKafka()
    elastic = await startElasticsearch()
  })
  afterAll(async () => {
    await elastic.stop()
    await kafka.stop()
  })

  test(
    'hosts in random turns and an export that comes a day later give the same answers, in stores and in documents',
    () =>
      inFolder(async cwd => {
        const prefix = 'late'
        const fleet = await Fleet.open(cwd, kafka, {
          topics: 'late',
          elastic: { url: elastic.endpoint, deployment: 'fleet', prefix },
        })
        expect((await fleet.run(['elastic', 'setup'])).code).toBe(0)
        const { hosts, gateway } = await simulated(cwd, TRAFFIC)
        const workers: ChildProcess[] = []
        const working = [1, 2].map(() =>
          fleet.run(['work', '--elastic', '--json'], { during: child => workers.push(child) }),
        )
        const random = randomOf(7)
        // Each host's logs grow in turns, with its collector between them.
        const files = hosts
          .flatMap((host, n) =>
            readdirSync(host, { recursive: true, encoding: 'utf8' }).map(name => ({
              n,
              from: join(host, name),
              to: join(cwd, 'live', String(n), name),
            })),
          )
          .filter(f => statSync(f.from).isFile())
        const at = new Map(files.map(f => [f.to, 0]))
        for (let turn = 0; turn < 12; turn++) {
          const file = files[Math.floor(random() * files.length)]
          if (!file) continue
          grow(file, at, (at.get(file.to) ?? 0) + Math.floor(random() * 200_000))
          expect((await fleet.collect(join('live', String(file.n)), `host-${file.n}`)).code).toBe(0)
        }
        for (const file of files) grow(file, at, Number.POSITIVE_INFINITY)
        for (const n of new Set(files.map(f => f.n)))
          expect((await fleet.collect(join('live', String(n)), `host-${n}`)).code).toBe(0)
        // The lines are linked, and published as awaiting their gateway calls, before these come.
        await until(() => fleet.stores().length > 0)
        expect((await fleet.collect(gateway, 'gateway')).code).toBe(0)
        for (const child of workers) child.kill('SIGTERM')
        expect((await Promise.all(working)).map(w => [w.code, w.stderr])).toEqual([
          [0, ''],
          [0, ''],
        ])
        const drained = await fleet.drain({}, ['--elastic'])
        expect([drained.code, drained.stderr]).toEqual([0, ''])
        const wanted = await oneStore(cwd, ['live', gateway])
        expect(await fleet.fingerprint()).toEqual(wanted)
        const documents = await Publishing.open(elastic.endpoint, prefix)
        expect(await documents.population()).toEqual({ requests: wanted.requests, sha256: wanted.population })
        const hash = await fleet.run(['query', '--hash', '--store', 'throughline-fleet'])
        expect(hash.stdout).toBe(`${wanted.requests} ${wanted.population}\n`)
      }),
    400_000,
  )
})

/** Appends the lines that a log has up to a place. */
function grow({ from, to }: { from: string; to: string }, at: Map<string, number>, most: number): void {
  const bytes = readFileSync(from)
  const before = at.get(to) ?? 0
  // Whole lines: what is read once, and not followed, takes a last line as it is.
  const end = most >= bytes.length ? bytes.length : bytes.lastIndexOf(10, most) + 1
  mkdirSync(dirname(to), { recursive: true })
  appendFileSync(to, bytes.subarray(before, Math.max(before, end)))
  at.set(to, Math.min(bytes.length, Math.max(before, end)))
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !isSo(); tries++) await sleep(200)
}
