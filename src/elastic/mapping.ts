import { fieldAliases } from './aliases.ts'
import { COVERAGE_FIELDS } from './coverage-fields.ts'
import { DOCUMENT_FIELDS, type FieldType, LONGEST_SEARCHED } from './fields.ts'

type Property = Readonly<Record<string, string | number | boolean>>

export interface Mappings {
  readonly dynamic: false
  /** Names stay flat, so that `host` can be a name of `host.name`. */
  readonly subobjects: false
  readonly properties: Readonly<Record<string, Property>>
}

const TYPES: Readonly<Record<FieldType, Property>> = {
  keyword: { type: 'keyword', ignore_above: LONGEST_SEARCHED },
  long: { type: 'long' },
  double: { type: 'double' },
  boolean: { type: 'boolean' },
  date: { type: 'date', format: 'strict_date_optional_time' },
  // The second format is for searches: the first takes no time without seconds, such as 2026-07-01T08:30.
  date_nanos: {
    type: 'date_nanos',
    format: 'strict_date_optional_time_nanos||strict_date_optional_time||epoch_millis',
  },
  // What only looks like an address must not keep a document out.
  ip: { type: 'ip', ignore_malformed: true },
  flattened: { type: 'flattened', ignore_above: LONGEST_SEARCHED },
}

function propertyOf(field: {
  readonly type: FieldType
  readonly isFolded?: boolean
  readonly isStored?: boolean
}): Property {
  if (field.isStored) return { type: 'keyword', index: false, doc_values: false }
  return field.isFolded ? { ...TYPES[field.type], normalizer: 'lowercase' } : TYPES[field.type]
}

function mappingsOf(properties: readonly (readonly [string, Property])[]): Mappings {
  return { dynamic: false, subobjects: false, properties: Object.fromEntries(properties) }
}

/** How requests are indexed: every field of the table, and every further name as an alias. */
export function requestMappings(): Mappings {
  const aliases = [...fieldAliases()].map(([name, path]) => [name, { type: 'alias', path }] as const)
  return mappingsOf([...DOCUMENT_FIELDS.map(f => [f.name, propertyOf(f)] as const), ...aliases])
}

/** How coverage is indexed. */
export function coverageMappings(): Mappings {
  return mappingsOf(COVERAGE_FIELDS.map(f => [f.name, propertyOf(f)] as const))
}

/** How documents that were refused are indexed: the document itself is kept and not searched. */
export function rejectMappings(): Mappings {
  const keyword = TYPES.keyword
  return mappingsOf([
    ['@timestamp', TYPES.date],
    ['event.id', keyword],
    ['throughline.store', keyword],
    ['throughline.index', keyword],
    ['throughline.version', TYPES.long],
    ['error.type', keyword],
    ['error.message', keyword],
    ['error.code', keyword],
    ['event.original', { type: 'keyword', index: false, doc_values: false }],
  ])
}
