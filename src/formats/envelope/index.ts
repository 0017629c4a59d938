import type { Format } from '../format.ts'
import { EnvelopeReader } from './reader.ts'
import { unwrap } from './unwrap.ts'

/** Lines that are looked at. */
const HEAD_LINES = 200
/** A directive, or the first columns of a row with or without a date. */
const W3C_LINE =
  /^\ufeff?(?:#(?:Software|Version|Date|Fields|Start-Date|End-Date|Remark):|(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d )/

export const envelope: Format = {
  name: 'envelope',
  description:
    'IIS and HTTPERR lines as log shippers wrap them in JSON (Filebeat, Elastic Agent, Logstash, Splunk)',
  detect: head => head.text.split('\n', HEAD_LINES).some(isEnvelope),
  open: (context, resume) => new EnvelopeReader(context, resume),
}

function isEnvelope(line: string): boolean {
  if (!/^[\s\0]*\{/.test(line)) return false
  try {
    const { text = '' } = unwrap(JSON.parse(line.replace(/^\0+|\0+$/g, ''))) ?? {}
    return W3C_LINE.test(text)
  } catch {
    return false
  }
}
