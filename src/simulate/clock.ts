import type { SimulationSettings } from './options.ts'
import { HOUR_US, MS_US, SECOND_US } from './times.ts'

const MILLION = 1_000_000

/** The whole time of a simulation, half-open. */
export interface Period {
  readonly startUs: number
  readonly endUs: number
}

/** A clock that is wrong: how far it is ahead of true time, in microseconds, at a true moment. */
export type Clock = (trueUs: number) => number

export function wholePeriod(settings: SimulationSettings): Period {
  const startUs = Date.parse(settings.start) * MS_US
  return { startUs, endUs: startUs + settings.hours * HOUR_US }
}

/**
 * The clock of a host: its offset, its drift since the start (crystals are good for some tens of millionths:
 * assumption), one step, as when a time service sets it, and jumps ahead and back by turns, as when two time
 * sources disagree.
 */
export function hostClock(settings: SimulationSettings, index: number): Clock {
  const { startUs, endUs } = wholePeriod(settings)
  const offsetUs = Math.round((settings.clockOffsetsMs[index] ?? 0) * MS_US)
  const drift = (settings.clockDriftsPpm[index] ?? 0) / MILLION
  const stepUs = (settings.clockStepsMs[index] ?? 0) * MS_US
  const jumpUs = (settings.clockJumpsMs[index] ?? 0) * MS_US
  if (drift === 0 && stepUs === 0 && jumpUs === 0) return () => offsetUs
  const stepAtUs = startUs + settings.clockStepAt * (endUs - startUs)
  const turnUs = settings.clockJumpSeconds * SECOND_US
  return us => {
    const step = us >= stepAtUs ? stepUs : 0
    const isAhead = Math.floor((us - startUs) / turnUs) % 2 === 1
    return Math.round(offsetUs + drift * (us - startUs) + step + (isAhead ? jumpUs : 0))
  }
}

export function gatewayClock(settings: SimulationSettings): Clock {
  const { startUs } = wholePeriod(settings)
  const offsetUs = Math.round(settings.gatewayClockOffsetMs * MS_US)
  const drift = settings.gatewayClockDriftPpm / MILLION
  return us => offsetUs + Math.round(drift * (us - startUs))
}
