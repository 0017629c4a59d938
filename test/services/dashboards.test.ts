import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONFIG } from '../../src/config/schema.ts'
import { aggregationOf } from '../../src/elastic/dashboards/aggregation.ts'
import { rowsOf } from '../../src/elastic/dashboards/answer.ts'
import type { AskingOptions } from '../../src/elastic/dashboards/asking.ts'
import { createCoverageRelation } from '../../src/elastic/dashboards/coverage-relation.ts'
import { DASHBOARDS } from '../../src/elastic/dashboards/dashboards.ts'
import { type AskingPanel, isAsking, isList } from '../../src/elastic/dashboards/description.ts'
import { listSearchOf } from '../../src/elastic/dashboards/list.ts'
import { type AnswerRow, questionOf } from '../../src/elastic/dashboards/question.ts'
import { writeSimulation } from '../../src/simulate/index.ts'
import { inFolder } from '../support/folder.ts'
import { ingestInto, withStore } from '../support/store.ts'
import {
  call,
  comparable,
  decidedRows,
  duckDbList,
  duckDbRows,
  index,
  type ListRow,
  listRow,
} from './support/dashboard-answers.ts'
import { coverageDocuments, type Flat, freezeRequests, requestDocuments } from './support/dashboard-data.ts'
import { ELASTICSEARCH_VERSIONS, type ElasticsearchVersion } from './support/elasticsearch-program.ts'
import { sharedElasticsearch } from './support/elasticsearch-shared.ts'
import { needs } from './support/tools.ts'

const PANELS = DASHBOARDS.flatMap(({ title, panels }) =>
  panels.filter(isAsking).map(panel => ({ name: `${title} / ${panel.title}`, panel })),
)
const LISTS = DASHBOARDS.flatMap(({ title, panels }) =>
  panels.filter(isList).map(panel => ({ name: `${title} / ${panel.title}`, panel })),
)
const PREFIX = 'dashboards-test'

/** Two days, of which the first is closed; calls past the gateway, lost lines, retries, handshakes, refusals. */
const TRAFFIC = {
  seed: 77, start: '2026-03-02T21:30:00Z', hours: 5, ratePerSecond: 0.4, healthProbeSeconds: 600, bypassShare: 0.05, handshakeShare: 0.05,
  rejectionBursts: 2, lostGatewayShare: 0.02, lostAppShare: 0.02, policyErrorShare: 0.05, timeoutShare: 0.01, unreachableShare: 0.01,
} // biome-ignore format: a table

const APPLICATIONS = [
  { name: 'orders', gateway: { proxies: ['orders-v2'] }, app: { hostHeaders: ['orders.corp.example'] } },
  { name: 'payroll', gateway: { proxies: ['payroll-v1'] }, app: { sites: ['w3svc2'] } },
  {
    name: 'directory',
    gateway: { proxies: ['directory-v1'] },
    app: { hostHeaders: ['directory.corp.example'] },
  },
]

/** The whole time, and a part of it that begins and ends in the middle of buckets. */
const PERIODS: readonly AskingOptions[] = [
  { now: new Date('2026-03-05T00:00:00Z') },
  {
    now: new Date('2026-03-05T00:00:00Z'),
    period: { fromUs: Date.UTC(2026, 2, 2, 22, 10) * 1000, toUs: Date.UTC(2026, 2, 3, 1, 33) * 1000 },
  },
]

interface Asked {
  readonly answers: Map<string, AnswerRow[]>
  readonly lists: Map<string, readonly ListRow[]>
  readonly requests: readonly Flat[]
  readonly coverage: readonly Flat[]
}

/** What DuckDB answers, and the documents that hold the same. */
async function askDuckDb(): Promise<Asked> {
  return inFolder(async folder => {
    await writeSimulation(TRAFFIC, `${folder}/traffic`)
    return withStore(`${folder}/store`, async store => {
      const config = CONFIG.parse({ applications: APPLICATIONS })
      await ingestInto(store, [`${folder}/traffic/apigee`, `${folder}/traffic/iis`], { config })
      const requests = await requestDocuments(store)
      await freezeRequests(store)
      await createCoverageRelation(store)
      const coverage = await coverageDocuments(store)
      const answers = new Map<string, AnswerRow[]>()
      for (const { name, panel } of PANELS)
        for (const [i, options] of PERIODS.entries())
          answers.set(`${name} ${i}`, await duckDbRows(store, panel, options))
      const lists = new Map<string, readonly ListRow[]>()
      for (const { name, panel } of LISTS)
        for (const [i, options] of PERIODS.entries())
          lists.set(`${name} ${i}`, await duckDbList(store, panel, options))
      return { answers, lists, coverage, requests }
    })
  })
}

needs('java', 'mvn')('the question of every panel, asked of Elasticsearch and of DuckDB', () => {
  let asked: Asked
  beforeAll(async () => {
    asked = await askDuckDb()
  }, 600_000)

  test('most panels have something to show, so that equal answers mean something', () => {
    const rows = PANELS.map(({ name }) => [name, asked.answers.get(`${name} 0`)?.length ?? 0] as const)
    const empty = rows.filter(([, count]) => count === 0).map(([name]) => name)
    expect(empty).toEqual(['Throughline: Failures / Another status than the target gave'])
    expect(asked.requests.length).toBeGreaterThan(5000)
  })

  describe.each(ELASTICSEARCH_VERSIONS)('%s', version => {
    let server: string
    beforeAll(async () => {
      server = await prepare(version, asked)
    }, 600_000)
    afterAll(() => call(`${server}/${PREFIX}-*`, 'DELETE'))

    test.each(PANELS)('$name', async ({ name, panel }) => {
      for (const [i, options] of PERIODS.entries()) {
        const body = JSON.stringify(aggregationOf(panel, options))
        const answer = await call(`${server}/${PREFIX}-${panel.dataset}-*/_search`, 'POST', body)
        const found = comparable(rowsOf(panel, answer))
        const wanted = comparable(asked.answers.get(`${name} ${i}`) ?? [])
        expect([...found.keys()]).toEqual([...wanted.keys()])
        for (const [key, measures] of wanted) expectEqual(panel, found.get(key) ?? [], measures)
      }
    })

    test.each(LISTS)('$name', async ({ name, panel }) => {
      for (const [i, options] of PERIODS.entries()) {
        const body = JSON.stringify(listSearchOf(panel, options))
        const { hits } = (await call(`${server}/${PREFIX}-${panel.dataset}-*/_search`, 'POST', body)) as {
          readonly hits: { readonly hits: readonly { readonly fields: Record<string, readonly unknown[]> }[] }
        }
        const found = hits.hits.map(({ fields }) => listRow(panel, column => fields[column]?.[0]))
        const wanted = asked.lists.get(`${name} ${i}`) ?? []
        expect(wanted.length).toBeGreaterThan(100)
        expect(decidedRows(found)).toEqual(decidedRows(wanted))
      }
    })
  })
})

async function prepare(version: ElasticsearchVersion, { requests, coverage }: Asked): Promise<string> {
  const server = await sharedElasticsearch(version)
  await index(server, PREFIX, 'requests', requests)
  await index(server, PREFIX, 'coverage', coverage)
  return server
}

/** Counts and sums are equal. A mean of numbers that are no integers depends on the order they are added in. */
function expectEqual(
  panel: AskingPanel,
  found: readonly (number | null)[],
  wanted: readonly (number | null)[],
): void {
  const { measures } = questionOf(panel)
  for (const [i, measure] of measures.entries()) {
    const [a, b] = [found[i], wanted[i]]
    if (measure.op === 'average' && measure.field === 'confidence' && typeof a === 'number')
      expect(a).toBeCloseTo(Number(b), 12)
    else expect([measure, a]).toEqual([measure, b])
  }
}
