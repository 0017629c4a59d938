import { fieldKey } from '../../model/ids.ts'
import type { ChunkLayout } from '../chunk.ts'
import { byteString } from '../encoding.ts'
import type { ReaderContext } from '../format.ts'
import { pickFields } from '../pick-fields.ts'
import type { RowBinding } from '../w3c/binding.ts'
import { type Extra, extrasOf, headerName } from '../w3c/values.ts'

/**
 * Columns that IIS itself writes, by their name in #Fields (lower case), and the chunk column each feeds; an empty
 * name is a column that the reader takes itself.
 * Source: HTTP Server API "W3C Logging" and the IIS logFile reference.
 */
const STANDARD: ReadonlyMap<string, string> = new Map([
  ['s-ip', 'server_ip'], ['cs-method', 'method'], ['cs-uri-stem', 'stem'], ['cs-uri-query', 'query_raw'],
  ['s-port', 'server_port'], ['cs-username', 'username'], ['c-ip', 'peer_ip'], ['cs-version', 'protocol'],
  ['cs(user-agent)', 'user_agent'], ['cs(referer)', 'referer'], ['cs(referrer)', 'referer'], ['cs-host', 'host_header'],
  ['sc-status', 'status'], ['sc-substatus', 'substatus'], ['sc-win32-status', 'win32_status'],
  ['sc-bytes', 'bytes_out'], ['cs-bytes', 'bytes_in'], ['s-sitename', ''], ['s-computername', ''], ['date', ''],
  ['time', ''], ['time-taken', ''],
]) // biome-ignore format: a table

/** Columns whose values must be unsigned numbers, and how many digits their type holds. */
const NUMERIC: ReadonlyMap<string, number> = new Map([
  ['s-port', 9], ['sc-status', 9], ['sc-substatus', 9], ['sc-win32-status', 18], ['sc-bytes', 18], ['cs-bytes', 18],
]) // biome-ignore format: a table

/** Columns of IIS that have no column of their own in the facts and go among the attributes. */
const UNMAPPED = new Set(['cs(cookie)', 'streamid'])

/** Columns that the reader writes before each raw row. */
export const APP_PREFIX = [
  'source_id', 'host', 'site', 'line_no', 'byte_offset', 'hop_id', 'end_s', 'duration_us', 'correlation_id',
  'correlation_raw', 'correlation_field', 'other_ids', 'traceparent', 'subject_kind', 'subject_issuer', 'subject_name',
  'subject_raw', 'forwarded_for', 'attributes',
] as const // biome-ignore format: a table

/** A column by its place and the name it has in output, as a byte string. */
interface NamedColumn {
  readonly index: number
  readonly name: string
}

/** What the reader needs to know about one #Fields directive. Indexes are column positions, -1 where absent. */
export interface FieldBinding extends RowBinding {
  readonly host: number
  readonly site: number
  readonly username: number
  readonly ids: readonly NamedColumn[]
  readonly traceparent: number
  readonly subjects: readonly number[]
  readonly forwardedFor: number
  /** Unmapped columns: place and the start of their member in the attributes object. */
  readonly extras: readonly Extra[]
}

/**
 * Binds the names of a #Fields directive to what the reader does with each column. Never by position: IIS
 * versions, Azure and administrators order and choose columns differently. Of two columns with one name the first
 * counts; the second is kept among the attributes.
 */
export function bindFields(names: readonly string[], context: ReaderContext): FieldBinding {
  const lower = names.map(name => name.toLowerCase())
  const columns = chunkColumns(lower)
  const custom = lower.flatMap((name, index) =>
    STANDARD.has(name) || UNMAPPED.has(name) ? [] : [{ name: byteString(headerName(name)), index }],
  )
  const ids = pickFields(context.appFields.correlation, custom)
  const traceparent = custom.find(c => fieldKey(c.name) === 'traceparent')?.index ?? -1
  const secrets = (isSecret: (name: string) => boolean): number[] =>
    custom.filter(c => isSecret(c.name)).map(c => c.index)
  const find = (name: string): number => lower.indexOf(name)
  return {
    names,
    date: find('date'),
    time: find('time'),
    timeTaken: find('time-taken'),
    host: find('s-computername'),
    site: find('s-sitename'),
    username: find('cs-username'),
    numeric: lower.flatMap((name, index) => {
      const digits = NUMERIC.get(name)
      return digits && columns[index] ? [{ index, digits }] : []
    }),
    secret: secrets(context.scrubber.isSecretName),
    identitySecret: secrets(context.identityScrubber.isSecretName),
    ids,
    traceparent,
    subjects: pickFields(context.appFields.subject, custom).map(field => field.index),
    forwardedFor: custom.find(c => fieldKey(c.name) === 'xforwardedfor')?.index ?? -1,
    extras: extrasOf(lower, name => STANDARD.has(name), new Set([ids[0]?.index, traceparent])),
    layout: layoutOf(columns),
  }
}

/** The chunk column of each log column; empty where decoding does not read it. */
function chunkColumns(lower: readonly string[]): string[] {
  const columns = lower.map(name => STANDARD.get(name) ?? '')
  return columns.map((column, index) => (columns.indexOf(column) < index ? '' : column))
}

function layoutOf(columns: readonly string[]): ChunkLayout {
  return {
    kind: 'app',
    delimiter: ' ',
    quote: undefined,
    nullText: '-',
    columns: [...APP_PREFIX, ...columns],
    key: `app ${columns.join(' ')}`,
  }
}
