import { ThroughlineError } from '../../errors.ts'
import type { FilterNode, FilterValue, MatchNode, RangeNode, TextNode, WildcardValue } from './ast.ts'
import { type BoundFilter, joinBound } from './bound.ts'
import { quoted, withPlace } from './caret.ts'
import { type FilterField, fieldLookup } from './fields.ts'
import { bindComparison, EXPECTED, isText, toText } from './values.ts'

interface Context {
  readonly find: ReturnType<typeof fieldLookup>
  readonly freeText: readonly FilterField[]
  readonly now: Date
}

/**
 * Finds the fields and types the values of a parsed filter.
 *
 * @param fields what may be named; those with `freeText` are searched for values without a field
 * @param now what `now` means in relative times; the result holds absolute times only
 * @throws ThroughlineError FILTER_FIELD for an unknown field or a value that does not fit, pointing at it
 */
export function bindFilter(node: FilterNode, fields: readonly FilterField[], now: Date): BoundFilter {
  return bindNode(node, { find: fieldLookup(fields), freeText: fields.filter(field => field.freeText), now })
}

function bindNode(node: FilterNode, context: Context): BoundFilter {
  switch (node.kind) {
    case 'all':
      return { kind: 'all' }
    case 'and':
    case 'or':
      return joinBound(
        node.kind,
        node.items.map(item => bindNode(item, context)),
      )
    case 'not':
      return { kind: 'not', item: bindNode(node.item, context) }
    case 'match':
      return bindMatch(node, context)
    case 'range':
      return bindRange(node, context)
    case 'text':
      return bindText(node, context)
  }
}

function bindMatch({ field: reference, value }: MatchNode, { find, now }: Context): BoundFilter {
  const field = find(reference)
  if (value.kind === 'wildcard') return bindWildcard(field, value)
  return bindComparison(field, '=', value.text, now) ?? refuse(field, value)
}

function bindWildcard(field: FilterField, value: WildcardValue): BoundFilter {
  if (value.parts.every(part => part === '')) return { kind: 'exists', field }
  if (!isText(field)) return refuse(field, value)
  return { kind: 'wildcard', field, parts: value.parts.map(part => toText(field, part)) }
}

function bindRange({ field: reference, operator, value }: RangeNode, { find, now }: Context): BoundFilter {
  const field = find(reference)
  if (field.type === 'boolean') {
    const headline = `${field.name} is true or false: found ${operator} at character ${reference.at.start + 1}`
    throw fieldError(headline, field, value, `write ${field.name}:true or ${field.name}:false`)
  }
  return bindComparison(field, operator, value.text, now) ?? refuse(field, value)
}

/** A value without a field is looked for in each free text field. */
function bindText({ value }: TextNode, { find, freeText, now }: Context): BoundFilter {
  refuseEqualsSign(value, find)
  refuseSplit(value)
  if (freeText.length === 0) {
    const headline = `found a value without a field at character ${value.at.start + 1}`
    throw fieldError(headline, undefined, value, 'name the field, as in subject:alice')
  }
  const leaves = freeText.map(field =>
    value.kind === 'wildcard'
      ? bindWildcard(field, value)
      : (bindComparison(field, '=', value.text, now) ?? refuse(field, value)),
  )
  return joinBound('or', leaves)
}

/** `status=401` is free text in KQL, and would silently match nothing. Quoted, it is meant as text. */
function refuseEqualsSign(value: FilterValue, find: Context['find']): void {
  const typed = value.at.text.slice(value.at.start, value.at.end)
  const match = /^([@\w.-]+)\s*(!=|==?)\s*(\S*)/u.exec(typed)
  if (match === null) return
  const [, name = '', operator = '', rest = ''] = match
  const start = value.at.start + typed.indexOf(operator)
  const field = find({ name, at: { ...value.at, end: value.at.start + name.length } })
  const headline = `found ${quoted(operator)} at character ${start + 1}, expected : or < <= > >=`
  const at = { ...value.at, start }
  const not = operator === '!=' ? 'not ' : ''
  throw fieldError(headline, field, { ...value, at }, `write ${not}${name}:${rest === '' ? 'value' : rest}`)
}

/** Kibana takes `foo bar*` without a field for two values, of which either may match, and has no way to write one. */
function refuseSplit(value: FilterValue): void {
  if (value.kind !== 'wildcard' || !value.parts.some(part => /\s/u.test(part))) return
  const headline = `found white space in a value with * and without a field at character ${value.at.start + 1}`
  const advice = 'name the field, as in user_agent:Mozilla 5*, or join words with "and" or "or"'
  throw fieldError(headline, undefined, value, advice)
}

function refuse(field: FilterField, value: FilterValue): never {
  const typed = value.at.text.slice(value.at.start, value.at.end)
  const expected = EXPECTED[field.type]
  const headline = `${field.name} cannot be ${quoted(typed)} at character ${value.at.start + 1}, expected ${expected}`
  throw fieldError(headline, field, value, adviceFor(field, value, typed))
}

const SEVERAL = 'put "and" or "or" between conditions; several values are written as in status:(401 or 403)'

function adviceFor(field: FilterField, value: FilterValue, typed: string): string {
  if (value.kind === 'wildcard')
    return `* inside a value works in text fields only; ${field.name}:* means any value`
  if (/^\S+\s+\S/u.test(typed) && !typed.startsWith('"')) return SEVERAL
  return 'list all fields and their types with: throughline query --fields'
}

function fieldError(
  headline: string,
  field: FilterField | undefined,
  value: FilterValue,
  advice: string,
): ThroughlineError {
  const details = { filter: value.at.text, offset: value.at.start, field: field?.name, type: field?.type }
  return new ThroughlineError('FILTER_FIELD', withPlace(headline, value.at, advice), details)
}
