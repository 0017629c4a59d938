import { ThroughlineError } from '../../errors.ts'
import type { FieldReference } from './ast.ts'
import { quoted, withPlace } from './caret.ts'

export type FilterFieldType = 'keyword' | 'path' | 'integer' | 'decimal' | 'boolean' | 'timestamp' | 'date'

/** A field that a filter may name. The table of fields is handed in by whoever owns the request view. */
export interface FilterField {
  /** As shown to users and in canonical text. */
  readonly name: string
  /** Other names with the same meaning, such as the one of the Elastic Common Schema. */
  readonly aliases: readonly string[]
  readonly type: FilterFieldType
  /** The column of the request view; a plain name, quoted by the SQL compiler. */
  readonly column: string
  /** The column holds lower-case text (as `lowerCase` of values.ts makes it); typed values are lowered to match. */
  readonly caseInsensitive?: boolean
  /** The column is a list (keyword and path only) and matches when any element does. */
  readonly list?: boolean
  /** A value without a field is looked for in this field (keyword and path only). */
  readonly freeText?: boolean
  readonly description: string
}

const ADVICE = 'list all fields with: throughline query --fields'

/**
 * Finds fields by name or alias; the case counts, as in Kibana.
 * The returned function throws ThroughlineError FILTER_FIELD, which suggests the nearest name.
 */
export function fieldLookup(fields: readonly FilterField[]): (reference: FieldReference) => FilterField {
  const byName = new Map<string, FilterField>()
  for (const field of fields) for (const name of [field.name, ...field.aliases]) byName.set(name, field)
  return ({ name, at }) => {
    const field = byName.get(name)
    if (field !== undefined) return field
    const nearest = nearestName(name, [...byName.keys()])
    const headline = `the filter names the field ${quoted(name)} at character ${at.start + 1}, which does not exist`
    const advice = nearest === undefined ? ADVICE : `did you mean ${nearest}? ${ADVICE}`
    const details = { filter: at.text, offset: at.start, field: name, suggestion: nearest }
    throw new ThroughlineError('FILTER_FIELD', withPlace(headline, at, advice), details)
  }
}

/** The known name that was most likely meant: a few typing errors away, or what the typed text begins. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase()
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of names) {
    const isBeginning = wanted.length >= 3 && name.toLowerCase().startsWith(wanted)
    const distance = isBeginning ? 1 : editDistance(wanted, name.toLowerCase())
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { name, distance }
  }
  return best?.name
}

/** Insertions, deletions, replacements and swaps of neighbours (Damerau-Levenshtein, optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
