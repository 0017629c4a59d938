import { bindFilter, type FilterParameter, parseFilter, toSql } from '../../requests/filter/index.ts'
import { quoteIdentifier, quoteText } from '../../store/query.ts'
import { datasetFields, fieldOf } from './datasets.ts'
import type { AskingPanel, Breakdown, ByFilters, ByTime, ByValues, Dataset } from './description.ts'
import { type Measure, type Question, questionOf } from './question.ts'

/** Half-open, µs since 1970. */
export interface Period {
  readonly fromUs: number
  readonly toUs: number
}

export interface AskingOptions {
  /** What `now` means in filters. */
  readonly now: Date
  readonly period?: Period
}

export interface PanelSql {
  /** Columns b1, b2, … (text; times as ms since 1970) and m1, m2, … as in AnswerRow. */
  readonly sql: string
  readonly params: Readonly<Record<string, FilterParameter>>
}

/** What stands for no value where a breakdown asks for it. */
export const MISSING = '(missing)'

const STEP_US = { '5m': 300_000_000, '1h': 3_600_000_000, '1d': 86_400_000_000 } as const

/** The width of a time bucket, µs; `auto` is an hour where nobody looks at a period. */
export function stepUs({ every }: ByTime): number {
  return STEP_US[every === 'auto' ? '1h' : every]
}

/**
 * The question of a panel for DuckDB: over the view `requests`, or over a relation `coverage` with a column for each of
 * COVERAGE_FIELDS. The same values are chosen and the same rows come back as from Elasticsearch, except that values
 * of filters and hours without any request are left out.
 */
export function sqlOf(panel: AskingPanel, { now, period }: AskingOptions): PanelSql {
  const question = questionOf(panel)
  const writer = new Writer(question.dataset, now)
  const time = timeColumn(question.dataset)
  const conditions = [writer.where(question.where)]
  if (period) {
    conditions.push(`${time} >= make_timestamp(${period.fromUs})`, `${time} < make_timestamp(${period.toUs})`)
  }
  const keys = question.breakdowns.map((b, i) => `${writer.key(b)} AS k${i + 1}`)
  const parts = [
    `rows AS (SELECT ${['*', ...keys].join(', ')} FROM ${question.dataset} WHERE ${conditions.join(' AND ')})`,
    ...chosen(question, writer),
  ]
  return { sql: `WITH ${parts.join(',\n')}\n${outer(question, writer)}`, params: writer.params }
}

function timeColumn(dataset: Dataset): string {
  return quoteIdentifier(fieldOf(dataset, '@timestamp').column)
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

/** One relation a level: the combinations of values that are shown down to it. */
function chosen(question: Question, writer: Writer): string[] {
  const [first] = question.measures
  if (first === undefined) return []
  return question.breakdowns.map((b, i) => {
    const keys = names('k', i + 1)
    const [outerKeys, key] = [names('k', i), `k${i + 1}`]
    const from = i === 0 ? 'rows' : `rows JOIN level${i} USING (${outerKeys.join(', ')})`
    const groups = `SELECT ${keys.join(', ')}, ${writer.measure(first)} AS m FROM ${from} WHERE ${key} IS NOT NULL GROUP BY ${keys.join(', ')}`
    if (b.kind !== 'values') return `level${i + 1} AS (SELECT ${keys.join(', ')} FROM (${groups}))`
    const order = b.order === 'value' ? key : `m DESC, ${key}`
    const partition = i === 0 ? '' : `PARTITION BY ${outerKeys.join(', ')} `
    const ranked = `SELECT *, row_number() OVER (${partition}ORDER BY ${order}) AS place FROM (${groups})`
    return `level${i + 1} AS (SELECT ${keys.join(', ')} FROM (${ranked}) WHERE place <= ${b.size})`
  })
}

function outer(question: Question, writer: Writer): string {
  const depth = question.breakdowns.length
  const measures = question.measures.map((m, i) => `${writer.measure(m)} AS m${i + 1}`)
  if (depth === 0) return `SELECT ${measures.join(', ')} FROM rows`
  const keys = names('k', depth)
  const shown = keys.map((k, i) => `CAST(${k} AS VARCHAR) AS b${i + 1}`)
  const grouped = `SELECT ${[...keys, ...measures].join(', ')} FROM rows JOIN level${depth} USING (${keys.join(', ')}) GROUP BY ${keys.join(', ')}`
  const columns = [...shown, ...question.measures.map((_, i) => `m${i + 1}`)]
  return `SELECT ${columns.join(', ')} FROM (${grouped}) ORDER BY ${keys.join(', ')}`
}

/** Writes conditions and expressions, and keeps the parameters that they name. */
class Writer {
  readonly params: Record<string, FilterParameter> = {}
  readonly #dataset: Dataset
  readonly #now: Date
  #filters = 0

  constructor(dataset: Dataset, now: Date) {
    this.#dataset = dataset
    this.#now = now
  }

  where(text: string): string {
    const bound = bindFilter(parseFilter(text), datasetFields(this.#dataset), this.#now)
    this.#filters += 1
    const { where, params } = toSql(bound, { quoteIdentifier, prefix: `f${this.#filters}_` })
    Object.assign(this.params, params)
    return `(${where})`
  }

  key(breakdown: Breakdown): string {
    switch (breakdown.kind) {
      case 'values':
        return this.#value(breakdown)
      case 'time':
        return this.#bucket(breakdown)
      case 'filters':
        return this.#labels(breakdown)
    }
  }

  #value({ field, missing }: ByValues): string {
    const { column, type } = fieldOf(this.#dataset, field)
    if (type === 'timestamp') return `epoch_ms(${quoteIdentifier(column)})`
    return missing ? `coalesce(${quoteIdentifier(column)}, ${quoteText(MISSING)})` : quoteIdentifier(column)
  }

  #bucket(breakdown: ByTime): string {
    const us = `epoch_us(${quoteIdentifier(fieldOf(this.#dataset, breakdown.field).column)})`
    const step = stepUs(breakdown)
    return `(${us} // ${step} * ${step / 1000})`
  }

  #labels({ filters }: ByFilters): string {
    const cases = filters.map(f => `CASE WHEN ${this.where(f.where)} THEN ${quoteText(f.label)} END`)
    return `unnest(list_filter([${cases.join(', ')}], lambda label: label IS NOT NULL))`
  }

  measure({ op, field, where }: Measure): string {
    const filter = where === undefined ? '' : ` FILTER (WHERE ${this.where(where)})`
    if (op === 'count') return `(count(*)${filter})::DOUBLE`
    const { column, type } = fieldOf(this.#dataset, field ?? '')
    const name = quoteIdentifier(column)
    const value = type === 'timestamp' ? `epoch_ms(${name})` : name
    const time = timeColumn(this.#dataset)
    switch (op) {
      case 'sum':
        return `coalesce(sum(${value})${filter}, 0)::DOUBLE`
      case 'average':
        return `(sum(${value})${filter}::DOUBLE / nullif(count(${value})${filter}, 0))`
      case 'max':
        return `max(${value})${filter}::DOUBLE`
      case 'unique':
        return `(count(DISTINCT ${value})${filter})::DOUBLE`
      case 'last':
        return `CAST(arg_max(${value}, ${time}) FILTER (WHERE ${name} IS NOT NULL) AS VARCHAR)`
    }
  }
}
