import type { Facts, FactValue } from './facts.ts'

/**
 * Columns of the canonical texts of hops and links, in order; those that are no text say what they are. A test holds them to
 * src/model/leaf-columns.ts, which brings more than a page in a browser should carry.
 */
export interface TextColumn {
  readonly name: string
  readonly shape: 'text' | 'whole' | 'flag' | 'list' | 'fraction'
}

function columns(names: readonly string[]): TextColumn[] {
  return names.map(text => {
    const [name = '', shape = 'text'] = text.split(':')
    return { name, shape: shape as TextColumn['shape'] }
  })
}

export const LEAF_COLUMNS = {
  gateway: {
    personal: columns([
      'developer', 'developer_app', 'developer_email', 'client_id', 'access_token', 'query', 'subject_issuer',
      'subject_name', 'subject_raw', 'peer_ip', 'client_ip', 'user_agent', 'attributes',
    ]),
    rest: columns([
      'hop_id', 'field_count:whole', 'source_id:whole', 'line_no:whole', 'byte_offset:whole', 'start_ts:whole',
      'end_ts:whole', 'client_received_start_ts:whole', 'client_received_end_ts:whole', 'target_sent_start_ts:whole',
      'target_sent_end_ts:whole', 'target_received_start_ts:whole', 'target_received_end_ts:whole',
      'client_sent_start_ts:whole', 'client_sent_end_ts:whole', 'stamp_rule', 'resolution_ms:whole', 'clock',
      'target_called:flag', 'obfuscated:flag', 'organization', 'environment', 'gateway_source', 'message_id', 'proxy',
      'proxy_revision', 'product', 'application', 'method', 'path', 'path_key', 'proxy_basepath', 'proxy_pathsuffix',
      'status:whole', 'target_status:whole', 'target', 'target_host', 'target_ip', 'target_url', 'target_basepath',
      'cache_hit:flag', 'fault_code', 'fault_policy', 'is_error:flag', 'policy_error:flag', 'target_error:flag',
      'total_ms:whole', 'target_ms:whole', 'correlation_id', 'correlation_raw', 'correlation_field', 'other_ids:list',
      'traceparent', 'subject_kind', 'bytes_in:whole', 'bytes_out:whole',
    ]),
  },
  app: {
    personal: columns([
      'query', 'username', 'subject_issuer', 'subject_name', 'subject_raw', 'peer_ip', 'client_ip', 'user_agent',
      'referer', 'attributes',
    ]),
    rest: columns([
      'hop_id', 'source_id:whole', 'line_no:whole', 'byte_offset:whole', 'start_ts:whole', 'end_ts:whole',
      'duration_us:whole', 'resolution_ms:whole', 'clock', 'host', 'site', 'server_ip', 'server_port:whole',
      'host_header', 'application', 'method', 'path', 'path_key', 'arr_log_id', 'status:whole', 'substatus:whole',
      'win32_status:whole', 'handshake:flag', 'correlation_id', 'correlation_raw', 'correlation_field',
      'other_ids:list', 'traceparent', 'subject_kind', 'protocol', 'bytes_in:whole', 'bytes_out:whole',
    ]),
  },
  kernel: {
    personal: columns(['query', 'peer_ip', 'user_agent', 'attributes']),
    rest: columns([
      'hop_id', 'source_id:whole', 'line_no:whole', 'byte_offset:whole', 'end_ts:whole', 'resolution_ms:whole', 'clock',
      'host', 'site', 'site_id', 'server_ip', 'server_port:whole', 'host_header', 'queue', 'application', 'method',
      'path', 'path_key', 'status:whole', 'reason', 'peer_port:whole', 'protocol',
    ]),
  },
} // biome-ignore format: a table

/** Columns of a row of links. */
export const LINK_TEXT = columns([
  'app_hop_id', 'gateway_hop_id', 'app_day', 'near_midnight:flag', 'verdict', 'method', 'posterior:fraction', 'runner_up:fraction',
  'candidates:whole', 'id', 'gateway_field', 'app_field', 'how', 'reasons', 'duration_residual_us:whole', 'ahead_us:whole',
  'clock_low_us:whole', 'clock_high_us:whole', 'nobody:fraction', 'log_duration:fraction', 'log_place:fraction',
  'log_values:fraction', 'log_alone:fraction', 'place_residual_us:whole', 'calibrated:flag',
]) // biome-ignore format: a table

/** An empty row of some columns. All rows of a kind are copies of one, which keeps their members quick to reach. */
function template(...groups: readonly (readonly TextColumn[])[]): Facts {
  const names = groups.flat().map(({ name }) => `${JSON.stringify(name)}:null`)
  const row = JSON.parse(`{${names.join(',')}}`) as Record<string, FactValue | undefined>
  for (const name of Object.keys(row)) row[name] = undefined
  return row
}

const ESC = '\x1b'
const TAB = '\t'

/**
 * Reads rows from canonical texts (src/model/leaf-text.ts says how they are written): values in the order of the columns,
 * each with a TAB behind it; columns that came later are named.
 */
export class TextReader {
  readonly #columns: readonly TextColumn[]

  constructor(columns: readonly TextColumn[]) {
    this.#columns = columns
  }

  /**
   * @param into a row without values
   * @returns undefined where the text has another number of values
   */
  read(text: string, into: Record<string, FactValue | undefined>): Facts | undefined {
    let at = 0
    for (const { name, shape } of this.#columns) {
      const end = text.indexOf(TAB, at)
      if (end < 0) return undefined
      if (end > at) into[name] = parsed(shape, text, at, end)
      at = end + 1
    }
    return at === text.length || areLater(text.slice(at)) ? into : undefined
  }
}

/** The row of a canonical text; undefined where it has another number of values. */
export function readText(columns: readonly TextColumn[], text: string): Facts | undefined {
  return new TextReader(columns).read(text, {})
}

/** Columns that this program does not know change nothing of those that it knows. */
function areLater(text: string): boolean {
  const values = text.split(TAB)
  return values.pop() === '' && values.every(value => /^[a-z_]+=/.test(value))
}

function parsed(shape: TextColumn['shape'], all: string, from: number, to: number): FactValue | undefined {
  if (shape === 'whole') return whole(all, from, to)
  const text = all.slice(from, to)
  switch (shape) {
    case 'text':
      return text.includes(ESC) ? unescaped(text) : text
    case 'flag':
      return text === 'true'
    case 'list':
      return text === `${ESC}n` ? [] : text.split(`${ESC},`).map(unescaped)
    case 'fraction':
      return Number(text)
  }
}

/** Digits that a double has for sure. */
const SURE_DIGITS = 15

function whole(all: string, from: number, to: number): FactValue | undefined {
  if (to - from > SURE_DIGITS) return anyWhole(all.slice(from, to))
  let number = 0
  for (let at = from; at < to; at++) {
    const digit = all.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return anyWhole(all.slice(from, to))
    number = number * 10 + digit
  }
  return number
}

function anyWhole(text: string): FactValue | undefined {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : /^-?\d+$/.test(text) ? BigInt(text) : undefined
}

function unescaped(text: string): string {
  return text === `${ESC}0` ? '' : text.replaceAll(`${ESC}t`, '\t').replaceAll(`${ESC}e`, ESC)
}

/** What a row is read into. */
export const newRow = {
  gateway: (): Record<string, FactValue | undefined> => ({ ...GATEWAY_ROW }),
  app: (): Record<string, FactValue | undefined> => ({ ...APP_ROW }),
  kernel: (): Record<string, FactValue | undefined> => ({ ...KERNEL_ROW }),
  link: (): Record<string, FactValue | undefined> => ({ ...LINK_ROW }),
}

const GATEWAY_ROW = template(LEAF_COLUMNS.gateway.personal, LEAF_COLUMNS.gateway.rest)
const APP_ROW = template(LEAF_COLUMNS.app.personal, LEAF_COLUMNS.app.rest)
const KERNEL_ROW = template(LEAF_COLUMNS.kernel.personal, LEAF_COLUMNS.kernel.rest)
const LINK_ROW = template(LINK_TEXT)
