import { bindFilter, parseFilter } from '../../requests/filter/index.ts'
import { type Query, toQuery } from '../query.ts'
import { type AskingOptions, MISSING, type Period, stepUs } from './asking.ts'
import { datasetFields, elasticName } from './datasets.ts'
import type { AskingPanel, Breakdown, ByTime, ByValues } from './description.ts'
import { type Measure, type Question, questionOf } from './question.ts'

type Json = Readonly<Record<string, unknown>>

/** The body of a search. */
export interface PanelSearch {
  readonly size: 0
  readonly track_total_hits: true
  readonly query: Query
  readonly aggs: Json
}

/** Values looked at on each shard so that the most frequent of all are found (Lens: accuracyMode). */
const SHARD_SIZE = 1000

/**
 * The search that Lens would run for a panel, in UTC: a level of buckets for each breakdown, named b1, b2, …, and in
 * the innermost the measures m1, m2, …. Counts of all that is in a bucket have no aggregation of their own.
 */
export function aggregationOf(panel: AskingPanel, options: AskingOptions): PanelSearch {
  const question = questionOf(panel)
  const query = (text: string): Query =>
    toQuery(bindFilter(parseFilter(text), datasetFields(question.dataset), options.now))
  const filters = [query(question.where)]
  if (options.period) filters.push(timeRange(options.period))
  return {
    size: 0,
    track_total_hits: true,
    query: { bool: { filter: filters } },
    aggs: level(question, 0, query),
  }
}

/** The period that is looked at, as Kibana's time picker asks for it. */
export function timeRange({ fromUs, toUs }: Period): Query {
  const text = (us: number): string => new Date(us / 1000).toISOString()
  return { range: { '@timestamp': { gte: text(fromUs), lt: text(toUs) } } }
}

type ToQuery = (text: string) => Query

function level(question: Question, depth: number, query: ToQuery): Json {
  const breakdown = question.breakdowns[depth]
  const measures = Object.fromEntries(
    question.measures.flatMap((m, i) => {
      const aggregation = measureAggregation(question, m, query)
      // What values are chosen by is needed on every level.
      return aggregation && (breakdown === undefined || i === 0) ? [[`m${i + 1}`, aggregation]] : []
    }),
  )
  if (breakdown === undefined) return measures
  const inner = level(question, depth + 1, query)
  return {
    ...(depth > 0 && measures),
    [`b${depth + 1}`]: { ...buckets(question, breakdown, query), aggs: inner },
  }
}

function buckets(question: Question, breakdown: Breakdown, query: ToQuery): Json {
  switch (breakdown.kind) {
    case 'values':
      return { terms: terms(question, breakdown) }
    case 'time':
      return { date_histogram: histogram(question, breakdown) }
    case 'filters':
      return {
        filters: { filters: Object.fromEntries(breakdown.filters.map(f => [f.label, query(f.where)])) },
      }
  }
}

function terms(question: Question, { field, size, order, missing }: ByValues): Json {
  const [first] = question.measures
  const isPlainCount = first?.op === 'count' && first.where === undefined
  const by = isPlainCount ? '_count' : 'm1'
  return {
    field: elasticName(question.dataset, field),
    size,
    shard_size: Math.max(SHARD_SIZE, size),
    order: order === 'value' ? { _key: 'asc' } : [{ [by]: 'desc' }, { _key: 'asc' }],
    ...(missing && { missing: MISSING }),
  }
}

function histogram(question: Question, breakdown: ByTime): Json {
  return {
    field: elasticName(question.dataset, breakdown.field),
    fixed_interval: `${stepUs(breakdown) / 1_000_000}s`,
    time_zone: 'UTC',
    min_doc_count: 1,
  }
}

function measureAggregation(question: Question, measure: Measure, query: ToQuery): Json | undefined {
  const inner = plain(question, measure)
  if (measure.where === undefined) return inner
  return { filter: query(measure.where), ...(inner && { aggs: { value: inner } }) }
}

function plain({ dataset }: Question, { op, field }: Measure): Json | undefined {
  if (op === 'count' || field === undefined) return undefined
  const name = elasticName(dataset, field)
  switch (op) {
    case 'sum':
      return { sum: { field: name } }
    case 'average':
      return { avg: { field: name } }
    case 'max':
      return { max: { field: name } }
    case 'unique':
      return { cardinality: { field: name } }
  }
}
