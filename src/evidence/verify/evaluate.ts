import { DAY_US, dayNumber } from '../../model/time.ts'
import type { BoundCompare, BoundFilter, BoundLeaf } from '../../requests/filter/index.ts'
import type { RequestRecord } from './record.ts'

/** Whether a record fulfils a filter; `unknown`: that depends on what was withheld. */
export type Fulfils = boolean | 'unknown'

/**
 * Evaluates a filter on a record as the store does (src/requests/filter/sql.ts), without a database. A leaf is false where
 * the record has no value.
 *
 * @param withheld columns whose values are not known
 */
export function evaluate(
  filter: BoundFilter,
  record: RequestRecord,
  withheld: ReadonlySet<string> = new Set(),
): Fulfils {
  switch (filter.kind) {
    case 'all':
      return true
    case 'and':
      return all(filter.items.map(item => evaluate(item, record, withheld)))
    case 'or':
      return opposite(all(filter.items.map(item => opposite(evaluate(item, record, withheld)))))
    case 'not':
      return opposite(evaluate(filter.item, record, withheld))
    default:
      return withheld.has(filter.field.column) ? 'unknown' : isLeafTrue(filter, record)
  }
}

function all(values: readonly Fulfils[]): Fulfils {
  if (values.includes(false)) return false
  return values.includes('unknown') ? 'unknown' : true
}

function opposite(value: Fulfils): Fulfils {
  return value === 'unknown' ? value : !value
}

function isLeafTrue(leaf: BoundLeaf, record: RequestRecord): boolean {
  const value = record[leaf.field.column]
  if (value === undefined) return false
  const values = typeof value === 'object' ? value : [value]
  return values.some(one => isTrueOf(leaf, one))
}

type Scalar = string | number | bigint | boolean

function isTrueOf(leaf: BoundLeaf, value: Scalar): boolean {
  if (leaf.kind === 'exists') return true
  if (leaf.kind === 'wildcard') return isLike(String(value), leaf.parts)
  const order = orderOf(value, leaf)
  switch (leaf.operator) {
    case '=':
      return order === 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

/** Below, at or above 0 as the record's value is less than, equal to or more than the filter's. */
function orderOf(value: Scalar, { field, value: wanted }: BoundCompare): number {
  if (field.type === 'date') return plainOrder(BigInt(dayNumber(String(value)) * DAY_US), wanted)
  if (typeof value === 'string' && typeof wanted === 'string') return textOrder(value, wanted)
  // Whole numbers are compared with all their digits.
  if (typeof wanted === 'bigint' && typeof value === 'number') return plainOrder(BigInt(value), wanted)
  return plainOrder(value, wanted)
}

function plainOrder(a: Scalar, b: Scalar): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By code points, as the database orders texts by their UTF-8 bytes; JavaScript alone would order by UTF-16 units. */
export function textOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one === other) continue
    const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000
    if (isHigh(one) !== isHigh(other)) return isHigh(one) ? 1 : -1
    return one - other
  }
  return a.length - b.length
}

/** Whether a text begins with the first part, ends with the last and has the others in between, in order. */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}
