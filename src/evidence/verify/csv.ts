import type { RequestRecord } from './record.ts'
import { stampText } from './record-columns.ts'

/** What people look at first; population.ndjson has every column. */
const CSV_COLUMNS = [
  'request_id', 'start_ts', 'duration_us', 'state', 'outcome', 'status', 'method', 'path', 'subject', 'subject_kind', 'app_subject',
  'client_id', 'client_ip', 'application', 'proxy', 'host', 'decided_by', 'decided_detail', 'app_status', 'correlation_id',
  'link_method', 'confidence',
] as const // biome-ignore format: a table

export const CSV_HEADER = CSV_COLUMNS.join(',')

/**
 * A record of population.csv (RFC 4180) without its line end CR LF. A cell that a spreadsheet would run as a formula
 * begins with an apostrophe.
 */
export function csvRecord(record: RequestRecord): string {
  let line = ''
  for (const column of CSV_COLUMNS) {
    const value = record[column]
    if (line !== '' || column !== CSV_COLUMNS[0]) line += ','
    if (value === undefined) continue
    if (column === 'start_ts') line += stampText(Number(value))
    else line += typeof value === 'string' ? cell(value) : String(value)
  }
  return line
}

/** What makes a cell something else than its text; one look tells that most are plain. */
const SPECIAL = /^[=+\-@\t\r]|[",\r\n]/

function cell(text: string): string {
  if (!SPECIAL.test(text)) return text
  const guarded = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  if (!/[",\r\n]/.test(guarded)) return guarded
  // A record is one line, whatever a log says.
  return `"${guarded.replaceAll('"', '""').replaceAll('\r', '\\r').replaceAll('\n', '\\n')}"`
}
