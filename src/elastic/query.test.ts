import { describe, expect, test } from 'vitest'
import { kibanaQuery } from '../../test/support/kql.ts'
import { bindFilter, type FilterFieldType, parseFilter } from '../requests/filter/index.ts'
import { PAIR_FIELDS, PAIR_NOW, PAIRS } from './kibana-pairs.fixture.ts'
import { type Query, toQuery } from './query.ts'

const TYPES: Readonly<Record<FilterFieldType, string>> = {
  keyword: 'keyword',
  path: 'keyword',
  integer: 'long',
  decimal: 'double',
  boolean: 'boolean',
  timestamp: 'date_nanos',
  date: 'date',
}
const VIEW = new Map(PAIR_FIELDS.map(({ name, type }) => [name, TYPES[type]]))

const translate = (text: string): Query => toQuery(bindFilter(parseFilter(text), PAIR_FIELDS, PAIR_NOW))

describe('pairs of text and meaning from the manuals and tests of Kibana and Elasticsearch', () => {
  test.each(PAIRS)('we: $text', ({ text, ours }) => {
    if (ours instanceof RegExp) expect(() => translate(text)).toThrow(ours)
    else expect(translate(text)).toEqual(ours)
  })

  test.each(PAIRS)('Kibana, by its rules: $text', ({ text, kibana }) => {
    if (kibana === 'refused') expect(() => kibanaQuery(text, VIEW, 'UTC')).toThrow(/Kibana refuses|left out/)
    else expect(kibanaQuery(text, VIEW, 'UTC')).toEqual(kibana)
  })
})

describe('times that date_nanos cannot hold', () => {
  test.each([
    ['@timestamp >= 1970-01-01', { exists: { field: '@timestamp' } }],
    ['@timestamp >= "1970-01-01T00:00:00.000001Z"', { range: { '@timestamp': { gte: '1970-01-01T00:00:00.000001Z' } } }],
    ['@timestamp < 1970-01-01', { match_none: {} }],
    ['@timestamp < "1970-01-01T00:00:00.000001Z"', { range: { '@timestamp': { lt: '1970-01-01T00:00:00.000001Z' } } }],
    ['@timestamp >= "2262-04-11T23:47:16.854775Z"', { range: { '@timestamp': { gte: '2262-04-11T23:47:16.854775Z' } } }],
    ['@timestamp >= "2262-04-11T23:47:16.854776Z"', { match_none: {} }],
    ['@timestamp < "2262-04-11T23:47:16.854775Z"', { range: { '@timestamp': { lt: '2262-04-11T23:47:16.854775Z' } } }],
    ['@timestamp < 9999-12-31', { exists: { field: '@timestamp' } }],
  ])('%s', (text, query) => expect(translate(text)).toEqual(query)) // biome-ignore format: a table
})

test('whole numbers beyond what JSON carries are text', () => {
  expect(translate('bytes:9007199254740991')).toEqual({ term: { bytes: { value: 9007199254740991 } } })
  expect(translate('bytes > 9007199254740993')).toEqual({ range: { bytes: { gt: '9007199254740993' } } })
})
