import type { Format, Head } from '../format.ts'
import { areExportColumns, parseHeader } from './delimited.ts'
import { DelimitedReader } from './delimited-reader.ts'
import { NdjsonReader } from './ndjson.ts'

/** Keys that only raw analytics records have; those are another dialect. */
const RAW_RECORD = /"(?:recordType|x-apigee\.[^"]+|apigee\.edge\.[^"]+|dc\.[^"]+)"\s*:/
const KEY = /"([a-z_]+)"\s*:/gi
/** Lines that are looked at: the first may be torn. */
const HEAD_LINES = 20

export const apigeeNdjson: Format = {
  name: 'apigee-export',
  description: 'Apigee analytics data export, newline-delimited JSON',
  detect: head => head.text.split('\n', HEAD_LINES).some(isExportRecord),
  open: (context, resume) => new NdjsonReader(context, resume),
}

function isExportRecord(line: string): boolean {
  if (!/^[\s\0]*\{/.test(line) || RAW_RECORD.test(line)) return false
  return areExportColumns([...line.matchAll(KEY)].map(match => (match[1] ?? '').toLowerCase()))
}

export const apigeeDelimited: Format = {
  name: 'apigee-export-delimited',
  description: 'Apigee analytics data export, delimited (comma, pipe or tab) with a header row',
  detect: head => parseHeader(firstLine(head)) !== undefined,
  open: (context, resume) => new DelimitedReader(context, resume),
}

function firstLine(head: Head): string {
  return /^[\s\0]*(.*)/.exec(head.text)?.[1]?.trimEnd() ?? ''
}
