import { fieldKey } from '../../model/ids.ts'
import type { ChunkLayout } from '../chunk.ts'
import type { ReaderContext } from '../format.ts'
import { pickFields } from '../pick-fields.ts'
import { byteString } from '../row-support.ts'

/**
 * Columns that IIS itself writes, by their name in #Fields (lower case), and the chunk column each feeds.
 * Source: HTTP Server API "W3C Logging" and the IIS logFile reference.
 */
const STANDARD: Readonly<Record<string, string>> = {
  's-ip': 'server_ip', 'cs-method': 'method', 'cs-uri-stem': 'stem', 'cs-uri-query': 'query_raw',
  's-port': 'server_port', 'cs-username': 'username', 'c-ip': 'peer_ip', 'cs-version': 'protocol',
  'cs(user-agent)': 'user_agent', 'cs(referer)': 'referer', 'cs(referrer)': 'referer', 'cs-host': 'host_header',
  'sc-status': 'status', 'sc-substatus': 'substatus', 'sc-win32-status': 'win32_status', 'sc-bytes': 'bytes_out',
  'cs-bytes': 'bytes_in', 's-sitename': 'site_column', 's-computername': 'host_column',
} // biome-ignore format: a table

/** Columns whose values must be unsigned numbers; time-taken may have decimals. */
const NUMERIC = new Set(['s-port', 'sc-status', 'sc-substatus', 'sc-win32-status', 'sc-bytes', 'cs-bytes'])

/** Columns that the reader writes before each raw row. */
export const APP_PREFIX = [
  'source_id',
  'host',
  'site', 'line_no', 'byte_offset', 'hop_id', 'end_s', 'duration_us', 'correlation_id', 'correlation_raw',
  'correlation_field', 'other_ids', 'traceparent', 'subject_kind', 'subject_issuer', 'subject_name', 'subject_raw',
  'forwarded_for', 'attributes',
] as const // biome-ignore format: a table

/** An unmapped column: its place and the start of its member in the attributes object. */
interface Extra {
  readonly index: number
  readonly member: string
}

/** What the reader needs to know about one #Fields directive. Indexes are column positions, -1 where absent. */
export interface FieldBinding {
  readonly names: readonly string[]
  readonly date: number
  readonly time: number
  readonly timeTaken: number
  readonly host: number
  readonly site: number
  readonly username: number
  readonly numeric: readonly number[]
  /** Columns that are secrets as a whole (an Authorization header logged as a custom field). */
  readonly secret: readonly number[]
  readonly ids: readonly { readonly index: number; readonly name: string }[]
  readonly traceparent: number
  readonly subjects: readonly number[]
  readonly forwardedFor: number
  readonly extras: readonly Extra[]
  readonly layout: ChunkLayout
}

/**
 * Binds the names of a #Fields directive to what the reader does with each column. Never by position: IIS
 * versions, Azure and administrators order and choose columns differently.
 */
export function bindFields(names: readonly string[], context: ReaderContext): FieldBinding {
  const lower = names.map(name => name.toLowerCase())
  const find = (name: string): number => lower.indexOf(name)
  const custom = lower
    .map((name, index) => ({ name: headerName(name), index }))
    .filter(c => isCustom(lower[c.index] ?? ''))
  const ids = pickFields(context.appFields.correlation, custom)
  const subjects = pickFields(context.appFields.subject, custom).map(field => field.index)
  const traceparent = custom.find(c => fieldKey(c.name) === 'traceparent')?.index ?? -1
  const columns = lower.map(name => STANDARD[name] ?? '')
  return {
    names,
    date: find('date'),
    time: find('time'),
    timeTaken: find('time-taken'),
    host: find('s-computername'),
    site: find('s-sitename'),
    username: find('cs-username'),
    numeric: lower.flatMap((name, index) => (NUMERIC.has(name) ? [index] : [])),
    secret: custom.filter(c => context.scrubber.isSecretName(c.name)).map(c => c.index),
    ids,
    traceparent,
    subjects,
    forwardedFor: custom.find(c => fieldKey(c.name) === 'xforwardedfor')?.index ?? -1,
    extras: lower.flatMap((name, index) => {
      const kept = name === 'cs(cookie)' || name === 'streamid' || isCustom(name)
      const stored = ids[0]?.index === index || index === traceparent
      return kept && !stored ? [{ index, member: `${JSON.stringify(byteString(headerName(name)))}:` }] : []
    }),
    layout: {
      kind: 'app',
      delimiter: ' ',
      quote: undefined,
      nullText: '-',
      columns: [...APP_PREFIX, ...dropRepeats(columns)],
      key: `app ${columns.join(' ')}`,
    },
  }
}

const PLAIN = new Set([
  ...Object.keys(STANDARD),
  's-sitename',
  's-computername',
  'date',
  'time',
  'time-taken',
  'cs(cookie)',
  'streamid',
])

function isCustom(name: string): boolean {
  return !PLAIN.has(name)
}

/** `cs(X-Name)`, `sc(X-Name)` and `x(X-Name)` are the header X-Name. */
function headerName(name: string): string {
  return /^(?:cs|sc|x)\((.+)\)$/.exec(name)?.[1] ?? name
}

function dropRepeats(columns: readonly string[]): string[] {
  return columns.map((name, index) => (name && columns.indexOf(name) < index ? '' : name))
}
