import type { ChunkLayout } from '../chunk.ts'
import type { ReaderContext } from '../format.ts'
import type { RowBinding } from '../w3c/binding.ts'
import { type Extra, extrasOf, headerName } from '../w3c/values.ts'

/**
 * Columns that HTTP.sys writes, by their name in #Fields (lower case), and the chunk column each feeds; an empty name is
 * a column that the reader takes itself. All others (stream ids, transport, sizes, cookies) go among the attributes.
 * Source: HTTP Server API, "Format of the HTTP Server API error logs" and "Error logging in Windows Server 2003 SP1".
 */
const STANDARD: ReadonlyMap<string, string> = new Map([
  ['date', ''], ['time', ''], ['s-computername', ''], ['c-ip', 'peer_ip'], ['c-port', 'peer_port'], ['s-ip', 'server_ip'],
  ['s-port', 'server_port'], ['cs-version', 'protocol'], ['cs-method', 'method'], ['cs-uri', 'uri'], ['sc-status', 'status'],
  ['s-siteid', 'site_id'], ['s-reason', 'reason'], ['s-queuename', 'queue'], ['cs-host', 'host_header'],
  ['cs(user-agent)', 'user_agent'],
]) // biome-ignore format: a table

const NUMERIC = new Set(['c-port', 's-port', 'sc-status'])
const NUMBER_DIGITS = 9

/** Columns that the reader writes before each raw row. */
const KERNEL_PREFIX = [
  'source_id', 'line_no', 'byte_offset', 'hop_id', 'end_s', 'host', 'attributes',
] as const // biome-ignore format: a table

const BEFORE_STATUS = 'date time c-ip c-port s-ip s-port cs-version cs-method cs-uri'
const FROM_STATUS = 'sc-status s-siteid s-reason s-queuename'

/**
 * The default columns of the versions of Windows, by their number: until Windows Server 2012 R2, since 2016 with the
 * stream of HTTP/2, since 2022 with the transport. A row without a header is told by it.
 * Source: logs of each; log2timeline/plaso#4879 for the last.
 */
const BY_COUNT: ReadonlyMap<number, readonly string[]> = new Map(
  [
    `${BEFORE_STATUS} ${FROM_STATUS}`,
    `${BEFORE_STATUS} streamid ${FROM_STATUS}`,
    `${BEFORE_STATUS} streamid streamid_ex ${FROM_STATUS} transport`,
  ].map(names => names.split(' ')).map(names => [names.length, names]),
) // biome-ignore format: a table

export interface KernelBinding extends RowBinding {
  readonly host: number
  readonly reason: number
  readonly extras: readonly Extra[]
}

/** Binds the names of a #Fields directive, never by position. Of two columns with one name the first counts. */
export function bindKernelFields(names: readonly string[], context: ReaderContext): KernelBinding {
  const lower = names.map(name => name.toLowerCase())
  const find = (name: string): number => lower.indexOf(name)
  const columns = lower.map((name, index) => (find(name) === index ? (STANDARD.get(name) ?? '') : ''))
  const secrets = (isSecret: (name: string) => boolean): number[] =>
    lower.flatMap((name, index) => (!STANDARD.has(name) && isSecret(headerName(name)) ? [index] : []))
  return {
    names,
    date: find('date'),
    time: find('time'),
    // Among the attributes, where it is logged at all: what it measures of a refused request is not documented.
    timeTaken: -1,
    host: find('s-computername'),
    reason: find('s-reason'),
    numeric: lower.flatMap((name, index) =>
      NUMERIC.has(name) && columns[index] ? [{ index, digits: NUMBER_DIGITS }] : [],
    ),
    secret: secrets(context.scrubber.isSecretName),
    identitySecret: secrets(context.identityScrubber.isSecretName),
    extras: extrasOf(lower, name => STANDARD.has(name)),
    layout: layoutOf(columns),
  }
}

/** The names of so many columns, where a version of Windows logs that many by default. */
export function namesByCount(count: number): readonly string[] | undefined {
  return BY_COUNT.get(count)
}

function layoutOf(columns: readonly string[]): ChunkLayout {
  return {
    kind: 'kernel',
    delimiter: ' ',
    quote: undefined,
    nullText: '-',
    columns: [...KERNEL_PREFIX, ...columns],
    key: `kernel ${columns.join(' ')}`,
  }
}
