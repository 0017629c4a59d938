/** The filter language: text → parseFilter → bindFilter → toSql, or another compiler of BoundFilter. */
export type { FilterNode, Span } from './ast.ts'
export { bindFilter } from './bind.ts'
export type {
  BoundCompare,
  BoundFilter,
  BoundLeaf,
  BoundOperator,
  BoundValue,
  BoundWildcard,
} from './bound.ts'
export { canonicalBound, canonicalFilter } from './canonical.ts'
export type { FilterField, FilterFieldType } from './fields.ts'
export { parseFilter } from './parse.ts'
export { type FilterParameter, type FilterSql, type SqlOptions, toSql } from './sql.ts'
export { formatDate, formatTime } from './time.ts'
