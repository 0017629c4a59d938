import { afterAll, beforeAll, expect, test } from 'vitest'
import { inFolder } from '../support/folder.ts'
import { oneStore } from './support/fleet.ts'
import { runWithFaults } from './support/fleet-faults.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { needs } from './support/tools.ts'

/** What is killed when; others are for those who look for trouble. */
const SEED = Number(process.env.SEED ?? 1)
const TRAFFIC = ['--hours', '26', '--rate-per-second', '0.05', '--seed', '5']

needs('java', 'mvn')('collectors, workers and a broker that are killed', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(async () => {
    await kafka.stop()
  })

  test(
    'a dozen kills and a frozen worker: nothing is lost or doubled',
    () =>
      inFolder(async cwd => {
        const { fleet, counts, live } = await runWithFaults(cwd, kafka, {
          seed: SEED,
          kills: 12,
          frozen: 1,
          traffic: TRAFFIC,
        })
        console.log(JSON.stringify(counts))
        expect(await fleet.fingerprint()).toEqual(await oneStore(cwd, [live]))
      }),
    600_000,
  )
})
