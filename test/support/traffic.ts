import fc from 'fast-check'

/** One call through the gateway, or past it, small enough to be written out. */
export interface Call {
  /** When the gateway received it, milliseconds after START. */
  readonly atMs: number
  readonly takenMs: number
  readonly host: string
  readonly method: string
  readonly path: string
  /** The correlation id the client sent; some are used again. */
  readonly id: string | undefined
  /** How the app logs the id: as sent, or with the gateway's message id behind it. */
  readonly form: 'plain' | 'composite'
  readonly status: number
  readonly recorded: 'both' | 'gateway' | 'app'
  /** The app logs the same line twice: two equal requests in one second. */
  readonly hasTwin: boolean
}

/** 2026-07-01T22:00:00Z: calls lie around midnight. */
export const START = Date.UTC(2026, 6, 1, 22)
const HOUR_MS = 3_600_000
const HOSTS = ['web01', 'web02']

const call = fc.record({
  atMs: fc.integer({ min: 0, max: 4 * HOUR_MS }),
  takenMs: fc.integer({ min: 0, max: 9000 }),
  host: fc.constantFrom(...HOSTS),
  method: fc.constantFrom('GET', 'POST'),
  path: fc.constantFrom('/a', '/a/b', '/Ä/ü', '/c+d'),
  id: fc.option(
    fc.integer({ min: 0, max: 40 }).map(n => `id-${n}-0123456789`),
    { nil: undefined, freq: 6 },
  ),
  form: fc.constantFrom<Call['form']>('plain', 'composite'),
  status: fc.constantFrom(200, 204, 401, 500),
  recorded: fc.constantFrom<Call['recorded']>('both', 'both', 'both', 'gateway', 'app'),
  hasTwin: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
})

/** A late call on each host, so that the first day is whole in the end, in whatever order the files come. */
const LAST: readonly Call[] = HOSTS.map(host => ({
  atMs: 14 * HOUR_MS, takenMs: 10, host, method: 'GET', path: '/last', id: `last-${host}`, form: 'plain', status: 200,
  recorded: 'both', hasTwin: false,
})) // biome-ignore format: a table

export const calls = fc.array(call, { minLength: 1, maxLength: 25 }).map(list => [...list, ...LAST])

export const IIS_HEADER = [
  '#Software: Microsoft Internet Information Services 10.0',
  '#Fields: date time s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip sc-status sc-substatus sc-win32-status time-taken X-Correlation-ID cs(User-Agent)',
] as const

/** Rows of one host's log in order of time, without line ends. */
export function iisRows(list: readonly Call[], host: string, shiftMs = 0): string[] {
  const rows = list.flatMap((c, i) => {
    if (c.host !== host || c.recorded === 'gateway') return []
    const end = new Date(START + shiftMs + c.atMs + c.takenMs).toISOString()
    const id = c.id === undefined ? '-' : c.form === 'composite' ? `${c.id}.${flowId(i)}` : c.id
    const row = `${end.slice(0, 10)} ${end.slice(11, 19)} ${host} 10.0.0.1 ${c.method} ${c.path} q=1 443 - 10.9.9.9 ${c.status} 0 0 ${c.takenMs} ${id} agent/1.0`
    return c.hasTwin ? [row, row] : [row]
  })
  return rows.sort((a, b) => (a.slice(0, 19) < b.slice(0, 19) ? -1 : a.slice(0, 19) > b.slice(0, 19) ? 1 : 0))
}

/** A log of these rows with its header. */
export function iisLog(rows: readonly string[]): string {
  return [...IIS_HEADER, ...rows].map(line => `${line}\r\n`).join('')
}

export type GatewayRow = Readonly<Record<string, string>>

export function gatewayRows(list: readonly Call[], shiftMs = 0): GatewayRow[] {
  return list.flatMap((c, i) => (c.recorded === 'app' ? [] : [gatewayRow(c, i, shiftMs)]))
}

function gatewayRow(c: Call, index: number, shiftMs: number): GatewayRow {
  const at = (afterMs: number): string => {
    const text = new Date(START + shiftMs + c.atMs + afterMs).toISOString()
    return `${text.slice(0, 10)} ${text.slice(11, 23)} UTC`
  }
  return {
    organization: 'org',
    environment: 'test',
    apiproxy: 'proxy-1',
    gateway_flow_id: flowId(index),
    request_verb: c.method,
    request_uri: `/v1${c.path}?q=1`,
    request_path: `/v1${c.path}`,
    proxy_basepath: '/v1',
    proxy_pathsuffix: c.path,
    target_host: 'app.example',
    target_url: 'https://app.example',
    response_status_code: String(c.status),
    target_response_code: String(c.status),
    client_received_start_timestamp: at(0),
    client_received_end_timestamp: at(0),
    target_sent_start_timestamp: at(1),
    target_received_end_timestamp: at(c.takenMs + 1),
    client_sent_end_timestamp: at(c.takenMs + 2),
    client_id: 'client-7',
    dc_correlation_id: c.id ?? '',
    message_count: '1',
  }
}

function flowId(index: number): string {
  return `rrt-0a1b2c3d-c-1234-${5000 + index}-1`
}

export function ndjson(rows: readonly GatewayRow[]): string {
  const plain = rows.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== '')))
  return plain.map(row => `${JSON.stringify(row)}\n`).join('')
}

export function csv(
  rows: readonly GatewayRow[],
  names: readonly string[] = Object.keys(rows[0] ?? {}),
): string {
  return [names, ...rows.map(row => names.map(name => row[name] ?? ''))]
    .map(row => `${row.join(',')}\n`)
    .join('')
}

/** The logs of a list of calls as one file a host and one export. */
export function logFiles(list: readonly Call[], shiftMs = 0): Record<string, string> {
  return {
    'export.json': ndjson(gatewayRows(list, shiftMs)),
    'web01.log': iisLog(iisRows(list, 'web01', shiftMs)),
    'web02.log': iisLog(iisRows(list, 'web02', shiftMs)),
  }
}
