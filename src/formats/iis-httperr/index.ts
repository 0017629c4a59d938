import type { Format } from '../format.ts'
import { namesByCount } from './fields.ts'
import { HttperrReader } from './reader.ts'

const HEADER = /^#Software:\s*Microsoft HTTP API|^#Fields:.*\bs-reason\b/im
/** Two endpoints, as no row of IIS has them, and a version. */
const ROW =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [\da-f.:]+(?:%\w+)? \d{1,5} [\da-f.:]+(?:%\w+)? \d{1,5} (?:HTTP\/\S+|-) /i

export const iisHttperr: Format = {
  name: 'iis-httperr',
  description: 'HTTP.sys error log (HTTPERR): requests that were refused or dropped before IIS logged them',
  detect: head => {
    const first = head.text.slice(head.text.search(/[^\s\0]/))
    if (first.startsWith('#')) return HEADER.test(head.text)
    return isKernelRow(first.split(/\r?\n/, 1)[0] ?? '')
  },
  open: (context, resume) => new HttperrReader(context, resume),
}

/** Whether a row that no #Fields stands above is one of HTTP.sys, as far as it tells. */
export function isKernelRow(line: string): boolean {
  return ROW.test(line) && namesByCount(line.split(' ').length) !== undefined
}
