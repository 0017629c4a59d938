import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { documentFieldOf, freeTextFields } from '../../src/elastic/aliases.ts'
import { requestMappings } from '../../src/elastic/mapping.ts'
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
import { sharedElasticsearch } from './support/elasticsearch-shared.ts'
import { indexDocuments, type TestIndex } from './support/index-of-documents.ts'
import { needs } from './support/tools.ts'

const BODY = {
  settings: { number_of_shards: 2, number_of_replicas: 0, 'index.query.default_field': freeTextFields() },
  mappings: requestMappings(),
}

/** What Kibana's data view knows of the index: each name with its type. */
const VIEW = new Map(
  Object.entries(BODY.mappings.properties).map(([name, { type, path }]) => [
    name,
    String(type === 'alias' ? BODY.mappings.properties[String(path)]?.type : type),
  ]),
)

/** Each field of the filter language as text, by its name. */
const TEXTS = REQUEST_FIELDS.map(({ name, type, column }) => {
  const text =
    type === 'timestamp' ? `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')` : `${column}::VARCHAR`
  return `${text} AS "${name}"`
}).join(', ')

/** Rows of the requests view as samples, without the fields that have no value. */
async function samplesOf(store: Store, from: string): Promise<Sample[]> {
  const rows = await store.db.rows<Record<string, string | null>>(`SELECT ${TEXTS} FROM ${from}`, {})
  return rows.map(row =>
    Object.fromEntries(Object.entries(row).filter((entry): entry is [string, string] => entry[1] !== null)),
  )
}

function documentOf(sample: Sample): object {
  const values = REQUEST_FIELDS.flatMap(field => {
    const text = sample[field.name]
    if (text === undefined) return []
    const value =
      field.type === 'integer' || field.type === 'decimal' ? Number(text) : field.type === 'boolean' ? text === 'true' : text
    return [[documentFieldOf(field).name, value]]
  })
  return Object.fromEntries(values)
}

const idOf = (sample: Sample): string => sample.request_id ?? ''

/** Fields that tell rows apart: conditions on others find everything or nothing. */
function varied(samples: readonly Sample[]): FilterField[] {
  return REQUEST_FIELDS.filter(({ name }) => new Set(samples.map(sample => sample[name])).size > 1)
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

/** Finds the same in all three, or fails with the text and what differs. */
async function expectSame(store: Store, table: string, index: TestIndex, text: string): Promise<string[]> {
  const bound = bind(text)
  const here = await idsIn(store, table, bound)
  expect({ text, ids: await index.idsOf(toQuery(bound)) }).toEqual({ text, ids: here })
  expect({ text, ids: await index.idsOf(kibanaQuery(text, VIEW, 'UTC')) }).toEqual({ text, ids: here })
  return here
}

needs('java', 'mvn')('the same filter in DuckDB, Elasticsearch and Kibana', () => {
  test('200 filters find the same requests', async () => {
    const endpoint = await sharedElasticsearch()
    await inFolder(async folder => {
      const traffic = join(folder, 'traffic')
      await writeSimulation({ seed: 7, hours: 1.2 }, traffic)
      await withStore(join(folder, 'store'), async store => {
        await ingestInto(store, [join(traffic, 'apigee'), join(traffic, 'iis')])
        await createRequestsView(store)
        await store.db.run('CREATE TEMP TABLE simulated AS SELECT * FROM requests')
        const samples = await samplesOf(store, 'simulated ORDER BY request_id')
        const documents = new Map(samples.map(sample => [idOf(sample), documentOf(sample)]))
        const index = await indexDocuments(endpoint, 'filter-simulated', BODY, documents)
        try {
          const filters = fc.sample(filtersOf(varied(samples), samples), { numRuns: 200, seed: 20_260_701 })
          let selective = 0
          for (const [n, node] of filters.entries()) {
            const text = canonicalFilter(node)
            const ids = await expectSame(store, 'simulated', index, text)
            if (ids.length > 0 && ids.length < samples.length) selective++
            if (n % 20 === 0) expect(await idsOfSearch(store, text)).toEqual(ids)
          }
          expect(selective).toBeGreaterThanOrEqual(150)
          console.log(selective)
        } finally {
          await index.remove()
        }
      })
    })
  }, 600_000)
})
