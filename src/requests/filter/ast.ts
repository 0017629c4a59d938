/** A piece of the filter text: half-open offsets in UTF-16 units. Carries the text, so that any later stage can point. */
export interface Span {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A value to be equalled. Whether it was quoted is not kept: it makes no difference to the meaning. */
export interface LiteralValue {
  readonly kind: 'literal'
  readonly text: string
  readonly at: Span
}

/** Text with stars: what stands between them, so `a*` is `['a', '']` and a bare `*` is `['', '']`. */
export interface WildcardValue {
  readonly kind: 'wildcard'
  readonly parts: readonly string[]
  readonly at: Span
}

export type FilterValue = LiteralValue | WildcardValue

/** A field as typed: neither looked up nor checked. */
export interface FieldReference {
  readonly name: string
  readonly at: Span
}

export type RangeOperator = '<' | '<=' | '>' | '>='

/**
 * A parsed filter in normal form: no `and` directly inside `and`, no `or` directly inside `or`, two items or
 * more in each, value lists (`status:(401 or 403)`) written out.
 */
export type FilterNode =
  | { readonly kind: 'all'; readonly at: Span }
  | { readonly kind: 'and' | 'or'; readonly items: readonly FilterNode[]; readonly at: Span }
  | { readonly kind: 'not'; readonly item: FilterNode; readonly at: Span }
  | MatchNode
  | RangeNode
  | TextNode

/** `field:value`; with a bare `*` as the value: the field exists. */
export interface MatchNode {
  readonly kind: 'match'
  readonly field: FieldReference
  readonly value: FilterValue
  readonly at: Span
}

/** `field >= value` */
export interface RangeNode {
  readonly kind: 'range'
  readonly field: FieldReference
  readonly operator: RangeOperator
  readonly value: LiteralValue
  readonly at: Span
}

/** A value without a field. */
export interface TextNode {
  readonly kind: 'text'
  readonly value: FilterValue
  readonly at: Span
}
