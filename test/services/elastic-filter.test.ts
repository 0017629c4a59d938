import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toQuery } from '../../src/elastic/query.ts'
import { REQUEST_FIELDS } from '../../src/requests/fields.ts'
import { filtersOf, type Sample } from '../../src/requests/filter/filters.fixture.ts'
import {
  type BoundFilter,
  bindFilter,
  canonicalFilter,
  type FilterField,
  parseFilter,
  toSql,
} from '../../src/requests/filter/index.ts'
import { searchRequests } from '../../src/requests/search.ts'
import { createRequestsView } from '../../src/requests/view.ts'
import { writeSimulation } from '../../src/simulate/index.ts'
import { quoteIdentifier } from '../../src/store/query.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder } from '../support/folder.ts'
import { kibanaQuery } from '../support/kql.ts'
import { ingestInto, NOON, withStore } from '../support/store.ts'
import { ELASTICSEARCH_VERSIONS } from './support/elasticsearch-program.ts'
import { sharedElasticsearch } from './support/elasticsearch-shared.ts'
import { indexDocuments, type TestIndex } from './support/index-of-documents.ts'
import { ODD_FILTERS, ODD_REQUESTS } from './support/odd-requests.ts'
import { documentsOf, documentsOfDays, INDEX_BODY, REQUEST_TYPES } from './support/request-index.ts'
import { needs } from './support/tools.ts'

/** Each field of the filter language as text, by its name. */
const TEXTS = REQUEST_FIELDS.map(({ name, type, column }) => {
  const text = type === 'timestamp' ? `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${column}::VARCHAR`
  return `${text} AS "${name}"`
}).join(', ')

/** Rows of a table of requests as samples, without the fields that have no value. */
async function samplesOf(store: Store, table: string): Promise<Sample[]> {
  const rows = await store.db.rows<Record<string, string | null>>(
    `SELECT ${TEXTS} FROM ${table} ORDER BY request_id`,
  )
  return rows.map(row =>
    Object.fromEntries(Object.entries(row).filter((entry): entry is [string, string] => entry[1] !== null)),
  )
}

/** Fields that tell rows apart: conditions on others find everything or nothing. */
function varied(samples: readonly Sample[]): FilterField[] {
  return REQUEST_FIELDS.filter(
    // The text of a whole list is no value of it.
    ({ name, list }) => !list && new Set(samples.map(sample => sample[name])).size > 1,
  )
}

/** Ids of a table of requests that a filter finds, sorted. */
async function idsIn(store: Store, table: string, bound: BoundFilter): Promise<string[]> {
  const { where, params } = toSql(bound, { quoteIdentifier })
  const rows = await store.db.rows<{ id: string }>(
    `SELECT request_id AS id FROM ${table} WHERE ${where}`,
    params,
  )
  return rows.map(row => row.id).sort()
}

/** The same through the search of the command line. */
async function idsOfSearch(store: Store, filter: string): Promise<string[]> {
  const ids: string[] = []
  for await (const rows of searchRequests(store, { filter, columns: ['request_id'], nowMs: NOON }))
    ids.push(...rows.map(row => String(row.request_id)))
  return ids.sort()
}

const bind = (text: string): BoundFilter => bindFilter(parseFilter(text), REQUEST_FIELDS, new Date(NOON))

/** @returns what a filter finds in DuckDB; fails where Elasticsearch, or Kibana on it, finds something else */
async function expectSame(store: Store, table: string, index: TestIndex, text: string): Promise<string[]> {
  const bound = bind(text)
  const ids = await idsIn(store, table, bound)
  const lines = (of: readonly string[]): string => [text, ...of].join('\n')
  expect(lines(await index.idsOf(toQuery(bound)))).toBe(lines(ids))
  expect(lines(await index.idsOf(kibanaQuery(text, REQUEST_TYPES, 'UTC')))).toBe(lines(ids))
  return ids
}

const withTraffic = <T>(action: (store: Store) => Promise<T>): Promise<T> =>
  inFolder(async folder => {
    const traffic = join(folder, 'traffic')
    await writeSimulation({ seed: 7, hours: 1 }, traffic)
    return withStore(join(folder, 'store'), async store => {
      await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis')])
      return action(store)
    })
  })

needs('java', 'mvn')('a filter finds the same in DuckDB, in Elasticsearch and in Kibana', () => {
  test('220 filters on simulated requests', async () => {
    const endpoint = await sharedElasticsearch()
    await withTraffic(async store => {
      await createRequestsView(store)
      await store.db.run('CREATE TEMP TABLE simulated AS SELECT * FROM requests')
      const samples = await samplesOf(store, 'simulated')
      expect(samples.length).toBeGreaterThan(10_000)
      const documents = await documentsOfDays(store, new Set(samples.map(sample => sample.day ?? '')))
      expect(documents.size).toBe(samples.length)
      const index = await indexDocuments(endpoint, 'filter-simulated', INDEX_BODY, documents)
      const filters = fc.sample(filtersOf(varied(samples), samples), { numRuns: 220, seed: 20_260_701 })
      let selective = 0
      for (const [n, node] of filters.entries()) {
        const text = canonicalFilter(node)
        const ids = await expectSame(store, 'simulated', index, text)
        if (ids.length > 0 && ids.length < samples.length) selective++
        if (n % 40 === 0) expect(await idsOfSearch(store, text)).toEqual(ids)
      }
      expect(selective).toBeGreaterThanOrEqual(150)
      await index.remove()
    })
  }, 900_000)

  test.each(ELASTICSEARCH_VERSIONS)('odd requests, on %s', async version => {
    const endpoint = await sharedElasticsearch(version)
    await inFolder(folder =>
      withStore(join(folder, 'store'), async store => {
        const samples = await fill(store, 'odd', ODD_REQUESTS)
        const index = await indexDocuments(
          endpoint,
          'filter-odd',
          INDEX_BODY,
          await documentsOf(store, 'odd'),
        )
        for (const text of ODD_FILTERS) await expectSame(store, 'odd', index, text)
        const filters = fc.sample(filtersOf(varied(samples), samples), { numRuns: 100, seed: 20_260_702 })
        for (const node of filters) await expectSame(store, 'odd', index, canonicalFilter(node))
        // With a Z in it a time is the same in every time zone that Kibana may be set to; a day without is not.
        const inNewYork = (text: string) => index.idsOf(kibanaQuery(text, REQUEST_TYPES, 'America/New_York'))
        for (const text of ZONED_FILTERS)
          expect([text, await inNewYork(text)]).toEqual([text, await idsIn(store, 'odd', bind(text))])
        expect(await inNewYork('day:2026-07-31')).toEqual(await idsIn(store, 'odd', bind('day:2026-08-01')))
        await index.remove()
      }),
    )
  })

  // The one difference: Elasticsearch keeps such a value, and does not search it.
  test('a value of 8192 characters is not found in Elasticsearch', async () => {
    const endpoint = await sharedElasticsearch()
    await inFolder(folder =>
      withStore(join(folder, 'store'), async store => {
        const [first] = ODD_REQUESTS
        const long = 'x'.repeat(8192)
        await fill(store, 'long', [{ ...first, path: long }])
        const index = await indexDocuments(
          endpoint,
          'filter-long',
          INDEX_BODY,
          await documentsOf(store, 'long'),
        )
        for (const text of [`path:"${long}"`, 'path:xx*', 'path:*']) {
          const bound = bind(text)
          expect([text, (await idsIn(store, 'long', bound)).length]).toEqual([text, 1])
          expect([text, (await index.idsOf(toQuery(bound))).length]).toEqual([text, 0])
        }
        await index.remove()
      }),
    )
  })
})

const ZONED_FILTERS = [
  'start >= "2026-07-01T00:00:00Z"',
  'start:"2026-07-01T10:15:30Z"',
  'day:"2026-07-01T00:00:00Z"',
  'day < "2026-07-01T00:00:00Z"',
]

/** Makes a table of requests from objects. */
async function fill(store: Store, table: string, requests: readonly object[]): Promise<Sample[]> {
  await createRequestsView(store)
  await store.db.run(`CREATE TEMP TABLE ${table} AS SELECT * FROM requests LIMIT 0`)
  const columns = await store.db.rows<{ name: string; type: string }>(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE ${table})`,
  )
  const shape = columns.map(({ name, type }) => [name, type === 'VARCHAR[]' ? ['VARCHAR'] : type])
  await store.db.run(
    `INSERT INTO ${table} BY NAME SELECT unnest(from_json($json, $shape), recursive := true)`,
    { json: JSON.stringify(requests), shape: JSON.stringify([Object.fromEntries(shape)]) },
  )
  const samples = await samplesOf(store, table)
  expect(samples.length).toBe(requests.length)
  return samples
}
