import type { Format } from '../format.ts'
import { W3cReader } from './reader.ts'

/** Names in #Fields that say a W3C extended log was written by IIS. */
const IIS_FIELDS =
  /(?:^|\s)(?:cs-method|cs-uri-stem|sc-status|s-ip|c-ip|sc-win32-status|time-taken|cs-uri-query)(?:\s|$)/i

export const iisW3c: Format = {
  name: 'iis-w3c',
  description: 'IIS W3C extended log (IIS 6 to 10, Azure App Service)',
  detect: head => {
    const first = head.text.slice(head.text.search(/[^\s\0]/))
    if (!first.startsWith('#')) return false
    const fields = /^#Fields:[ \t]*(.*)$/im.exec(head.text)?.[1]
    if (fields !== undefined) return IIS_FIELDS.test(fields)
    return /^#Software:\s*Microsoft (?:Internet Information|HTTP Server)/im.test(head.text)
  },
  open: (context, resume) => new W3cReader(context, resume),
}
