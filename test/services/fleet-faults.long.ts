import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { heading } from '../../bench/heading.mjs'
import { inFolder } from '../support/folder.ts'
import { Publishing } from './support/elastic.ts'
import { startElasticsearch } from './support/elasticsearch.ts'
import { oneStore } from './support/fleet.ts'
import { runWithFaults } from './support/fleet-faults.ts'
import { startKafka } from './support/kafka.ts'
import type { KafkaVersion } from './support/kafka-program.ts'

/** A seed of the day strikes where nobody has looked. */
const SEED = Number(process.env.SEED ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''))
const TRAFFIC = ['--hours', '30', '--rate-per-second', '0.1', '--hosts-per-site', '2', '--seed', String(SEED)]
const CASES: readonly { version: KafkaVersion; kills: number; withElastic: boolean }[] = [
  { version: '4.1.1', kills: 100, withElastic: true },
  { version: '3.9.1', kills: 40, withElastic: false },
]

const rows: string[] = []

test.each(CASES)('Kafka $version, $kills kills, with documents: $withElastic', async ({ version, kills, withElastic }) => {
  const kafka = await startKafka({ version })
  const elastic = withElastic ? await startElasticsearch() : undefined
  try {
    await inFolder(async cwd => {
      let restarts = 0
      const prefix = `faults-${SEED}`
      const { fleet, counts, live } = await runWithFaults(cwd, kafka, {
        seed: SEED, kills, frozen: 3, traffic: TRAFFIC,
        ...(elastic && {
          work: ['--elastic'],
          config: { elastic: { url: elastic.endpoint, deployment: 'fleet', prefix } },
          prepare: async (it) => {
            const setup = await it.run(['elastic', 'setup'])
            if (setup.code !== 0) throw new Error(setup.stderr)
          },
          between: async struck => {
            if (struck < ((restarts + 1) * kills) / 3 || restarts === 2) return
            restarts++
            await elastic.kill()
            await elastic.restart()
          },
        }),
      })
      const found = await fleet.fingerprint()
      const wanted = await oneStore(cwd, [live])
      const isEqual = JSON.stringify(found) === JSON.stringify(wanted)
      const documents = elastic && (await (await Publishing.open(elastic.endpoint, prefix)).population())
      rows.push(`| ${version} | ${counts.collectors} | ${counts.workers} | ${counts.broker} | ${counts.duringWrite} | ${counts.frozen} | ${counts.rebalances} | ${counts.fenced} | ${restarts} | ${wanted.facts.length} | ${wanted.requests} | ${isEqual ? 'equal' : 'NOT EQUAL'} | ${documents ? (documents.sha256 === wanted.population ? 'equal' : 'NOT EQUAL') : '-'} |`)
      expect({ requests: found.requests, population: found.population, links: found.links }).toEqual({ requests: wanted.requests, population: wanted.population, links: wanted.links })
      expect(found.facts).toEqual(wanted.facts)
      if (documents) expect(documents).toEqual({ requests: wanted.requests, sha256: wanted.population })
      expect(counts.duringWrite * 2).toBeGreaterThanOrEqual(kills)
    })
  } finally {
    await elastic?.stop()
    await kafka.stop()
  }
}) // biome-ignore format: one line each

test('the figures are written down', () => {
  const head = '| Kafka | collectors killed | workers | broker | of these in the middle of a write | workers frozen | assignments | fenced | Elasticsearch killed | facts | requests | stores | documents |'
  const text = `\n${heading('npm run fleet:faults')}\n\nSeed ${SEED}.\n\n${head}\n|---|${'---:|'.repeat(10)}---|---|\n${rows.join('\n')}\n`
  appendFileSync(new URL('../../bench/results.md', import.meta.url), text)
  expect(rows).toHaveLength(CASES.length)
}) // biome-ignore format: one line
