import { REQUEST_FIELDS } from '../requests/fields.ts'
import type { FilterField } from '../requests/filter/index.ts'
import { DOCUMENT_FIELDS, type DocumentField } from './fields.ts'

/** Names beyond those of the filter language, and what they stand for. */
const FURTHER: Readonly<Record<string, string>> = {
  'event.start': '@timestamp',
  'link.method': 'throughline.link.method',
  'link.confidence': 'throughline.link.confidence',
  'link.final': 'throughline.link.final',
}

/** The field of documents that holds what a field of the filter language means. */
export function documentFieldOf({ name, column }: Pick<FilterField, 'name' | 'column'>): DocumentField {
  const found = DOCUMENT_FIELDS.find(f => f.sql === column)
  if (!found) throw new Error(`no field of documents holds ${name}`)
  return found
}

/**
 * Every further name that searches may use, with the field that it stands for: a filter means the same in Kibana. Names
 * that are fields themselves, such as `client.ip`, are not among them.
 */
export function fieldAliases(): Map<string, string> {
  const own = new Set(DOCUMENT_FIELDS.map(f => f.name))
  const aliases = new Map<string, string>()
  for (const field of REQUEST_FIELDS) {
    const { name } = documentFieldOf(field)
    for (const alias of [field.name, ...field.aliases]) if (!own.has(alias)) aliases.set(alias, name)
  }
  for (const [alias, name] of Object.entries(FURTHER)) aliases.set(alias, name)
  return aliases
}

/** Fields that a value without a field name is looked for in. */
export function freeTextFields(): string[] {
  return REQUEST_FIELDS.filter(f => f.freeText).map(f => documentFieldOf(f).name)
}
