import type { RangeOperator } from './ast.ts'
import { type BoundFilter, type BoundOperator, type BoundValue, joinBound } from './bound.ts'
import type { FilterField, FilterFieldType } from './fields.ts'
import { ceilToDay, LAST_US, parseTime } from './time.ts'

/** What a field of each type takes, for error messages. */
export const EXPECTED: Readonly<Record<FilterFieldType, string>> = {
  keyword: 'text',
  path: 'text',
  integer: 'a whole number such as 401',
  decimal: 'a number such as 0.95',
  boolean: 'true or false',
  timestamp: 'a UTC time such as 2026-07-01, 2026-07-01T08:30:00Z, now-15m or now-7d/d',
  date: 'a day such as 2026-07-01, now/d or now-7d/d',
}

export const isText = (field: FilterField): boolean => field.type === 'keyword' || field.type === 'path'
const isTime = (field: FilterField): boolean => field.type === 'timestamp' || field.type === 'date'

/** @returns undefined when the text is no value of the field's type */
export function bindComparison(
  field: FilterField,
  operator: '=' | RangeOperator,
  text: string,
  now: Date,
): BoundFilter | undefined {
  if (isTime(field)) return bindTime(field, operator, text, now)
  const value = toValue(field, text)
  return value === undefined ? undefined : { kind: 'compare', field, operator, value }
}

const LARGEST = 2n ** 63n - 1n

function toValue(field: FilterField, text: string): BoundValue | undefined {
  switch (field.type) {
    case 'integer': {
      const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
      return value === undefined || value > LARGEST || value < -LARGEST ? undefined : value
    }
    case 'decimal': {
      // Adding 0 turns -0 into 0.
      const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) + 0 : Number.NaN
      return Number.isFinite(value) ? value : undefined
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    default:
      return toText(field, text)
  }
}

/** The text as the column would hold it. */
export const toText = (field: FilterField, text: string): string =>
  field.caseInsensitive === true ? lowerCase(text) : text

/**
 * Lower case one character at a time, without the special cases of JavaScript for a final sigma and a dotted
 * capital I (Unicode's simple mapping): what lower() of DuckDB does to the column.
 */
export function lowerCase(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase()
  return Array.from(text, character => (character === 'İ' ? 'i' : character.toLowerCase())).join('')
}

function bindTime(
  field: FilterField,
  operator: '=' | RangeOperator,
  text: string,
  now: Date,
): BoundFilter | undefined {
  const interval = parseTime(text, now)
  if (interval === undefined) return undefined
  // A day is compared as its midnight, as Elasticsearch does.
  const toColumn = (us: bigint): bigint => (field.type === 'date' ? ceilToDay(us) : us)
  const from = toColumn(interval.from)
  const to = toColumn(interval.to)
  if (field.type === 'date' && to > LAST_US) return undefined // the day after could not be written
  const compare = (as: BoundOperator, value: bigint): BoundFilter => ({
    kind: 'compare',
    field,
    operator: as,
    value,
  })
  switch (operator) {
    case '>=':
      return compare('>=', from)
    case '>':
      return compare('>=', to)
    case '<':
      return compare('<', from)
    case '<=':
      return compare('<', to)
    default:
      // An instant inside a day equals no day.
      return from < to ? joinBound('and', [compare('>=', from), compare('<', to)]) : undefined
  }
}
