import { REQUEST_FIELDS } from '../../requests/fields.ts'
import type { FilterField, FilterFieldType } from '../../requests/filter/index.ts'
import { documentFieldOf } from '../aliases.ts'
import { COVERAGE_FIELDS } from '../coverage-fields.ts'
import type { FieldType } from '../fields.ts'
import type { Dataset } from './description.ts'

const FILTER_TYPES: Readonly<Record<Exclude<FieldType, 'flattened'>, FilterFieldType>> = {
  keyword: 'keyword',
  ip: 'keyword',
  long: 'integer',
  double: 'decimal',
  boolean: 'boolean',
  date: 'date',
  date_nanos: 'timestamp',
}

/** Coverage has no short names: its fields and its columns are called as in the mapping. */
const COVERAGE: readonly FilterField[] = COVERAGE_FIELDS.flatMap(({ name, type, description }) =>
  type === 'flattened' ? [] : [{ name, type: FILTER_TYPES[type], column: name, description, aliases: [] }],
)

const FIELDS: Readonly<Record<Dataset, readonly FilterField[]>> = {
  requests: REQUEST_FIELDS,
  coverage: COVERAGE,
}

/** The fields that filters over a dataset may name. */
export function datasetFields(dataset: Dataset): readonly FilterField[] {
  return FIELDS[dataset]
}

/** A field by its name. A wrong name is a mistake in a description, and ends the tests. */
export function fieldOf(dataset: Dataset, name: string): FilterField {
  const field = FIELDS[dataset].find(f => f.name === name)
  if (field === undefined) throw new Error(`dashboards: the dataset ${dataset} has no field ${name}`)
  return field
}

/** The name of a field in the mapping; not one of its aliases. */
export function elasticName(dataset: Dataset, name: string): string {
  const field = fieldOf(dataset, name)
  return dataset === 'requests' ? documentFieldOf(field).name : name
}

const LENS_TYPES = {
  keyword: 'string',
  path: 'string',
  integer: 'number',
  decimal: 'number',
  boolean: 'boolean',
  timestamp: 'date',
  date: 'date',
} as const satisfies Record<FilterFieldType, string>

/** The type of a field as Lens names it. */
export function lensType(dataset: Dataset, name: string): (typeof LENS_TYPES)[FilterFieldType] {
  return LENS_TYPES[fieldOf(dataset, name).type]
}
