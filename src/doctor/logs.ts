import type { SourceRecord } from '../ledger/entry.ts'
import { wrappedLayouts } from '../model/wrapped.ts'
import { sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { groupBy, sum } from './group.ts'

const APP_LOGS = sqlFile('./app_logs.sql', import.meta.url)
const GATEWAY_LOGS = sqlFile('./gateway_logs.sql', import.meta.url)

/** Counts of lines; how many of them have a value of the named kind. */
export interface LineCounts {
  readonly lines: number
  readonly linked: number
  readonly linked_by_id: number
  readonly ids: number
  readonly durations: number
  readonly bytes_out: number
  readonly bytes_in: number
  readonly host_headers: number
  readonly peers: number
  readonly subjects: number
  /** Subjects that came from a forwarded header rather than from cs-username. */
  readonly forwarded_subjects: number
  /** First clients that X-Forwarded-For named. */
  readonly forwarded_addresses: number
}

const COUNTS = [
  'lines', 'linked', 'linked_by_id', 'ids', 'durations', 'bytes_out', 'bytes_in', 'host_headers', 'peers', 'subjects',
  'forwarded_subjects', 'forwarded_addresses',
] as const satisfies readonly (keyof LineCounts)[] // biome-ignore format: a table

/** The logs of one site on one host. */
export interface AppLog extends LineCounts {
  /** Host that served, lower case; undefined where neither rows nor configuration name it. */
  readonly host: string | undefined
  readonly serverIp: string | undefined
  /** Site, lower case: from the rows, the configuration, or a folder `W3SVC<id>`. */
  readonly site: string | undefined
  /** Names in the last #Fields directive of its sources, lower case, in order. */
  readonly fields: readonly string[]
  /** Rows with a value, by field that may hold an id. */
  readonly idFields: Readonly<Record<string, number>>
  readonly paths: readonly string[]
}

/** The records of one proxy. */
export interface ProxyLog {
  readonly organization: string | null
  readonly environment: string | null
  readonly proxy: string | null
  readonly hops: number
  readonly called: number
  readonly linked: number
  readonly linked_by_id: number
  readonly ids: number
  readonly no_stamps: number
  readonly uncalled_linked: number
  readonly people: number
  readonly same_path: number
  readonly other_path: number
}

interface AppRow extends LineCounts {
  readonly source_id: number
  readonly host: string | null
  readonly site: string | null
  readonly server_ip: string | null
}

/** IIS logs by host and site, most lines first. Needs the views of `createRequestsView`. */
export async function appLogs({ db, state }: Store): Promise<AppLog[]> {
  const groups = groupBy(await db.rows<AppRow>(APP_LOGS), ({ host, server_ip, site, source_id }) =>
    JSON.stringify([host ?? server_ip, site ?? siteOfPath(state.sources.get(source_id)?.path)]),
  )
  return [...groups.values()]
    .map(rows => toLog(rows, sourcesOf(rows, state.sources)))
    .sort((a, b) => b.lines - a.lines)
}

/** Records by proxy, most first. Needs the views of `createRequestsView`. */
export async function proxyLogs({ db }: Store): Promise<ProxyLog[]> {
  return db.rows<ProxyLog>(GATEWAY_LOGS)
}

function sourcesOf(rows: readonly AppRow[], sources: ReadonlyMap<number, SourceRecord>): SourceRecord[] {
  return [...new Set(rows.map(row => row.source_id))].flatMap(id => sources.get(id) ?? [])
}

function toLog(rows: readonly AppRow[], all: readonly SourceRecord[]): AppLog {
  const first = rows[0]
  const idFields: Record<string, number> = {}
  for (const { accounting } of all)
    for (const [field, n] of Object.entries(accounting.idFields)) idFields[field] = (idFields[field] ?? 0) + n
  const sums = COUNTS.map(name => [name, sum(rows, row => row[name])] as const)
  return {
    ...(Object.fromEntries(sums) as unknown as LineCounts),
    host: first?.host ?? undefined,
    serverIp: first?.server_ip ?? undefined,
    site: rows.find(row => row.site)?.site ?? siteOfPath(all[0]?.path),
    fields: [...new Set(all.flatMap(source => fieldsOf(source, first?.host ?? undefined)))],
    idFields,
    paths: all.map(source => source.path),
  }
}

/**
 * Column names of the last #Fields directive that was read, lower case.
 *
 * @param host whose logs are meant, of those that a shipper wrapped
 */
export function fieldsOf({ state }: Pick<SourceRecord, 'state'>, host?: string): string[] {
  const { fields } = state.format
  const names = Array.isArray(fields) ? fields : (wrappedLayouts(state.format, host)?.flat() ?? [])
  return [...new Set(names.map(field => String(field).toLowerCase()))]
}

/** The site whose folder a log lies in, lower case: IIS names it `W3SVC<id>`. */
export function siteOfPath(path = ''): string | undefined {
  return path
    .split(/[\\/]/)
    .slice(0, -1)
    .findLast(part => /^w3svc\d+$/i.test(part))
    ?.toLowerCase()
}

/** Where a log comes from, in words. */
export function placeText({ host, serverIp, site }: Pick<AppLog, 'host' | 'serverIp' | 'site'>): string {
  const server = host ?? serverIp ?? 'a host that is not named'
  return site ? `${server} (site ${site})` : server
}
