import type { Host } from './company.ts'
import { GatewayExport } from './gateway-export.ts'
import { HttperrLog } from './httperr-log.ts'
import { IisLog } from './iis-log.ts'
import type { Output } from './output.ts'
import { rowFormat } from './render-apigee.ts'
import type { World } from './traffic.ts'

/** The log of each host. @param changeAtUs when the last one gets its further fields */
export function openLogs(
  world: World,
  output: Pick<Output, 'open'>,
  changeAtUs: number,
): ReadonlyMap<Host, IisLog> {
  const { settings, company, random, gaps } = world
  const isListed = counter(settings.missingLogs)
  const open = (host: Host) =>
    new IisLog(host, {
      output,
      random: random.logs,
      changeAtUs,
      period: settings.logPeriod,
      isMissing: () => isListed() || gaps.silent.has(host),
      cuts: gaps.logs.get(host) ?? [],
    })
  return new Map(company.hosts.map(host => [host, open(host)]))
}

/** HTTPERR of each host; without a row it has no file. */
export function openKernelLogs(
  { company }: World,
  output: Pick<Output, 'open'>,
): ReadonlyMap<Host, HttperrLog> {
  return new Map(company.hosts.map((host, index) => [host, new HttperrLog(host, index, output)]))
}

/** The export of each environment. */
export function openExports(world: World, output: Output): ReadonlyMap<string, GatewayExport> {
  const { settings, company, gaps } = world
  const environments = new Set(company.applications.map(application => application.environment))
  const shared = {
    output,
    format: rowFormat(settings.gatewayFormat, company.organization),
    shardRows: settings.shardRows,
    isCompressed: settings.gzip,
    isMissing: counter(settings.missingShards),
  }
  const open = (environment: string) =>
    new GatewayExport({
      ...shared,
      folder: `apigee/${company.organization}/${environment}`,
      cuts: gaps.exports.get(environment) ?? [],
    })
  return new Map([...environments].map(environment => [environment, open(environment)]))
}

/** @returns counts its calls from 1 and says whether the count is one of the list */
function counter(positions: readonly number[]): () => boolean {
  let count = 0
  return () => positions.includes(++count)
}
