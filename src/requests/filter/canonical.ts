import type { FilterNode, FilterValue, MatchNode, Span } from './ast.ts'
import type { BoundCompare, BoundFilter } from './bound.ts'
import { formatDate, formatTime } from './time.ts'

/**
 * One text for all ways to type the same filter: parsing it gives an equal tree (but for positions), and it is
 * its own canonical text. Kibana reads it with the same meaning. Order of conditions and field names are kept.
 *
 * @example canonicalFilter(parseFilter('status :(401 OR "403")')) // status:401 or status:403
 */
export function canonicalFilter(node: FilterNode): string {
  switch (node.kind) {
    case 'all':
      return '*'
    case 'or':
      return node.items.map(canonicalFilter).join(' or ')
    case 'and':
      return node.items.map(item => inParentheses(item, item.kind === 'or')).join(' and ')
    case 'not':
      return `not ${inParentheses(node.item, ['and', 'or', 'not'].includes(node.item.kind))}`
    case 'match':
      return `${node.field.name}:${writeValue(node.value)}`
    case 'range':
      return `${node.field.name} ${node.operator} ${writeValue(node.value)}`
    case 'text':
      // status=401 without quotes is refused as a likely slip.
      return node.value.kind === 'literal'
        ? writeValue(node.value)
        : writeValue(node.value).replaceAll('=', asHex)
  }
}

/**
 * The canonical text of what a filter came to mean: own names of fields instead of aliases, absolute times,
 * lower case where case does not count. Binding it again gives an equal tree, whatever the time.
 */
export function canonicalBound(filter: BoundFilter): string {
  return canonicalFilter(toNode(filter))
}

const inParentheses = (node: FilterNode, isNeeded: boolean): string =>
  isNeeded ? `(${canonicalFilter(node)})` : canonicalFilter(node)

/**
 * What no part of the grammar could take for something else. Kibana takes the end of `cannot and` for the
 * operator, so such a word is quoted.
 */
const PLAIN = /^(?!(?:and|or|.*not|null)$)[\p{L}\p{N}_./@+%,;?#$~^-]+$/iu

function writeValue(value: FilterValue): string {
  if (value.kind === 'wildcard')
    return value.parts
      .map(escapePart)
      .join('*')
      .replace(/t(?<=not)$/i, asHex)
  return PLAIN.test(value.text)
    ? value.text
    : `"${value.text.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, asHex)}"`
}

/** White space is written as a code, so that a value with stars is always one word and never a keyword. */
const escapePart = (text: string): string =>
  text.replace(/[\\():<>"{}*]/g, '\\$&').replace(/[\s\p{Cc}]/gu, asHex)

const asHex = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const NOWHERE: Span = { text: '', start: 0, end: 0 }

function toNode(filter: BoundFilter): FilterNode {
  switch (filter.kind) {
    case 'all':
      return { kind: 'all', at: NOWHERE }
    case 'and':
    case 'or':
      return { kind: filter.kind, items: filter.items.map(toNode), at: NOWHERE }
    case 'not':
      return { kind: 'not', item: toNode(filter.item), at: NOWHERE }
    case 'exists':
      return toMatch(filter.field.name, { kind: 'wildcard', parts: ['', ''], at: NOWHERE })
    case 'wildcard':
      return toMatch(filter.field.name, { kind: 'wildcard', parts: filter.parts, at: NOWHERE })
    case 'compare':
      return compareToNode(filter)
  }
}

const toMatch = (name: string, value: FilterValue): MatchNode => ({
  kind: 'match',
  field: { name, at: NOWHERE },
  value,
  at: NOWHERE,
})

function compareToNode(filter: BoundCompare): FilterNode {
  const { field, operator } = filter
  const value = { kind: 'literal', text: valueText(filter), at: NOWHERE } as const
  if (operator === '=') return toMatch(field.name, value)
  return { kind: 'range', field: { name: field.name, at: NOWHERE }, operator, value, at: NOWHERE }
}

function valueText({ field, value }: BoundCompare): string {
  if (typeof value !== 'bigint' || field.type === 'integer') return String(value)
  return field.type === 'date' ? formatDate(value) : formatTime(value)
}
