import type { LeafColumn } from '../model/leaf-text.ts'
import { quoteIdentifier, quoteText } from './query.ts'

/** SQL of the canonical text of a row (src/model/leaf-text.ts). The macros are in macros.sql. */
export function leafTextSql(columns: readonly LeafColumn[]): string {
  const first = columns.filter(c => !c.isLater).map(c => `${valueSql(c)}, chr(9)`)
  const later = columns
    .filter(c => c.isLater)
    .map(
      c =>
        `CASE WHEN ${quoteIdentifier(c.name)} IS NOT NULL THEN concat(${quoteText(`${c.name}=`)}, ${valueSql(c)}, chr(9)) END`,
    )
  return `concat(${[...first, ...later].join(', ')})`
}

/** `concat` leaves NULL out, and writes integers, booleans and days as they are. */
function valueSql({ name, sql }: LeafColumn): string {
  const column = quoteIdentifier(name)
  if (sql === 'UUID') return `hex_id(${column})`
  if (sql === 'TIMESTAMP') return `epoch_us(${column})`
  if (sql === 'DOUBLE') return `leaf_double(${column})`
  if (sql === 'VARCHAR[]') return `leaf_list(${column})`
  return sql === 'VARCHAR' ? `leaf_value(${column})` : column
}
