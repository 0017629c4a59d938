import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inFolder } from '../support/folder.ts'
import { Fleet, oneStore, simulated } from './support/fleet.ts'
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
