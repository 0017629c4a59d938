import type { Period } from './clock.ts'
import type { Company, Host } from './company.ts'
import { drawPeriods } from './incidents.ts'
import type { SimulationSettings } from './options.ts'
import type { Random } from './random.ts'
import { DAY_SECONDS, HOUR_US, MINUTE_US, SECOND_US } from './times.ts'

/** What somebody took out of whole logs afterwards: half-open spans by the stamps that are in them. */
export interface Gaps {
  readonly logs: ReadonlyMap<Host, readonly Period[]>
  readonly exports: ReadonlyMap<string, readonly Period[]>
  /** Hosts whose logs never came. */
  readonly silent: ReadonlySet<Host>
}

export function drawGaps(
  settings: SimulationSettings,
  whole: Period,
  { hosts, applications }: Company,
  random: Random,
): Gaps {
  const { cutLogs, cutLogMinutes, cutLogTails, cutExports, cutExportMinutes, silentHosts } = settings
  const logs = new Map<Host, Period[]>()
  const exports = new Map<string, Period[]>()
  const environments = [...new Set(applications.map(application => application.environment))]
  for (const period of drawPeriods(cutLogs, cutLogMinutes * MINUTE_US, whole, random))
    put(logs, random.pick(hosts), period)
  for (const { startUs } of drawPeriods(cutLogTails, 0, whole, random))
    put(logs, random.pick(hosts), { startUs, endUs: endOfFile(settings, startUs) })
  for (const period of drawPeriods(cutExports, cutExportMinutes * MINUTE_US, whole, random))
    put(exports, random.pick(environments), period)
  return { logs, exports, silent: new Set(hosts.filter((_, index) => silentHosts.includes(index + 1))) }
}

function put<Key>(periods: Map<Key, Period[]>, key: Key, period: Period): void {
  periods.set(key, [...(periods.get(key) ?? []), period])
}

function endOfFile({ logPeriod }: SimulationSettings, us: number): number {
  const lengthUs = logPeriod === 'hourly' ? HOUR_US : DAY_SECONDS * SECOND_US
  return (Math.floor(us / lengthUs) + 1) * lengthUs
}

/** Whether records are lost by the file or by the while, rather than one by one. */
export function hasGaps(settings: SimulationSettings): boolean {
  const { cutLogs, cutLogTails, cutExports, outages, silentHosts, missingLogs, missingShards } = settings
  const lists = silentHosts.length + missingLogs.length + missingShards.length
  return cutLogs + cutLogTails + cutExports + outages + lists > 0
}
