import { FACT_COLUMNS } from '../model/hop.ts'
import { quoteIdentifier } from './query.ts'

/** Where a record stands, how its stamps were written, and what a configuration reads out of it. */
const NOT_CONTENT = new Set([
  'hop_id', 'source_id', 'line_no', 'byte_offset', 'field_count', 'stamp_rule', 'resolution_ms', 'application',
  'subject_kind', 'subject_issuer', 'subject_name', 'subject_raw',
]) // biome-ignore format: a table

/**
 * SQL of a digest over what a gateway record says: equal for the same record in another export, another for a second
 * version of it. Only needed where two records share a hop id, so it is computed there.
 *
 * @param table alias of the facts
 */
export function gatewayContent(table: string): string {
  const values = FACT_COLUMNS.gateway
    .filter(column => !NOT_CONTENT.has(column.name))
    .map(column => `coalesce(${table}.${quoteIdentifier(column.name)}::VARCHAR, '')`)
  return `sha256(concat_ws(chr(31), ${values.join(', ')}))[:32]::UUID`
}
