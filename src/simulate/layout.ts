/**
 * Column sets of the IIS hosts. Standard columns stand in the order of HTTP.sys, custom fields after them
 * (reference: IIS 3.1). The base is the IIS 10 default of 15 columns.
 */
export interface Layout {
  readonly fields: readonly string[]
  /** A log with a custom field is named `u_exYYMMDD_x.log`. */
  readonly hasCustomFields: boolean
  readonly logsId: boolean
}

const STANDARD_ORDER = [
  'date',
  'time',
  's-sitename',
  's-computername',
  's-ip',
  'cs-method',
  'cs-uri-stem',
  'cs-uri-query',
  's-port',
  'cs-username',
  'c-ip',
  'cs-version',
  'cs(User-Agent)',
  'cs(Cookie)',
  'cs(Referer)',
  'cs-host',
  'sc-status',
  'sc-substatus',
  'sc-win32-status',
  'sc-bytes',
  'cs-bytes',
  'time-taken',
] as const

const DEFAULT_FIELDS = [
  'date',
  'time',
  's-ip',
  'cs-method',
  'cs-uri-stem',
  'cs-uri-query',
  's-port',
  'cs-username',
  'c-ip',
  'cs(User-Agent)',
  'cs(Referer)',
  'sc-status',
  'sc-substatus',
  'sc-win32-status',
  'time-taken',
] as const

export const CORRELATION_FIELD = 'X-Correlation-ID'
export const USER_FIELD = 'X-Forwarded-User'
export const CERTIFICATE_FIELDS = ['CERT_SUBJECT', 'CERT_SERIALNUMBER'] as const
export const ADDRESS_FIELD = 'X-Forwarded-For'

/** @param extra standard columns beyond the default of IIS 10 */
export function toLayout(extra: readonly string[], custom: readonly string[]): Layout {
  const wanted = new Set<string>([...DEFAULT_FIELDS, ...extra])
  return {
    fields: [...STANDARD_ORDER.filter(name => wanted.has(name)), ...custom],
    hasCustomFields: custom.length > 0,
    logsId: custom.includes(CORRELATION_FIELD),
  }
}
