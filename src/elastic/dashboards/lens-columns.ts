import { elasticName, lensType } from './datasets.ts'
import type { Breakdown, ByFilters, ByTime, ByValues, Dataset, FieldMetric, Metric } from './description.ts'
import { uuidOf } from './uuid.ts'

export type Json = Readonly<Record<string, unknown>>

/** Columns of a Lens layer, in the order that Lens nests and shows them. */
export interface Columns {
  readonly columns: Readonly<Record<string, Json>>
  readonly columnOrder: readonly string[]
  /** Ids of the breakdowns and of the metrics, in their order. */
  readonly breakdowns: readonly string[]
  readonly metrics: readonly string[]
}

const RECORDS = '___records___'
const PERCENT = { format: { id: 'percent', params: { decimals: 1 } } }

export const kql = (text: string): Json => ({ language: 'kuery', query: text === '*' ? '' : text })

/** @param scope what makes the ids unique: the panel */
export function columnsOf(
  scope: string,
  dataset: Dataset,
  breakdowns: readonly Breakdown[],
  metrics: readonly Metric[],
): Columns {
  const breakdownIds = breakdowns.map((_, i) => uuidOf(scope, `breakdown ${i + 1}`))
  const metricIds = metrics.map((_, i) => uuidOf(scope, `metric ${i + 1}`))
  const columns: [string, Json][] = [
    ...breakdowns.map((b, i): [string, Json] => [
      breakdownIds[i] ?? '',
      breakdownColumn(dataset, b, metricIds[0] ?? ''),
    ]),
    ...metrics.flatMap((m, i) => metricColumns(dataset, m, metricIds[i] ?? '')),
  ]
  const hidden = columns.map(([id]) => id).filter(id => !breakdownIds.includes(id) && !metricIds.includes(id))
  return {
    columns: Object.fromEntries(columns),
    columnOrder: [...breakdownIds, ...metricIds, ...hidden],
    breakdowns: breakdownIds,
    metrics: metricIds,
  }
}

function breakdownColumn(dataset: Dataset, breakdown: Breakdown, orderedBy: string): Json {
  switch (breakdown.kind) {
    case 'values':
      return valuesColumn(dataset, breakdown, orderedBy)
    case 'time':
      return timeColumn(dataset, breakdown)
    case 'filters':
      return filtersColumn(breakdown)
  }
}

function valuesColumn(dataset: Dataset, { field, label, size, missing, order }: ByValues, by: string): Json {
  return {
    customLabel: true,
    dataType: lensType(dataset, field),
    isBucketed: true,
    label,
    operationType: 'terms',
    params: {
      // Asks each shard for more values than are shown, so that the most frequent ones of all are found.
      accuracyMode: true,
      exclude: [],
      excludeIsRegex: false,
      include: [],
      includeIsRegex: false,
      missingBucket: missing === true,
      orderBy:
        order === 'value' ? { fallback: false, type: 'alphabetical' } : { columnId: by, type: 'column' },
      orderDirection: order === 'value' ? 'asc' : 'desc',
      otherBucket: false,
      parentFormat: { id: 'terms' },
      secondaryFields: [],
      size,
    },
    scale: 'ordinal',
    sourceField: elasticName(dataset, field),
  }
}

function timeColumn(dataset: Dataset, { field, label, every }: ByTime): Json {
  return {
    customLabel: true,
    dataType: 'date',
    isBucketed: true,
    label,
    operationType: 'date_histogram',
    params: { dropPartials: false, includeEmptyRows: true, interval: every },
    scale: 'interval',
    sourceField: elasticName(dataset, field),
  }
}

function filtersColumn({ filters }: ByFilters): Json {
  return {
    dataType: 'string',
    isBucketed: true,
    label: 'Filters',
    operationType: 'filters',
    params: { filters: filters.map(f => ({ input: kql(f.where), label: f.label })) },
    scale: 'ordinal',
  }
}

function metricColumns(dataset: Dataset, metric: Metric, id: string): [string, Json][] {
  switch (metric.kind) {
    case 'count':
      return [[id, countColumn(metric.label, metric.where)]]
    case 'share':
      return shareColumns(metric, id)
    default:
      return [[id, fieldColumn(dataset, metric)]]
  }
}

function countColumn(label: string, where?: string): Json {
  return {
    customLabel: true,
    dataType: 'number',
    ...(where !== undefined && { filter: kql(where) }),
    isBucketed: false,
    label,
    operationType: 'count',
    params: { emptyAsNull: false },
    scale: 'ratio',
    sourceField: RECORDS,
  }
}

const OPERATIONS = { sum: 'sum', average: 'average', max: 'max', unique: 'unique_count' } as const

function fieldColumn(dataset: Dataset, { kind, label, field }: FieldMetric): Json {
  return {
    customLabel: true,
    dataType: kind === 'unique' ? 'number' : lensType(dataset, field),
    isBucketed: false,
    label,
    operationType: OPERATIONS[kind],
    params: { emptyAsNull: false },
    scale: 'ratio',
    sourceField: elasticName(dataset, field),
  }
}

/** A formula, and the hidden columns that Lens keeps for its parts. */
function shareColumns(
  { label, of, among }: Extract<Metric, { readonly kind: 'share' }>,
  id: string,
): [string, Json][] {
  const call = (where?: string): string => (where === undefined ? 'count()' : `count(kql='${where}')`)
  const formula = `${call(of)} / ${call(among)}`
  const [first, second, math] = [`${id}X0`, `${id}X1`, `${id}X2`]
  const location = { max: formula.length, min: 0 }
  const tinymathAst = { args: [first, second], location, name: 'divide', text: formula, type: 'function' }
  const part = { customLabel: true, dataType: 'number', isBucketed: false, label: `Part of ${label}` }
  const head = { customLabel: true, dataType: 'number', isBucketed: false, label }
  return [
    [
      id,
      {
        ...head,
        operationType: 'formula',
        params: { formula, isFormulaBroken: false, ...PERCENT },
        references: [math],
        scale: 'ratio',
      },
    ],
    [first, countColumn(`Part of ${label}`, of)],
    [second, countColumn(`Part of ${label}`, among)],
    [
      math,
      {
        ...part,
        operationType: 'math',
        params: { tinymathAst },
        references: [first, second],
        scale: 'ratio',
      },
    ],
  ]
}
