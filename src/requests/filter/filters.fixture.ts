import fc from 'fast-check'
import type { FilterNode, FilterValue, RangeOperator, Span } from './ast.ts'
import type { FilterField } from './fields.ts'

/** Filters at random, for tests. */
export const AT: Span = { text: '', start: 0, end: 0 }

type Literal = FilterValue & { kind: 'literal' }

export const literal = (text: string): Literal => ({ kind: 'literal', text, at: AT })
export const wildcard = (...parts: string[]): FilterValue => ({ kind: 'wildcard', parts, at: AT })
export const ANYTHING = wildcard('', '')

export const match = (name: string, value: FilterValue): FilterNode => ({
  kind: 'match',
  field: { name, at: AT },
  value,
  at: AT,
})

export const range = (name: string, operator: RangeOperator, value: Literal): FilterNode => ({
  kind: 'range',
  field: { name, at: AT },
  operator,
  value,
  at: AT,
})

export const operators = fc.constantFrom<RangeOperator>('<', '<=', '>', '>=')

/** Conditions joined by and, or and not, some levels deep. */
export function filterTrees(leaf: fc.Arbitrary<FilterNode>): fc.Arbitrary<FilterNode> {
  return fc.letrec<{ node: FilterNode }>(tie => ({
    node: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      leaf,
      tie('node').map((item): FilterNode => ({ kind: 'not', item, at: AT })),
      fc
        .tuple(
          fc.constantFrom('and' as const, 'or' as const),
          fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
        )
        .map(([kind, items]): FilterNode => {
          return { kind, items: items.flatMap(item => (item.kind === kind ? item.items : [item])), at: AT }
        }),
    ),
  })).node
}

/** A row of data by names of fields; times and days as canonical text. Fields without a value are left out. */
export type Sample = Readonly<Record<string, string>>

/**
 * Filters whose values come from the data. All conditions of one filter are about one row, so that `and` finds
 * something, and most find neither everything nor nothing.
 */
export function filtersOf(
  fields: readonly FilterField[],
  samples: readonly Sample[],
): fc.Arbitrary<FilterNode> {
  return fc.constantFrom(...samples).chain(sample => filterTrees(leavesOf(fields, sample)))
}

function leavesOf(fields: readonly FilterField[], sample: Sample): fc.Arbitrary<FilterNode> {
  const all = fields.flatMap(field => {
    const value = sample[field.name]
    return value === undefined ? [] : [{ field, value }]
  })
  const texts = all.filter(({ field }) => isText(field))
  const free = texts.filter(({ field, value }) => field.freeText && value !== '')
  const ranged = all.filter(({ field }) => field.type !== 'boolean')
  const names = fields.map(field => field.name)
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...all).chain(equal) },
    { weight: 3, arbitrary: fc.constantFrom(...texts).chain(({ field, value }) => pattern(field.name, value)) },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...ranged), operators).chain(([at, operator]) => ranges(at, operator)) },
    { weight: 1, arbitrary: fc.constantFrom(...names).map(name => match(name, ANYTHING)) },
    ...(free.length === 0 ? [] : [{ weight: 1, arbitrary: fc.constantFrom(...free).chain(({ value }) => freeText(value)) }]),
  ) // biome-ignore format: a table
}

interface Held {
  readonly field: FilterField
  readonly value: string
}

const isText = (field: FilterField): boolean => field.type === 'keyword' || field.type === 'path'

const equal = ({ field, value }: Held): fc.Arbitrary<FilterNode> => {
  const typed = fc.constantFrom(value, ...(field.caseInsensitive ? [value.toUpperCase()] : []))
  // A time with a fraction is an instant, which a day never equals; a day is typed as it is.
  const text = field.type === 'timestamp' ? rounded(value) : typed
  return text.map(of => match(field.name, literal(of)))
}

const ranges = ({ field, value }: Held, operator: RangeOperator): fc.Arbitrary<FilterNode> => {
  const text = field.type === 'timestamp' || field.type === 'date' ? rounded(value) : fc.constant(value)
  return text.map(of => range(field.name, operator, literal(of)))
}

/** A time to the day, hour, minute, second, or as it is. */
const rounded = (time: string): fc.Arbitrary<string> =>
  time.length === 10
    ? fc.constant(time)
    : fc.constantFrom(time, time.slice(0, 10), time.slice(0, 13), time.slice(0, 16), `${time.slice(0, 19)}Z`)

/** What begins so, ends so, contains it, or has its ends; never with white space at an edge, which is refused. */
function pattern(name: string, value: string): fc.Arbitrary<FilterNode> {
  return patterns(value).map(value => match(name, value))
}

function patterns(value: string): fc.Arbitrary<FilterValue> {
  const characters = Array.from(value)
  return fc.tuple(fc.nat(characters.length), fc.nat(characters.length), fc.nat(3)).map(([a, b, form]) => {
    const [from, to] = a < b ? [a, b] : [b, a]
    const cut = (start: number, end?: number): string => characters.slice(start, end).join('')
    const first = cut(0, from).trimStart()
    const last = cut(to).trimEnd()
    if (form === 0) return wildcard(first, '')
    if (form === 1) return wildcard('', last)
    return form === 2
      ? wildcard(first, last)
      : wildcard('', ...[cut(from, to)].filter(part => part !== ''), '')
  })
}

/** Without white space beside a star, which is refused. */
const freeText = (value: string): fc.Arbitrary<FilterNode> =>
  fc
    .oneof(fc.constant(literal(value)), patterns(value))
    .map(of => (of.kind === 'wildcard' && of.parts.some(part => /\s/u.test(part)) ? literal(value) : of))
    .filter(of => of.kind === 'literal' || of.parts.some(part => part !== ''))
    .map((of): FilterNode => ({ kind: 'text', value: of, at: AT }))

/** A field of a made-up view, in a column of its name. */
export const field = (
  name: string,
  type: FilterField['type'],
  more: Partial<FilterField> = {},
): FilterField => ({
  name,
  aliases: [],
  type,
  column: name,
  description: '',
  ...more,
})
