import type { BoundCompare, BoundFilter, BoundLeaf } from '../requests/filter/index.ts'
import { formatDate, formatTime } from '../requests/filter/index.ts'

/** The part of Elasticsearch's query language that filters need. */
export type Query =
  | { readonly match_all: Readonly<Record<string, never>> }
  | { readonly match_none: Readonly<Record<string, never>> }
  | { readonly bool: { readonly filter: readonly Query[] } }
  | { readonly bool: { readonly should: readonly Query[]; readonly minimum_should_match: 1 } }
  | { readonly bool: { readonly must_not: readonly Query[] } }
  | { readonly exists: { readonly field: string } }
  | { readonly term: Readonly<Record<string, { readonly value: QueryValue }>> }
  | { readonly wildcard: Readonly<Record<string, { readonly value: string }>> }
  | { readonly range: Readonly<Record<string, Readonly<Record<string, QueryValue>>>> }

type QueryValue = string | number | boolean

/**
 * Translates a filter for Elasticsearch: it finds the documents of the requests that toSql finds in DuckDB. Fields go by
 * the names of the filter language, which are aliases in the mapping. The clauses are those that Kibana makes of the
 * same text, less the wrappers around single ones; times are absolute, so that the server's clock has no say.
 */
export function toQuery(filter: BoundFilter): Query {
  switch (filter.kind) {
    case 'all':
      return { match_all: {} }
    case 'and':
      return { bool: { filter: filter.items.map(toQuery) } }
    case 'or':
      return { bool: { should: filter.items.map(toQuery), minimum_should_match: 1 } }
    case 'not':
      return { bool: { must_not: [toQuery(filter.item)] } }
    default:
      return leafQuery(filter)
  }
}

function leafQuery(leaf: BoundLeaf): Query {
  const { name } = leaf.field
  switch (leaf.kind) {
    case 'exists':
      return { exists: { field: name } }
    case 'wildcard':
      return { wildcard: { [name]: { value: leaf.parts.map(escapeWildcard).join('*') } } }
    case 'compare':
      return compareQuery(name, leaf)
  }
}

const RANGE = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' } as const

function compareQuery(name: string, leaf: BoundCompare): Query {
  if (leaf.field.type === 'timestamp') return timeQuery(name, leaf)
  const value = queryValue(leaf)
  if (leaf.operator === '=') return { term: { [name]: { value } } }
  return { range: { [name]: { [RANGE[leaf.operator]]: value } } }
}

/** The first and the last microsecond that a field of type date_nanos can hold; asking for others is an error there. */
const FIRST_US = 0n
const LAST_US = 9_223_372_036_854_775n // 2262-04-11T23:47:16.854775Z

function timeQuery(name: string, { operator, value }: BoundCompare): Query {
  const us = BigInt(value)
  const isFrom = operator === '>='
  if (isFrom ? us > LAST_US : us <= FIRST_US) return { match_none: {} }
  if (isFrom ? us <= FIRST_US : us > LAST_US) return { exists: { field: name } }
  return { range: { [name]: { [isFrom ? 'gte' : 'lt']: formatTime(us) } } }
}

/** Whole numbers that JSON could not carry exactly are written as text, which the server reads exactly. */
function queryValue({ field, value }: BoundCompare): QueryValue {
  if (typeof value !== 'bigint') return value
  if (field.type === 'date') return formatDate(value)
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

/** In a wildcard query `?` stands for one character; the filter language has no such sign. */
const escapeWildcard = (text: string): string => text.replace(/[\\*?]/g, '\\$&')
