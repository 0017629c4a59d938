import type { Host } from './company.ts'
import { ADDRESS_FIELD, CERTIFICATE_FIELDS, CORRELATION_FIELD, type Layout, USER_FIELD } from './layout.ts'
import type { OutputFile } from './output.ts'
import { dateTimeText, MS_US, SECOND_US } from './times.ts'
import type { AppHandling } from './traffic.ts'

/** A value as text or number, or a value met before with the space in front of it, as bytes. */
type Column = (handling: AppHandling) => string | number | Uint8Array

/** Writes a row of one layout, without its end. */
export type RowWriter = (file: OutputFile, handling: AppHandling) => void

/** Spaces are written '+', and so is what cannot be printed; an absent value is '-' (reference: IIS 5.1, 2.3). */
function plus(text: string): string {
  return text === '' ? '-' : text.replace(/[\x00-\x20\x7f]/g, '+')
}

const MAX_KNOWN = 10_000
const knownValues = new Map<string, Uint8Array>()

/** For values that come again and again: addresses, agents, hosts. */
function known(text: string): Uint8Array {
  const before = knownValues.get(text)
  if (before !== undefined) return before
  const made = Buffer.from(` ${plus(text)}`)
  if (knownValues.size < MAX_KNOWN) knownValues.set(text, made)
  return made
}

/** The stem is the path decoded once as UTF-8 (reference: IIS 5.2). */
function stem(path: string): string {
  return path.includes('%') ? plus(decodeURIComponent(path)) : path
}

/** `time` is the end of the request on the host's own clock, cut to whole seconds (reference: IIS 4.1). */
export function loggedSecond(handling: AppHandling): number {
  return loggedSecondAt(handling.host, handling.endUs)
}

/** The second that a host logs at a moment of true time. */
export function loggedSecondAt(host: Host, us: number): number {
  return Math.floor((us + host.clock(us)) / SECOND_US)
}

/** Milliseconds, cut, by a timer that no clock change touches; a coarse one sees only its ticks. */
export function timeTakenMs(handling: AppHandling): number {
  const { tickPhaseUs, tickUs } = handling.host
  if (tickUs === 0) return Math.floor((handling.endUs - handling.startUs) / MS_US)
  const ticks = (us: number) => Math.floor((us + tickPhaseUs) / tickUs)
  const tickedUs = (ticks(handling.endUs) - ticks(handling.startUs)) * tickUs
  return Math.floor(tickedUs / MS_US)
}

const COLUMNS: Record<string, Column> = {
  's-sitename': handling => known(`W3SVC${handling.host.siteId}`),
  's-computername': handling => known(handling.host.name),
  's-ip': handling => known(handling.host.ip),
  'cs-method': handling => known(handling.method),
  'cs-uri-stem': handling => stem(handling.path),
  'cs-uri-query': handling => (handling.query === '' ? known('-') : handling.query),
  's-port': () => 443,
  'cs-username': handling => known(handling.username),
  'c-ip': handling => known(handling.peerIp),
  'cs-version': () => 'HTTP/1.1',
  'cs(User-Agent)': handling => known(handling.userAgent),
  'cs(Cookie)': handling => (handling.cookie === '-' ? known('-') : plus(handling.cookie)),
  'cs(Referer)': handling => known(handling.referer),
  'cs-host': handling => known(handling.hostHeader),
  'sc-status': handling => handling.status,
  'sc-substatus': handling => handling.substatus,
  'sc-win32-status': handling => handling.win32,
  'sc-bytes': handling => handling.sentBytes,
  'cs-bytes': handling => handling.receivedBytes,
  'time-taken': handling => timeTakenMs(handling),
  [CORRELATION_FIELD]: handling => handling.correlationId,
  [USER_FIELD]: handling => known(handling.forwardedUser),
  [ADDRESS_FIELD]: handling => known(handling.forwardedFor),
  [CERTIFICATE_FIELDS[0]]: handling => known(handling.hasCertificate ? 'CN=gateway.corp.example' : '-'),
  [CERTIFICATE_FIELDS[1]]: handling => known(handling.hasCertificate ? '5a-00-00-01' : '-'),
}

/** `date` and `time` are the first two columns of every layout: one text with the space between them. */
export function rowWriter(layout: Layout): RowWriter {
  const columns = layout.fields.slice(2).map(name => {
    const column = COLUMNS[name]
    if (column === undefined) throw new RangeError(`no rendering for the column ${name}`)
    return column
  })
  return (file, handling) => {
    file.text(dateTimeText(loggedSecond(handling)))
    for (const column of columns) {
      const value = column(handling)
      if (typeof value === 'number') file.text(' ').integer(value)
      else if (typeof value === 'string') file.text(' ').text(value)
      else file.bytes(value)
    }
  }
}

/** @param second when the block is written, on the host's clock */
export function headerLines(layout: Layout, second: number): string[] {
  return [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Version: 1.0',
    `#Date: ${dateTimeText(second)}`,
    `#Fields: ${layout.fields.join(' ')}`,
  ]
}
