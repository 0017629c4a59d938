import { hash } from 'node:crypto'
import { CONFIDENCE_UNITS } from './document-sql.ts'
import { type DocumentField, HASHED_FIELDS } from './fields.ts'

/** A document as the server gives it back. */
export type Source = Readonly<Record<string, unknown>>

const ABSENT = '\\N'
const SEPARATOR = '\u001f'

/** What the hash of a record covers, by the fields that hold it; the order is that of `population.ts`. */
const RECORD_FIELDS = [
  'event.id', 'throughline.state', '@timestamp', 'event.end', 'http.request.method', 'url.path', 'url.query',
  'http.response.status_code', 'throughline.gateway.status', 'throughline.target.status', 'throughline.app.status',
  'throughline.app.substatus', 'throughline.subject.kind', 'user.domain', 'user.name', 'throughline.app.subject',
  'throughline.client.id', 'event.outcome', 'throughline.decided_by', 'throughline.gateway.hop_id',
] as const // biome-ignore format: a table

const BY_NAME = new Map(HASHED_FIELDS.map(field => [field.name, field]))

/** The hash of a document, from what it says: a second way to what SQL makes of the store. */
export function documentHash(source: Source): string {
  const parts = HASHED_FIELDS.flatMap(field => {
    const text = textOf(field, source[field.name])
    if (!field.isLater) return [text]
    return text === ABSENT ? [] : [`${field.name}=${text}`]
  })
  return sha256(parts).slice(0, 16)
}

/** The hash of the record that a document holds, as the population hash takes it. */
export function recordHash(source: Source): string {
  const parts = RECORD_FIELDS.map(name => {
    const field = BY_NAME.get(name)
    return field ? textOf(field, source[name]) : ABSENT
  })
  const hops = source['throughline.app.hop_ids']
  return sha256([...parts, Array.isArray(hops) ? hops.join(',') : ''])
}

function sha256(parts: readonly string[]): string {
  return hash('sha256', parts.join(SEPARATOR), 'hex')
}

function textOf({ type, isList }: DocumentField, value: unknown): string {
  if (value === undefined || value === null) return ABSENT
  if (isList) return Array.isArray(value) ? value.map(elementText).join(',') : ABSENT
  if (type === 'date_nanos') return String(microsOf(String(value)))
  if (type === 'double') return String(Math.round(Number(value) * CONFIDENCE_UNITS))
  return String(value)
}

function elementText(element: unknown): string {
  return typeof element === 'string' ? element : JSON.stringify(element)
}

/** `2026-07-01T08:00:00.123456Z` in µs since 1970. */
function microsOf(text: string): number {
  const [seconds = '', fraction = ''] = text.replace('Z', '').split('.')
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** Names of the fields in which two documents differ; those that only sum up the others are left out. */
export function differingFields(a: Source, b: Source): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  const derived = new Set(['throughline.document_hash', 'throughline.record_hash'])
  return [...names]
    .filter(name => !derived.has(name) && JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .sort()
}
