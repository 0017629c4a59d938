import type { SourceRecord } from '../ledger/entry.ts'

/** Brings up to date what a person should know about a source as far as it was read. */
export function addWarnings(record: SourceRecord): void {
  const { accounting } = record
  const isIis = record.format === 'iis-w3c'
  if (!(isIis || record.format === 'iis-httperr') || accounting.decoded === 0) return
  const warnings = new Set(accounting.warnings)
  const set = (code: string, isTrue: boolean): void => {
    if (isTrue) warnings.add(code)
    else warnings.delete(code)
  }
  set('host-unknown', !record.host && !hasColumn(record, 's-computername'))
  set('no-id-field', isIis && Object.keys(accounting.idFields).length === 0)
  accounting.warnings = [...warnings]
}

function hasColumn(record: SourceRecord, name: string): boolean {
  const { fields } = record.state.format
  return Array.isArray(fields) && fields.some(field => String(field).toLowerCase() === name)
}
