import { basename, dirname } from 'node:path/posix'
import type { SourceRecord } from '../ledger/entry.ts'

/** What was found in the lines of a source: host and site as logged or configured. */
export interface LoggedOrigin {
  readonly sourceId: number
  /** The log inside the source that the lines are of, where a shipper wrapped them. */
  readonly log?: string | undefined
  readonly host: string | undefined
  readonly site: string | undefined
  readonly lines: number
}

/** The log of one IIS site on one host: what follows each other in its files. */
export interface LogStream {
  readonly id: number
  readonly host: string | undefined
  readonly site: string | undefined
  /** Folder and name, with `*` for what changes from file to file. */
  readonly log: string
  readonly sources: SourceRecord[]
  /** Which lines are of it: by source, and by the host they name where that is not the same for all. */
  readonly origins: StreamOrigin[]
}

export type StreamOrigin = Pick<LoggedOrigin, 'sourceId' | 'log' | 'host'>

/** A stream, and how many lines name which site. */
type Growing = LogStream & { readonly lines: Map<string, number> }

/**
 * Sorts the lines of IIS logs into streams. A host that a log names in some lines only wrote the others as well; a host
 * that is named nowhere is told apart by folder and file name.
 */
export function logStreams(
  sources: readonly SourceRecord[],
  origins: readonly LoggedOrigin[],
): readonly LogStream[] {
  const byId = new Map(sources.map(s => [s.id, s]))
  const hosts = hostsBy(origins, keyOf)
  const places = hostsBy(origins, o => placeOf(byId.get(o.sourceId), o.log))
  const sites = sitesBy(origins)
  const streams = new Map<string, Growing>()
  for (const origin of origins) {
    const { sourceId, log, host: logged, site, lines } = origin
    const source = byId.get(sourceId)
    if (!source) continue
    const host = logged ?? onlyOne(hosts.get(keyOf(origin))) ?? onlyOne(places.get(placeOf(source, log)))
    const path = pathOf(source, log)
    const siteName = source.site ?? siteOfPath(path) ?? onlyOne(sites.get(keyOf(origin)))
    const place = steadyName(path)
    const key = JSON.stringify(
      host === undefined ? ['log', place] : ['host', host.toLowerCase(), siteName ?? place],
    )
    const found: Growing = streams.get(key) ?? {
      id: streams.size, host, site: siteName, log: place, sources: [], origins: [], lines: new Map(),
    } // biome-ignore format: one stream
    streams.set(key, found)
    if (!found.sources.includes(source)) found.sources.push(source)
    if (!found.origins.some(o => o.sourceId === sourceId && o.log === log && o.host === logged))
      found.origins.push({ sourceId, log, host: logged })
    if (site !== undefined) found.lines.set(site, (found.lines.get(site) ?? 0) + lines)
  }
  return [...streams.values()].map(({ lines, ...stream }) => ({
    ...stream,
    site: most(lines) ?? stream.site,
  }))
}

/** `w3svc2` of a path: IIS names the folder of a site's logs so. */
function siteOfPath(path: string): string | undefined {
  return /(?:^|[\\/])(W3SVC\d+)[\\/]/i.exec(path)?.[1]?.toLowerCase()
}

/** A path without what changes from one file of a log to the next: dates, numbers, packing. */
export function steadyName(path: string): string {
  const steady = (text: string): string => text.replace(/\d{4}-\d\d(-\d\d)?|\d{6,}/g, '*')
  const name = basename(path)
    .replace(/\.gz$/i, '')
    .replace(/(u_)?(ex|extend)\d+(_x)?/i, '*')
  return `${steady(dirname(path))}/${steady(name)}`
}

function placeOf(source: SourceRecord | undefined, log: string | undefined): string {
  if (!source) return ''
  const path = pathOf(source, log)
  return `${steadyName(path)} ${source.site ?? siteOfPath(path) ?? ''}`
}

/** Where a log is, on the host that wrote it if a shipper wrapped it. */
function pathOf(source: SourceRecord, log: string | undefined): string {
  return log?.replaceAll('\\', '/') ?? source.path
}

/** What has one host and one site, as a rule. */
function keyOf({ sourceId, log = '' }: LoggedOrigin): string {
  return `${sourceId} ${log}`
}

function hostsBy(
  origins: readonly LoggedOrigin[],
  keyOf: (origin: LoggedOrigin) => string,
): Map<string, Set<string>> {
  const hosts = new Map<string, Set<string>>()
  for (const origin of origins) {
    if (origin.host === undefined) continue
    const key = keyOf(origin)
    hosts.set(key, (hosts.get(key) ?? new Set()).add(origin.host))
  }
  return hosts
}

function sitesBy(origins: readonly LoggedOrigin[]): Map<string, Set<string>> {
  const sites = new Map<string, Set<string>>()
  for (const origin of origins) {
    const key = keyOf(origin)
    if (origin.site !== undefined) sites.set(key, (sites.get(key) ?? new Set()).add(origin.site))
  }
  return sites
}

function onlyOne(set: ReadonlySet<string> | undefined): string | undefined {
  const [first, ...others] = set ?? []
  return others.length === 0 ? first : undefined
}

function most(lines: ReadonlyMap<string, number>): string | undefined {
  return [...lines].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0]
}
