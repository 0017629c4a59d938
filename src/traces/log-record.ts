import { AttributeSet } from './attributes.ts'
import type { AppLeg } from './legs.ts'
import type { Attributes, Span } from './span.ts'

/** A line of IIS or of HTTP.sys as OpenTelemetry's logs know it, with the ids of the span that was made from it. */
export interface LogRecord {
  readonly traceId: string
  readonly spanId: string
  /** Logged end, µs since 1970, on the host's own clock. */
  readonly atUs: number
  /** The line as the store holds it: secrets replaced, columns in the order of `LINE_COLUMNS` or `KERNEL_COLUMNS`. */
  readonly body: string
  /** SeverityNumber and its short name. Source: OpenTelemetry, logs data model. */
  readonly severity: readonly [number: number, text: 'INFO' | 'WARN' | 'ERROR']
  readonly attributes: Attributes
  readonly resource: Attributes
}

/** Columns of a line, in the order that IIS logs them by default, then the others that have a place of their own. */
export const LINE_COLUMNS = [
  'date', 'time', 's-sitename', 's-computername', 's-ip', 'cs-method', 'cs-uri-stem', 'cs-uri-query', 's-port', 'cs-username',
  'c-ip', 'cs-version', 'cs(User-Agent)', 'cs(Referer)', 'cs-host', 'sc-status', 'sc-substatus', 'sc-win32-status',
  'sc-bytes', 'cs-bytes', 'time-taken',
] as const // biome-ignore format: a table

/** Columns of an HTTPERR line, in the order of its first version; streams and transport stand behind them. */
export const KERNEL_COLUMNS = [
  'date', 'time', 'c-ip', 'c-port', 's-ip', 's-port', 'cs-version', 'cs-method', 'cs-uri', 'sc-status', 's-siteid', 's-reason',
  's-queuename',
] as const // biome-ignore format: a table

/** @param sourcePath path of the log, where it is known */
export function logRecordOf(hop: AppLeg, span: Span, sourcePath: string | undefined): LogRecord {
  const set = new AttributeSet()
    .put('log.file.path', sourcePath)
    .put('throughline.hop.id', hop.hop_id)
    .put('throughline.source.line', hop.line_no)
    .put('throughline.source.offset', hop.byte_offset)
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    atUs: hop.end_us,
    body: lineOf(hop),
    severity: severityOf(hop),
    attributes: set.all,
    resource: span.resource,
  }
}

function severityOf({ status, kernel }: AppLeg): LogRecord['severity'] {
  if (status === null ? kernel : status >= 500) return [17, 'ERROR']
  return status !== null && status >= 400 ? [13, 'WARN'] : [9, 'INFO']
}

/** The line, then the columns of the site's own as `name=value`. */
function lineOf(hop: AppLeg): string {
  const [date = '', time = ''] = new Date(Math.floor(hop.end_us / 1000)).toISOString().slice(0, 19).split('T')
  const values = [date, time, ...(hop.kernel ? kernelValues(hop) : iisValues(hop))]
  const own = ownColumns(hop.attributes).map(([name, value]) => `${name}=${value}`)
  return [...values.map(value => (value === null || value === '' ? '-' : String(value))), ...own].join(' ')
}

type Values = readonly (string | number | null)[]

function iisValues(hop: AppLeg): Values {
  return [
    hop.site, hop.host, hop.server_ip, hop.method, hop.path, hop.query, hop.server_port, hop.username, hop.peer_ip,
    hop.protocol, hop.user_agent, hop.referer, hop.host_header, hop.status, hop.substatus, hop.win32_status, hop.bytes_out,
    hop.bytes_in, hop.duration_us === null ? null : Math.round(hop.duration_us / 1000),
  ] // biome-ignore format: a table
}

function kernelValues(hop: AppLeg): Values {
  return [
    hop.peer_ip, hop.peer_port, hop.server_ip, hop.server_port, hop.protocol, hop.method,
    hop.query === null ? hop.path : `${hop.path ?? ''}?${hop.query}`, hop.status, hop.site_id, hop.reason, hop.queue,
  ] // biome-ignore format: a table
}

function ownColumns(attributes: string | null): [string, string][] {
  const values = attributes === null ? {} : (JSON.parse(attributes) as Record<string, unknown>)
  return Object.entries(values).map(([name, value]) => [name, String(value)])
}
