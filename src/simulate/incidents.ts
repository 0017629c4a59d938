import type { Period } from './clock.ts'
import type { Host } from './company.ts'
import type { SimulationSettings } from './options.ts'
import type { Random } from './random.ts'
import { MINUTE_US, SECOND_US } from './times.ts'

/** What goes on for a while: half-open spans of true time, at moments spread evenly at random (assumption). */
export interface Incidents {
  /** Visitors come in a burst, as when a mail goes round ("flash crowds": Jung, Krishnamurthy, Rabinovich 2002). */
  readonly crowds: readonly Period[]
  /** The app refuses tokens: its keys or its clock disagree with the gateway's. */
  readonly rejections: readonly Period[]
  /** A host loses its lines: HTTP.sys buffers up to 64 KB, a full disk stops logging (reference: IIS 2.6). */
  readonly outages: ReadonlyMap<Host, readonly Period[]>
  /** The application pool of a host is stopped. */
  readonly poolStops: ReadonlyMap<Host, readonly Period[]>
}

export function drawIncidents(
  settings: SimulationSettings,
  whole: Period,
  hosts: readonly Host[],
  random: Random,
): Incidents {
  const { crowds, crowdSeconds, rejectionBursts, rejectionBurstMinutes, outages, outageMinutes } = settings
  const drawn = {
    crowds: drawPeriods(crowds, crowdSeconds * SECOND_US, whole, random),
    rejections: drawPeriods(rejectionBursts, rejectionBurstMinutes * MINUTE_US, whole, random),
  }
  const perHost = (count: number, minutes: number): Map<Host, Period[]> => {
    const byHost = new Map<Host, Period[]>()
    for (const period of drawPeriods(count, minutes * MINUTE_US, whole, random)) {
      const host = random.pick(hosts)
      byHost.set(host, [...(byHost.get(host) ?? []), period])
    }
    return byHost
  }
  return {
    ...drawn,
    outages: perHost(outages, outageMinutes),
    poolStops: perHost(settings.poolStops, settings.poolStopMinutes),
  }
}

export function isDuring(periods: readonly Period[] | undefined, us: number): boolean {
  if (periods === undefined) return false
  for (const { startUs, endUs } of periods) if (us >= startUs && us < endUs) return true
  return false
}

/** Spans of one length at moments spread evenly at random. */
export function drawPeriods(count: number, lengthUs: number, whole: Period, random: Random): Period[] {
  const room = Math.max(0, whole.endUs - whole.startUs - lengthUs)
  return Array.from({ length: count }, () => {
    const startUs = whole.startUs + random.unit() * room
    return { startUs, endUs: startUs + lengthUs }
  })
}
