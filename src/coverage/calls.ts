import { HOUR_US } from '../model/time.ts'
import type { Gathered, Served } from './gather.ts'
import type { Gap } from './row.ts'
import { SLOT_US, type SlotCounts, Slots } from './slots.ts'

/** A stream answers a target where so many links say so, or this share of its links. */
const SERVES_LINKS = 10
const SERVES_SHARE = 0.01

/** Answers of one target of an environment, as the gateway has them. */
export interface Target {
  readonly environment: number
  readonly application: string
  /** Host; empty where the records name none. */
  readonly host: string
  readonly slots: Slots
  /** Log streams whose lines it has. */
  readonly streams: ReadonlySet<number>
  /** Counts by hour, number from 1970, whatever is explained of them later. */
  readonly byHour: ReadonlyMap<number, SlotCounts>
}

/** Lines of one log stream that came from the gateway. */
export interface GatewayLines {
  /** On the clock of the gateway. */
  readonly slots: Slots
  readonly byHour: ReadonlyMap<number, SlotCounts>
}

/** Which streams answer which targets, without pairs that are the exception. */
export function usualServices(serves: readonly Served[]): readonly Served[] {
  const totals = new Map<number, number>()
  for (const { stream, links } of serves) totals.set(stream, (totals.get(stream) ?? 0) + links)
  return serves.filter(
    ({ stream, links }) => links >= SERVES_LINKS || links >= SERVES_SHARE * (totals.get(stream) ?? 0),
  )
}

/** How far the clock of a stream is ahead of the gateway's, µs: by the pairs that there are most of. */
export function aheadOf(serves: readonly Served[], stream: number): number {
  const own = serves.filter(s => s.stream === stream)
  return own.reduce((best, s) => (s.links > best.links ? s : best), { links: 0, ahead_us: 0 }).ahead_us
}

export function targetsOf({ calls }: Gathered, services: readonly Served[], horizon: Gap): readonly Target[] {
  const keyOf = (t: { environment: number; application: string; target: string }): string =>
    JSON.stringify([t.environment, t.application, t.target])
  const streams = new Map<string, Set<number>>()
  for (const service of services)
    streams.set(keyOf(service), (streams.get(keyOf(service)) ?? new Set()).add(service.stream))
  const targets = new Map<string, Target & { byHour: Map<number, SlotCounts> }>()
  for (const call of calls) {
    const key = keyOf(call)
    const target = targets.get(key) ?? {
      environment: call.environment, application: call.application, host: call.target,
      slots: new Slots(horizon.fromUs, horizon.toUs), streams: streams.get(key) ?? new Set(), byHour: new Map(),
    } // biome-ignore format: one target
    targets.set(key, target)
    target.slots.add(call.slot, call.calls, call.loose)
    addTo(target.byHour, Math.floor((call.slot * SLOT_US) / HOUR_US), call.calls, call.loose)
  }
  return [...targets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, target]) => target)
}

export function gatewayLines(
  { lines }: Gathered,
  serves: readonly Served[],
  horizon: Gap,
): ReadonlyMap<number, GatewayLines> {
  const found = new Map<number, GatewayLines & { byHour: Map<number, SlotCounts>; aheadUs: number }>()
  for (const line of lines) {
    const own = found.get(line.stream) ?? {
      slots: new Slots(horizon.fromUs, horizon.toUs),
      byHour: new Map(),
      aheadUs: aheadOf(serves, line.stream),
    }
    found.set(line.stream, own)
    const us = line.slot * SLOT_US + SLOT_US / 2 - own.aheadUs
    own.slots.add(Math.floor(us / SLOT_US), line.lines, line.loose)
    addTo(own.byHour, Math.floor(us / HOUR_US), line.lines, line.loose)
  }
  return found
}

function addTo(byHour: Map<number, SlotCounts>, hour: number, all: number, loose: number): void {
  const before = byHour.get(hour) ?? { all: 0, loose: 0 }
  byHour.set(hour, { all: before.all + all, loose: before.loose + loose })
}

/** Counts of several in an hour (its number). */
export function inHour(
  several: readonly { readonly byHour: ReadonlyMap<number, SlotCounts> }[],
  hour: number,
): SlotCounts {
  let [all, loose] = [0, 0]
  for (const { byHour } of several) {
    const counts = byHour.get(hour)
    all += counts?.all ?? 0
    loose += counts?.loose ?? 0
  }
  return { all, loose }
}

/** Whether so much of an hour is without a partner that single losses do not account for it. */
export function isMuch({ all, loose }: SlotCounts): boolean {
  return loose >= 5 && loose >= 0.05 * all
}
