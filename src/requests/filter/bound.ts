import type { FilterField } from './fields.ts'

/**
 * The type follows the field: keyword and path string, integer bigint (64 bit), decimal number, boolean boolean,
 * timestamp bigint of microseconds since 1970-01-01T00:00:00Z, date the same at midnight UTC.
 */
export type BoundValue = string | bigint | number | boolean

export type BoundOperator = '=' | '<' | '<=' | '>' | '>='

export interface BoundCompare {
  readonly kind: 'compare'
  readonly field: FilterField
  /** Times have only `>=` and `<`: all that was written is turned into half-open ranges. */
  readonly operator: BoundOperator
  readonly value: BoundValue
}

/** `parts` are what stands between the stars; the field is a keyword or a path. */
export interface BoundWildcard {
  readonly kind: 'wildcard'
  readonly field: FilterField
  readonly parts: readonly string[]
}

/** The field has a value; a list has one that is not NULL. An empty text is a value. */
export interface BoundExists {
  readonly kind: 'exists'
  readonly field: FilterField
}

export type BoundLeaf = BoundCompare | BoundWildcard | BoundExists

/**
 * A filter with its fields found and its values typed; knows nothing of SQL or Elasticsearch.
 * A leaf is false where the field has no value, so `not` of it is true there. In normal form like FilterNode.
 */
export type BoundFilter =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly items: readonly BoundFilter[] }
  | { readonly kind: 'not'; readonly item: BoundFilter }
  | BoundLeaf

/** Joins filters, pulling up nested ones of the same kind. */
export function joinBound(kind: 'and' | 'or', items: readonly BoundFilter[]): BoundFilter {
  const flat = items.flatMap(item => (item.kind === kind ? item.items : [item]))
  const [only] = flat
  return only !== undefined && flat.length === 1 ? only : { kind, items: flat }
}
