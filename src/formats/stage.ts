import type { HopKind } from '../model/hop.ts'
import { parquetOptions } from '../store/parquet.ts'
import { type Database, quoteIdentifier, quoteText, sqlFile } from '../store/query.ts'
import { KNOWN } from './apigee-export/columns.ts'
import type { ChunkLayout } from './chunk.ts'

const DECODE: Readonly<Record<HopKind, string>> = {
  app: sqlFile('./iis-w3c/decode.sql', import.meta.url),
  gateway: sqlFile('./apigee-export/decode.sql', import.meta.url),
  kernel: sqlFile('./iis-httperr/decode.sql', import.meta.url),
}

/** Columns of a chunk that are not text. Readers only write digits into the numeric ones. */
const TYPES: Readonly<Record<string, string>> = {
  hop_id: 'UUID', source_id: 'INTEGER', field_count: 'INTEGER', line_no: 'BIGINT',
  byte_offset: 'BIGINT', end_s: 'BIGINT', duration_us: 'BIGINT', server_port: 'BIGINT', peer_port: 'BIGINT', status: 'BIGINT',
  substatus: 'BIGINT', win32_status: 'BIGINT', bytes_in: 'BIGINT', bytes_out: 'BIGINT', target_called: 'INTEGER',
  obfuscated: 'INTEGER', response_status_code: 'BIGINT', target_response_code: 'BIGINT', total_response_time: 'BIGINT',
  target_response_time: 'BIGINT', request_size: 'BIGINT', response_size: 'BIGINT',
} // biome-ignore format: a table

/** Columns that decoding reads but a layout may lack. */
const OPTIONAL: Readonly<Record<HopKind, readonly string[]>> = {
  app: [
    'server_ip', 'method', 'stem', 'query_raw', 'server_port', 'username', 'peer_ip', 'protocol', 'user_agent', 'referer',
    'host_header', 'status', 'substatus', 'win32_status', 'bytes_out', 'bytes_in',
  ],
  gateway: KNOWN,
  kernel: [
    'server_ip', 'server_port', 'host_header', 'queue', 'method', 'uri', 'status', 'site_id', 'reason', 'peer_ip', 'peer_port',
    'user_agent', 'protocol',
  ],
} // biome-ignore format: a table

/**
 * Decodes a chunk file into a Parquet file of facts.
 *
 * @returns the number of rows written
 */
export async function stageChunk(
  db: Database,
  chunkFile: string,
  layout: ChunkLayout,
  target: string,
): Promise<number> {
  const sql = `COPY (WITH chunk_rows AS (${chunkRows(chunkFile, layout)}) SELECT decoded.* FROM (${DECODE[layout.kind]}) AS decoded) TO ${quoteText(target)} (${parquetOptions.facts})`
  return db.run(sql)
}

function chunkRows(file: string, layout: ChunkLayout): string {
  const columns = layout.columns.map((name, index) => ({
    name: name || `unread_${index}`,
    type: typeOf(name),
  }))
  const read = columns.filter((_, index) => layout.columns[index]).map(c => quoteIdentifier(c.name))
  const missing = OPTIONAL[layout.kind].filter(name => !layout.columns.includes(name))
  const absent = missing.map(name => `NULL::${typeOf(name)} AS ${quoteIdentifier(name)}`)
  const struct = columns.map(c => `${quoteText(c.name)}: ${quoteText(c.type)}`).join(', ')
  const quote = quoteText(layout.quote ?? '')
  return `SELECT ${[...read, ...absent].join(', ')} FROM read_csv(${quoteText(file)}, auto_detect = false, header = false, delim = ${quoteText(layout.delimiter)}, quote = ${quote}, escape = ${quote}, new_line = '\\n', nullstr = ${quoteText(layout.nullText)}, max_line_size = 16777216, buffer_size = 33554432, columns = {${struct}})`
}

function typeOf(column: string): string {
  return TYPES[column] ?? (column.endsWith('_us') ? 'BIGINT' : 'VARCHAR')
}
