import { join } from 'node:path'
import { createRequestsView } from '../../src/requests/view.ts'
import type { Store } from '../../src/store/store.ts'
import { inFolder, writeFiles } from './folder.ts'
import { type IngestSetting, ingestInto, withStore } from './store.ts'

/** One call as both sides log it, written out where a test says so; everything else is plain. */
export interface Exchange {
  /** When the gateway received it, milliseconds after 2026-07-01T08:00:00Z. */
  readonly atMs: number
  /** How long the app took. */
  readonly tookMs?: number
  readonly path?: string
  readonly host?: string
  /** Columns of the gateway record besides the plain ones, or instead of them. */
  readonly gateway?: Readonly<Record<string, string>>
  /** Columns of the IIS line, likewise. */
  readonly app?: Readonly<Record<string, string>>
  /** The IIS line is written so much after the end, so that others may come first. */
  readonly lateMs?: number
  readonly recorded?: 'both' | 'gateway' | 'app'
  /** Columns of a row of HTTPERR, which stands instead of the IIS line. */
  readonly kernel?: Readonly<Record<string, string>>
}

const START = Date.UTC(2026, 6, 1, 8)
const HOST = 'web01'
const WAY_MS = 1

/** Columns of IIS that are always logged; those that an exchange names come behind. */
const COLUMNS = [
  'date', 'time', 's-computername', 's-ip', 'cs-method', 'cs-uri-stem', 'cs-uri-query', 's-port', 'cs-username', 'c-ip',
  'sc-status', 'sc-substatus', 'sc-win32-status', 'time-taken',
] // biome-ignore format: a list

const KERNEL_COLUMNS = [
  'date', 'time', 's-computername', 'c-ip', 'c-port', 's-ip', 's-port', 'cs-version', 'cs-method', 'cs-uri', 'streamid',
  'sc-status', 's-siteid', 's-reason', 's-queuename',
] // biome-ignore format: a list

const flowOf = (index: number): string => `flow-${index}`

function recordOf(exchange: Exchange, index: number): Record<string, string> {
  const { atMs, tookMs = 20, path = '/a', gateway = {} } = exchange
  const at = (afterMs: number): string => String(START + atMs + afterMs)
  return {
    organization: 'corp', environment: 'prod', apiproxy: 'one', gateway_flow_id: flowOf(index), request_verb: 'GET',
    request_path: `/api${path}`, proxy_basepath: '/api', proxy_pathsuffix: path, target_host: 'one.corp.example',
    target_url: 'https://one.corp.example', response_status_code: '200', target_response_code: '200',
    client_received_start_timestamp: at(0), client_received_end_timestamp: at(0),
    target_sent_start_timestamp: at(WAY_MS), target_received_end_timestamp: at(tookMs + 2 * WAY_MS),
    client_sent_end_timestamp: at(tookMs + 3 * WAY_MS), ...gateway,
  } // biome-ignore format: a record
}

function rowOf({ atMs, tookMs = 20, path = '/a', host = HOST, app = {} }: Exchange): Record<string, string> {
  const end = new Date(START + atMs + tookMs + WAY_MS).toISOString()
  return {
    date: end.slice(0, 10), time: end.slice(11, 19), 's-computername': host, 's-ip': '10.20.1.11', 'cs-method': 'GET',
    'cs-uri-stem': path, 's-port': '443', 'c-ip': '10.30.0.11', 'sc-status': '200', 'sc-substatus': '0',
    'sc-win32-status': '0', 'time-taken': String(tookMs), ...app,
  } // biome-ignore format: a row
}

function kernelRowOf({ atMs, tookMs = 20, path = '/a', host = HOST, kernel = {} }: Exchange): string {
  const end = new Date(START + atMs + tookMs + WAY_MS).toISOString()
  const row: Record<string, string> = {
    date: end.slice(0, 10), time: end.slice(11, 19), 's-computername': host, 'c-ip': '10.30.0.11', 'c-port': '50000',
    's-ip': '10.20.1.11', 's-port': '443', 'cs-version': 'HTTP/1.1', 'cs-method': 'GET', 'cs-uri': path,
    'sc-status': '503', 's-siteid': '1', 's-reason': 'QueueFull', 's-queuename': 'pool', ...kernel,
  } // biome-ignore format: a row
  return KERNEL_COLUMNS.map(column => row[column] ?? '-').join(' ')
}

export interface Written {
  readonly files: Readonly<Record<string, string>>
  /** The flow id that belongs to a line, by host and line number. */
  readonly truth: ReadonlyMap<string, string>
}

/** Whether IIS has a line of it. */
const isLine = ({ recorded, kernel }: Exchange): boolean => recorded !== 'gateway' && kernel === undefined

/** An export and a log of each host, and of HTTP.sys where it ended calls, and which line belongs to which record. */
export function written(exchanges: readonly Exchange[]): Written {
  const truth = new Map<string, string>()
  const known = exchanges.map((exchange, index) => ({ exchange, index }))
  const records = known.filter(k => k.exchange.recorded !== 'app').map(k => recordOf(k.exchange, k.index))
  const columns = [...new Set([...COLUMNS, ...exchanges.flatMap(e => Object.keys(e.app ?? {}))])]
  const endOf = ({ atMs, tookMs = 20, lateMs = 0 }: Exchange): number => atMs + tookMs + lateMs
  const hosts = new Set(exchanges.map(e => e.host ?? HOST))
  const logs = [...hosts].map(host => {
    const own = known
      .filter(({ exchange: e }) => (e.host ?? HOST) === host && isLine(e))
      .sort((a, b) => endOf(a.exchange) - endOf(b.exchange) || a.index - b.index)
    own.forEach(({ exchange, index }, place) => {
      if (exchange.recorded !== 'app') truth.set(`${host}:${place + 2}`, flowOf(index))
    })
    const rows = own.map(({ exchange }) => {
      const row = rowOf(exchange)
      return columns.map(column => row[column] ?? '-').join(' ')
    })
    return [`${host}.log`, [`#Fields: ${columns.join(' ')}`, ...rows, ''].join('\r\n')] as const
  })
  const isApp = exchanges.some(isLine)
  const refused = exchanges.filter(e => e.kernel !== undefined).sort((a, b) => endOf(a) - endOf(b))
  const httperr = [
    '#Software: Microsoft HTTP API 2.0',
    `#Fields: ${KERNEL_COLUMNS.join(' ')}`,
    ...refused.map(kernelRowOf),
    '',
  ]
  return {
    truth,
    files: {
      ...(records.length > 0 ? { 'export.json': records.map(r => `${JSON.stringify(r)}\n`).join('') } : {}),
      ...(isApp ? Object.fromEntries(logs) : {}),
      ...(refused.length > 0 ? { 'httperr1.log': httperr.join('\r\n') } : {}),
    },
  }
}

/** A row of the links, and whether it is true. */
export interface Link {
  /** Host and number of the line. */
  readonly line: string
  readonly flow: string
  readonly verdict: string
  readonly method: string
  readonly posterior: number
  readonly application: string
  readonly app_application: string
  readonly isTrue: boolean
}

export interface Outcome {
  readonly links: readonly Link[]
  /** How many requests are in each state. */
  readonly states: Readonly<Record<string, number>>
  readonly warnings: readonly string[]
}

/** Reads and links exchanges. */
export async function outcomeOf(
  exchanges: readonly Exchange[],
  setting: IngestSetting = {},
): Promise<Outcome> {
  const { files, truth } = written(exchanges)
  return inFolder(folder =>
    withStore(join(folder, 'store'), async store => {
      const { linked } = await ingestInto(store, writeFiles(join(folder, 'logs'), files), setting)
      return { ...(await looked(store, truth)), warnings: linked.flatMap(day => day.warnings) }
    }),
  )
}

async function looked(store: Store, truth: Written['truth']): Promise<Omit<Outcome, 'warnings'>> {
  await createRequestsView(store)
  const links = await store.db.rows<Omit<Link, 'isTrue'>>(
    `SELECT a.host || ':' || a.line_no AS line, g.message_id AS flow, l.verdict, l.method, l.posterior, g.application,
       a.application AS app_application
     FROM link_rows AS l JOIN gateway_facts AS g ON g.hop_id = l.gateway_hop_id JOIN app_facts AS a ON a.hop_id = l.app_hop_id
     ORDER BY a.host, a.line_no, g.message_id`,
  )
  const states = await store.db.rows<{ state: string; n: number }>(
    'SELECT state, count(*)::INTEGER AS n FROM requests GROUP BY state ORDER BY state',
  )
  return {
    links: links.map(link => ({ ...link, isTrue: truth.get(link.line) === link.flow })),
    states: Object.fromEntries(states.map(({ state, n }) => [state, n])),
  }
}
