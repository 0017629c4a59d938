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
