import type { Store } from '../store/store.ts'
import { groupBy } from './group.ts'
import { fieldsOf } from './logs.ts'

/** A rule of the configuration's `hosts` for logs whose rows do not say who wrote them. */
export interface OriginRule {
  readonly path: string
  readonly host?: string
  readonly site?: string
}

export interface Origins {
  readonly rules: readonly OriginRule[]
  /** App sources whose host neither rows nor a folder tell. */
  readonly nameless: readonly string[]
}

/** What a path says about who wrote a log. */
interface PathOrigin {
  readonly path: string
  readonly hostFolder: string | undefined
  readonly siteFolder: string | undefined
  readonly needsHost: boolean
  readonly needsSite: boolean
}

/** Words that folders of logs are called by, also with a number behind them. */
const COMMON =
  /^(?:logs?|log-?files?|inetpub|iis|apigee|gateway|app|apps|site|sites|web|server|servers|host|hosts|traffic|data|day|days|week|month|year|q|run|backup|archive|old|new|export|exports|prod|production|test|staging|dev|v|part|batch|sample|samples|tmp|temp|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[-_. ]*[\d-]*$/i

/**
 * Proposes rules from folders, and fills the temp table `source_origins` with what they say. A folder counts as a
 * host where its name looks like one and all its lines come from one server address.
 */
export async function proposeOrigins(store: Store): Promise<Origins> {
  const servers = await serversOfSources(store)
  const origins = [...store.state.sources.values()]
    .filter(source => source.format === 'iis-w3c' && source.accounting.decoded > 0)
    .map(source => ({ id: source.id, ...toOrigin(source.path, fieldsOf(source), source.host, source.site) }))
  const folders = groupBy(origins, o => o.hostFolder)
  const isOneServer = (folder: string | undefined): boolean =>
    new Set((folders.get(folder) ?? []).flatMap(o => servers.get(o.id) ?? [])).size <= 1
  const sure = origins.map(o =>
    o.hostFolder && !isOneServer(o.hostFolder) ? { ...o, hostFolder: undefined } : o,
  )
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE source_origins AS
     SELECT o.source_id::INTEGER AS source_id, o.host, o.site
     FROM (SELECT unnest(from_json($json, '[{"source_id":"INTEGER","host":"VARCHAR","site":"VARCHAR"}]')) AS o)`,
    {
      json: JSON.stringify(
        sure.map(o => ({ source_id: o.id, host: o.hostFolder ?? null, site: o.siteFolder ?? null })),
      ),
    },
  )
  return { rules: rulesOf(sure), nameless: sure.filter(o => o.needsHost && !o.hostFolder).map(o => o.path) }
}

async function serversOfSources({ db }: Store): Promise<Map<number, string[]>> {
  const rows = await db.rows<{ source_id: number; server_ip: string }>(
    'SELECT DISTINCT source_id, server_ip FROM app_facts WHERE server_ip IS NOT NULL ORDER BY ALL',
  )
  return new Map(
    [...groupBy(rows, row => row.source_id)].map(([id, own]) => [id, own.map(row => row.server_ip)]),
  )
}

function toOrigin(
  path: string,
  fields: readonly string[],
  host: string | undefined,
  site: string | undefined,
): PathOrigin {
  const folders = path.split(/[\\/]/).slice(0, -1)
  return {
    path,
    hostFolder: folders.findLast(looksLikeHost),
    siteFolder: folders.findLast(folder => /^w3svc\d+$/i.test(folder)),
    needsHost: host === undefined && !fields.includes('s-computername'),
    needsSite: site === undefined && !fields.includes('s-sitename'),
  }
}

/** A name with letters and a digit or a domain, and none of the usual names of folders. */
export function looksLikeHost(folder: string): boolean {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*$/i.test(folder)) return false
  if (!/[a-z]/i.test(folder) || !/[\d.]/.test(folder)) return false
  if (/^(?:w3svc|ftpsvc)\d*$/i.test(folder) || /(?:^|[-_.])(?:19|20)\d\d(?:[-_.]|\d\d|$)/.test(folder))
    return false
  return !isCommon(folder)
}

/** `web01` is a host as much as a folder of logs; it stays one. */
function isCommon(folder: string): boolean {
  return COMMON.test(folder) && !/^(?:web|app|iis|server|host)[-_]?\d+$/i.test(folder)
}

/** Hosts first, as the first rule that matches counts; then sites of logs whose rows name their host. */
function rulesOf(origins: readonly PathOrigin[]): OriginRule[] {
  const rules = new Map<string, OriginRule>()
  for (const { path, hostFolder, siteFolder, needsHost, needsSite } of origins) {
    if (!needsHost || !hostFolder) continue
    const withSite = needsSite && siteFolder ? siteFolder : undefined
    const inside = withSite ? below(path, hostFolder, withSite) : `**/${hostFolder}/**`
    rules.set(inside, { path: inside, host: hostFolder, ...(withSite ? { site: withSite } : {}) })
  }
  for (const { hostFolder, siteFolder, needsHost, needsSite } of origins) {
    if (!needsSite || !siteFolder || (needsHost && hostFolder)) continue
    const inside = `**/${siteFolder}/**`
    rules.set(inside, { path: inside, site: siteFolder })
  }
  return [...rules.values()]
}

function below(path: string, hostFolder: string, siteFolder: string): string {
  const folders = path.split(/[\\/]/).slice(0, -1)
  const next = folders[folders.lastIndexOf(hostFolder) + 1]
  return next === siteFolder ? `**/${hostFolder}/${siteFolder}/**` : `**/${hostFolder}/**/${siteFolder}/**`
}
