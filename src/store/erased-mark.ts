import { ERASED_NAME } from '../model/erased.ts'
import { FACT_COLUMNS, type HopKind } from '../model/hop.ts'
import { quoteIdentifier, quoteText, quoteTexts } from './query.ts'

/**
 * SQL that tells whether a person was erased from a stored hop. Only what this store has erased counts: a log may hold
 * any text.
 *
 * @param table alias of the facts
 * @param names what stands for people who were erased
 */
export function erasedMark(table: string, kind: HopKind, names: ReadonlySet<string>): string {
  if (names.size === 0) return 'FALSE'
  const texts = FACT_COLUMNS[kind]
    .filter(column => column.sql === 'VARCHAR')
    .map(column => `${table}.${quoteIdentifier(column.name)}`)
  return `list_has_any(regexp_extract_all(concat_ws(chr(31), ${texts.join(', ')}), ${quoteText(ERASED_NAME)}), ${quoteTexts([...names])})`
}
