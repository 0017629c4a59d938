import type { Format, Head } from '../format.ts'
import { parseHeader } from './delimited.ts'
import { DelimitedReader } from './delimited-reader.ts'
import { NdjsonReader } from './ndjson.ts'

/** Keys that only raw analytics records have; those are another dialect. */
const RAW_RECORD = /"(?:recordType|x-apigee\.[^"]+|apigee\.edge\.[^"]+|dc\.[^"]+)"\s*:/
const EXPORT_KEY =
  /"(?:client_received_start_timestamp|gateway_flow_id|apiproxy|response_status_code|proxy_basepath)"\s*:/g

export const apigeeNdjson: Format = {
  name: 'apigee-export',
  description: 'Apigee analytics data export, newline-delimited JSON',
  detect: head => {
    const line = firstLine(head)
    if (!line.startsWith('{') || RAW_RECORD.test(line)) return false
    return new Set(line.match(EXPORT_KEY)).size >= 2
  },
  open: (context, resume) => new NdjsonReader(context, resume),
}

export const apigeeDelimited: Format = {
  name: 'apigee-export-delimited',
  description: 'Apigee analytics data export, delimited (comma, pipe or tab) with a header row',
  detect: head => parseHeader(firstLine(head)) !== undefined,
  open: (context, resume) => new DelimitedReader(context, resume),
}

function firstLine(head: Head): string {
  return /^[\s\0]*(.*)/.exec(head.text)?.[1]?.trim() ?? ''
}
