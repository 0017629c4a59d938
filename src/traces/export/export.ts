import { DAY_US, dayNumber } from '../../model/time.ts'
import { dayChanges, daysWithHops } from '../../requests/settled-days.ts'
import type { Range } from '../../store/facts.ts'
import type { Store } from '../../store/store.ts'
import type { DayExport, Outlets, SentDay } from './export-day.ts'
import type { DayPlan } from './plan-day.ts'
import type { Receiver } from './receiver.ts'
import { Waiting } from './waiting.ts'

/** A request of an open day is sent once nothing of it has changed for so long. */
export const SETTLE_MS = 5 * 60_000

/** Days whose requests may begin in a period, in order. */
export function daysOf(store: Store, { fromUs, toUs }: Range): string[] {
  return daysWithHops(store.state).filter(day => {
    const startUs = dayNumber(day) * DAY_US
    // A request belongs to the day on which its gateway hop began, or its only app hop ended.
    return startUs + DAY_US > fromUs && startUs - DAY_US < toUs
  })
}

export interface Period {
  readonly range: Range
  /** How long nothing of a request of an open day must have changed. */
  readonly settleMs: number
  readonly nowMs: () => number
}

export interface Sending extends Period {
  readonly isStopped: () => boolean
  readonly onDay?: ((day: SentDay) => void) | undefined
}

/** What an export found. doneBefore: days that had been sent as they stand. */
export interface ExportedOnce {
  readonly days: number
  readonly doneBefore: number
  readonly requests: number
  readonly unsettled: number
  readonly sampledOut: number
}

/** Sends what a store holds of a period and the receiver does not have yet, day by day. */
export async function exportOnce(
  store: Store,
  receiver: Receiver,
  dayExport: DayExport,
  outlets: Outlets,
  once: Sending,
): Promise<ExportedOnce> {
  const days = daysOf(store, once.range)
  const total = { days: days.length, doneBefore: 0, requests: 0, unsettled: 0, sampledOut: 0 }
  const changed = dayChanges(store.state)
  receiver.dropBefore(store.state.pruning?.before ?? '')
  for (const day of days) {
    if (once.isStopped()) break
    const { seq, isSettled } = changed(day)
    if (receiver.isDone(day, seq, dayExport.asked)) {
      total.doneBefore++
      continue
    }
    const plan = await dayExport.plan(day, isQuiet(store, day, once) ? 'TRUE' : 'FALSE')
    const sent = await dayExport.send(day, plan, outlets)
    if (isSettled && sent.unsettled === 0) receiver.noteDone(day, seq, dayExport.asked)
    total.requests += sent.requests
    total.unsettled += sent.unsettled
    total.sampledOut += sent.sampledOut
    if (sent.hops > 0) once.onDay?.(sent)
  }
  return total
}

/** What would be sent, day by day; nothing is. */
export async function* planOnce(
  store: Store,
  dayExport: Pick<DayExport, 'plan'>,
  period: Period,
): AsyncGenerator<DayPlan & { readonly day: string }> {
  for (const day of daysOf(store, period.range))
    yield { day, ...(await dayExport.plan(day, isQuiet(store, day, period) ? 'TRUE' : 'FALSE')) }
}

/** Whether a day and its neighbours have had no new hop for long enough, by the ledger. */
function isQuiet({ state }: Store, day: string, { settleMs, nowMs }: Period): boolean {
  const since = nowMs() - settleMs
  return [...state.days.values()]
    .filter(d => Math.abs(dayNumber(d.day) - dayNumber(day)) <= 1)
    .every(d => d.lastHopAt === undefined || Date.parse(d.lastHopAt) <= since)
}

/** Between two looks at the store, ms, ... */
const LOOK_MS = 1_000
/** ... and between two plans of one day: so many times what the last one took, as a day is planned as a whole. */
const PLAN_SHARE = 4
/** Days that wait for nothing but time are planned again so often at most, ms. */
const LEAST_PLAN_MS = 5_000

export interface Live extends Sending {
  readonly pause: (ms: number) => Promise<void>
}

interface Look {
  readonly seq: number
  readonly dueMs: number
}

/** Sends requests as they settle, until it is stopped. Everything that was handed over is taken by then, or fails. */
export async function exportLive(
  store: Store,
  receiver: Receiver,
  dayExport: DayExport,
  outlets: Outlets,
  live: Live,
): Promise<void> {
  const waiting = new Waiting(store, live.settleMs)
  const looks = new Map<string, Look>()
  while (!live.isStopped()) {
    const changed = dayChanges(store.state)
    receiver.dropBefore(store.state.pruning?.before ?? '')
    for (const day of daysOf(store, live.range)) {
      const { seq, isSettled } = changed(day)
      const before = looks.get(day)
      const startedMs = live.nowMs()
      const isDue = before === undefined || before.seq < seq || (waiting.dueMs(day) ?? Infinity) <= startedMs
      if (!isDue || startedMs < (before?.dueMs ?? 0) || live.isStopped()) continue
      if (receiver.isDone(day, seq, dayExport.asked)) {
        looks.set(day, { seq, dueMs: 0 })
        continue
      }
      const plan = await dayExport.plan(day, waiting.condition(day, startedMs))
      await waiting.note(day, startedMs)
      const sent = await dayExport.send(day, plan, outlets)
      if (isSettled && sent.unsettled === 0) receiver.noteDone(day, seq, dayExport.asked)
      if (sent.hops > 0) live.onDay?.(sent)
      const tookMs = live.nowMs() - startedMs
      looks.set(day, { seq, dueMs: live.nowMs() + Math.max(LEAST_PLAN_MS, PLAN_SHARE * tookMs) })
    }
    if (live.isStopped()) return
    await live.pause(LOOK_MS)
    store.refresh()
  }
}
