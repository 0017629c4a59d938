import { ALWAYS, type Range } from '../store/facts.ts'
import { type Params, quoteIdentifier } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { REQUEST_FIELDS } from './fields.ts'
import { type BoundFilter, bindFilter, parseFilter, toSql } from './filter/index.ts'
import { asksFindings, type FindingsOfDays, WITH_FINDINGS, WITHOUT_FINDINGS } from './findings-source.ts'
import { createSearchView, daysOfSearch } from './search-view.ts'

export interface Search {
  readonly filter: string
  /** Half-open period of the request's start, µs. */
  readonly range?: Range | undefined
  readonly limit?: number | undefined
  /** Columns of the requests view; all where left out. */
  readonly columns?: readonly string[] | undefined
  /** What `now` means in the filter, milliseconds since 1970. */
  readonly nowMs: number
  /** What answers conditions on findings; without it there are none. */
  readonly findings?: FindingsOfDays | undefined
}

/** A prepared question: SQL over the requests view and its parameters. */
export interface Prepared {
  readonly from: string
  readonly params: Params
  /** All columns that are known. */
  readonly columns: string
}

/**
 * Creates the views a search reads, no wider than its period, and its FROM and WHERE.
 *
 * @throws FILTER_SYNTAX, FILTER_FIELD
 */
export async function prepareSearch(store: Store, search: Search): Promise<Prepared> {
  const bound = bindFilter(parseFilter(search.filter), REQUEST_FIELDS, new Date(search.nowMs))
  const range = intersect(search.range ?? ALWAYS, periodOf(bound))
  const hasFindings = search.findings !== undefined && asksFindings(bound, search.columns)
  if (hasFindings) await search.findings?.(store, daysOfSearch(store.state, range))
  await createSearchView(store, range, namesOf(bound))
  const { where, params } = toSql(bound, { quoteIdentifier })
  const conditions = [where || 'TRUE']
  if (Number.isFinite(range.fromUs)) conditions.push(`start_ts >= make_timestamp(${range.fromUs})`)
  if (Number.isFinite(range.toUs)) conditions.push(`start_ts < make_timestamp(${range.toUs})`)
  return {
    from: `${hasFindings ? WITH_FINDINGS : 'requests'} WHERE ${conditions.map(c => `(${c})`).join(' AND ')}`,
    params,
    columns: hasFindings ? '*' : WITHOUT_FINDINGS,
  }
}

/**
 * The period that a search is about, by its own bounds and those in its filter.
 *
 * @throws FILTER_SYNTAX, FILTER_FIELD
 */
export function periodOfSearch({ filter, range, nowMs }: Search): Range {
  const bound = bindFilter(parseFilter(filter), REQUEST_FIELDS, new Date(nowMs))
  return intersect(range ?? ALWAYS, periodOf(bound))
}

/** Rows of a search, oldest first, in batches. */
export async function* searchRequests(
  store: Store,
  search: Search,
): AsyncGenerator<Record<string, unknown>[]> {
  const { from, params, columns: all } = await prepareSearch(store, search)
  const columns = search.columns?.map(quoteIdentifier).join(', ') ?? all
  const limit = search.limit === undefined ? '' : ` LIMIT ${Math.floor(search.limit)}`
  yield* store.db.stream(`SELECT ${columns} FROM ${from} ORDER BY start_ts, request_id${limit}`, params)
}

/** How many requests a search finds. */
export async function countRequests(store: Store, search: Search): Promise<number> {
  const { from, params } = await prepareSearch(store, search)
  const { n } = await store.db.row<{ n: string }>(`SELECT count(*)::VARCHAR AS n FROM ${from}`, params)
  return Number(n)
}

/** The period that a filter's own time conditions allow: those that every match must fulfil. */
function periodOf(bound: BoundFilter): Range {
  if (bound.kind === 'and') return bound.items.map(periodOf).reduce(intersect, ALWAYS)
  if (bound.kind !== 'compare' || bound.field.column !== 'start_ts' || typeof bound.value !== 'bigint')
    return ALWAYS
  const us = Number(bound.value)
  if (bound.operator === '>=') return { fromUs: us, toUs: Number.POSITIVE_INFINITY }
  return bound.operator === '<' ? { fromUs: Number.NEGATIVE_INFINITY, toUs: us } : ALWAYS
}

/** The subjects of which a filter asks for one, where every match must be of one of them. */
function namesOf(bound: BoundFilter): readonly string[] | undefined {
  if (bound.kind === 'and') return bound.items.map(namesOf).find(names => names !== undefined)
  if (bound.kind === 'or') {
    const all = bound.items.map(namesOf)
    return all.every(names => names !== undefined) ? all.flat() : undefined
  }
  const isName = bound.kind === 'compare' && bound.operator === '=' && bound.field.column === 'subject'
  return isName && typeof bound.value === 'string' ? [bound.value] : undefined
}

function intersect(a: Range, b: Range): Range {
  return { fromUs: Math.max(a.fromUs, b.fromUs), toUs: Math.min(a.toUs, b.toUs) }
}
