import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { Fleet, fingerprintOf, oneStore, simulated } from './support/fleet.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { needs } from './support/tools.ts'

const { THROUGHLINE_SAMPLES: samples } = process.env

/** What is said of each file: how many lines it had, and what became of them. */
async function accounts(path: string): Promise<Record<string, object>> {
  const store = await Store.read({ path, memoryMiB: 256 })
  try {
    return Object.fromEntries(
      [...store.state.sources.values()].map(({ path: file, status, accounting: { lines, decoded, directives, rejectedBy } }) => [
        file, { status, lines, decoded, directives, rejectedBy },
      ]),
    )
  } finally {
    store.close()
  }
} // biome-ignore format: one record

needs('java', 'mvn')('logs of real places through Kafka', () => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(async () => {
    await kafka.stop()
  })

  test(`logs of ${samples ?? 'a simulation, as THROUGHLINE_SAMPLES names no folder'} give the facts, links and accounts of one store`, () =>
    inFolder(async cwd => {
      if (samples === undefined) await simulated(cwd, ['--hours', '2'])
      else cpSync(samples, join(cwd, 'logs'), { recursive: true })
      const fleet = await Fleet.open(cwd, kafka, { topics: 'samples', partitions: 1, applications: [] })
      const sent = await fleet.collect('logs', 'all')
      expect([0, 3]).toContain(sent.code)
      const drained = await fleet.drain()
      expect([drained.code, drained.stderr]).toEqual([0, ''])
      const one = await oneStore(cwd, ['logs'])
      expect(await fingerprintOf(fleet.stores())).toEqual(one)
      expect(await accounts(fleet.stores()[0] ?? '')).toEqual(await accounts(join(cwd, 'one', 'store')))
    }))
}) // biome-ignore format: one call a line
