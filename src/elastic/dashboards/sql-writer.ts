import { bindFilter, type FilterParameter, parseFilter, toSql } from '../../requests/filter/index.ts'
import { quoteIdentifier, quoteText } from '../../store/query.ts'
import { MISSING, type Period, stepUs } from './asking.ts'
import { datasetFields, fieldOf } from './datasets.ts'
import type { Breakdown, ByFilters, ByTime, ByValues, Dataset } from './description.ts'
import type { Measure } from './question.ts'

export function timeColumn(dataset: Dataset): string {
  return quoteIdentifier(fieldOf(dataset, '@timestamp').column)
}

/** Writes conditions and expressions, and keeps the parameters that they name. */
export class SqlWriter {
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

  /** Conditions of a panel and a period, for WHERE. */
  conditions(text: string, period: Period | undefined): string {
    const time = timeColumn(this.#dataset)
    const range = period
      ? [`${time} >= make_timestamp(${period.fromUs})`, `${time} < make_timestamp(${period.toUs})`]
      : []
    return [this.where(text), ...range].join(' AND ')
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
    const { column, type, list } = fieldOf(this.#dataset, field)
    // Each value of a list counts for itself, as in Elasticsearch; of two lists DuckDB would make pairs.
    if (list) return `unnest(${quoteIdentifier(column)})`
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
    switch (op) {
      case 'sum':
        return `coalesce(sum(${value})${filter}, 0)::DOUBLE`
      case 'average':
        return `(sum(${value})${filter}::DOUBLE / nullif(count(${value})${filter}, 0))`
      case 'max':
        return `max(${value})${filter}::DOUBLE`
      case 'unique':
        return `(count(DISTINCT ${value})${filter})::DOUBLE`
    }
  }
}
