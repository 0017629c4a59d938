import type { Redactor } from '../model/redact.ts'
import type { BoundFilter, BoundLeaf } from '../requests/filter/index.ts'
import { PSEUDONYM_COLUMNS, PSEUDONYMS, WITHHELD_COLUMNS } from './redaction.ts'

/** The id of an incident is made of whom it is about. */
const HIDDEN: ReadonlySet<string> = new Set([...WITHHELD_COLUMNS, ...PSEUDONYM_COLUMNS, 'incidents'])

/** A filter in which no person is named: what it compares with is a stand-in as well. */
export function redactFilter(filter: BoundFilter, redact: Redactor): BoundFilter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, items: filter.items.map(item => redactFilter(item, redact)) }
    case 'not':
      return { ...filter, item: redactFilter(filter.item, redact) }
    case 'compare':
    case 'wildcard':
      return HIDDEN.has(filter.field.column) ? redactLeaf(filter, redact) : filter
    default:
      return filter
  }
}

function redactLeaf(leaf: Exclude<BoundLeaf, { kind: 'exists' }>, redact: Redactor): BoundFilter {
  const text = leaf.kind === 'wildcard' ? leaf.parts.join('*') : String(leaf.value)
  const what = PSEUDONYMS[leaf.field.column as keyof typeof PSEUDONYMS] ?? 'subject'
  return { kind: 'compare', field: leaf.field, operator: leaf.kind === 'wildcard' ? '=' : leaf.operator, value: redact(what, text) }
} // biome-ignore format: one line
