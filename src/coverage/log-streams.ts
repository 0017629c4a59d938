import { basename, dirname } from 'node:path/posix'
import type { SourceRecord } from '../ledger/entry.ts'

/** What was found in the lines of a source: host and site as logged or configured. */
export interface LoggedOrigin {
  readonly sourceId: number
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
  readonly origins: { readonly sourceId: number; readonly host: string | undefined }[]
}

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
  const hosts = hostsBy(origins, o => String(o.sourceId))
  const places = hostsBy(origins, o => placeOf(byId.get(o.sourceId)))
  const sites = sitesBy(origins)
  const streams = new Map<string, Growing>()
  for (const { sourceId, host: logged, site, lines } of origins) {
    const source = byId.get(sourceId)
    if (!source) continue
    const host = logged ?? onlyOne(hosts.get(String(sourceId))) ?? onlyOne(places.get(placeOf(source)))
    const siteName = source.site ?? siteOfPath(source.path) ?? onlyOne(sites.get(sourceId))
    const place = steadyName(source.path)
    const key = JSON.stringify(
      host === undefined ? ['log', place] : ['host', host.toLowerCase(), siteName ?? place],
    )
    const found: Growing = streams.get(key) ?? {
      id: streams.size, host, site: siteName, log: place, sources: [], origins: [], lines: new Map(),
    } // biome-ignore format: one stream
    streams.set(key, found)
    if (!found.sources.includes(source)) found.sources.push(source)
    if (!found.origins.some(o => o.sourceId === sourceId && o.host === logged))
      found.origins.push({ sourceId, host: logged })
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

function placeOf(source: SourceRecord | undefined): string {
  return source ? `${steadyName(source.path)} ${source.site ?? siteOfPath(source.path) ?? ''}` : ''
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

function sitesBy(origins: readonly LoggedOrigin[]): Map<number, Set<string>> {
  const sites = new Map<number, Set<string>>()
  for (const { sourceId, site } of origins)
    if (site !== undefined) sites.set(sourceId, (sites.get(sourceId) ?? new Set()).add(site))
  return sites
}

function onlyOne(set: ReadonlySet<string> | undefined): string | undefined {
  const [first, ...others] = set ?? []
  return others.length === 0 ? first : undefined
}

function most(lines: ReadonlyMap<string, number>): string | undefined {
  return [...lines].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0]
}
