import type { Command } from 'commander'
import { fitClock } from '../correlate/clocks/fit.ts'
import {
  type ClockHistory,
  describeClock,
  offsetsOver,
  type Reading,
  withoutHulls,
} from '../correlate/clocks/history.ts'
import { ThroughlineError } from '../errors.ts'
import { DAY_US, dayNumber, dayText, rfc3339 } from '../model/time.ts'
import { clockBounds, clockReadings } from '../requests/clock-readings.ts'
import { ALWAYS, type Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { offsetText, sparkline, zoneText } from './clock-words.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReaders } from './opening.ts'
import { count, type Output, safe } from './output.ts'

interface Flags extends StoreFlags {
  readonly day?: string
  readonly host?: string
  readonly json?: boolean
}

/** One host on one day. */
interface HostDay {
  readonly host: string
  readonly day: string
  readonly readFrom: 'id pairs' | 'like pairs'
  /** Links that the readings stand on; those by id where it was read from these. */
  readonly pairs: number
  readonly readings: readonly Reading[]
  readonly history: ClockHistory
}

/** Quarters of an hour in a day. */
const QUARTERS = 96
/** Columns before the line of a day. */
const INDENT = 11

export function clocksCommand(program: Command, context: Context): void {
  storeOptions(program.command('clocks'), { several: true })
    .summary("show how far each host's clock is from the gateway's")
    .description(
      "Shows for each host and day how far its clock was ahead of the gateway's or behind it, how that was read, how it drifted and when it was set. Read from the links: no reading is ever asked of a clock.",
    )
    .option('--day <date>', "only this day, YYYY-MM-DD, by the host's own clock")
    .option('--host <name>', 'only this host, as status and trace name it')
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline clocks\n  throughline clocks --day 2026-03-02 --host web-pay-01',
    )
    .action(async (flags: Flags) => {
      const range = rangeOf(flags.day)
      await withReaders(context, flags, async store => {
        const all = await hostDays(store, range)
        const wanted = flags.host?.toLowerCase()
        const shown = all.filter(d => wanted === undefined || d.host.toLowerCase() === wanted)
        if (flags.json) return context.out.line(JSON.stringify(documentOf(shown), null, 2))
        if (shown.length === 0) return context.out.line(whyNone(store, flags, all))
        print(context.out, shown)
      })
    })
}

function rangeOf(day: string | undefined): Range {
  if (day === undefined) return ALWAYS
  const number = dayNumber(day)
  if (Number.isNaN(number))
    throw new ThroughlineError('USAGE', `--day ${safe(day)}: no date; expected one such as 2026-07-01 (UTC)`)
  return { fromUs: number * DAY_US, toUs: (number + 1) * DAY_US }
}

async function hostDays(store: Store, range: Range): Promise<HostDay[]> {
  const groups = new Map<string, { host: string; day: string; calibrated: boolean; idLinks: number; readings: Reading[] }>() // biome-ignore format: one type
  for (const r of await clockReadings(store, range)) {
    const key = `${r.host}\n${r.day}`
    const group = groups.get(key) ?? { host: r.host, day: r.day, calibrated: false, idLinks: 0, readings: [] }
    groups.set(key, group)
    group.calibrated ||= r.calibrated
    group.idLinks += r.idLinks
    group.readings.push({
      fromUs: r.fromUs,
      toUs: r.toUs,
      lowUs: r.lowUs,
      highUs: r.highUs,
      pairs: r.links,
    })
  }
  const read = [...groups.values()].flatMap(({ host, day, calibrated, idLinks, readings }) => {
    const links = readings.reduce((sum, r) => sum + r.pairs, 0)
    const pairs = calibrated ? idLinks : links
    return describe(host, day, calibrated ? 'id pairs' : 'like pairs', pairs, withoutHulls(readings))
  })
  return [...read, ...(await fromBounds(store, range))].sort(
    (a, b) => (a.host === b.host ? 0 : a.host < b.host ? -1 : 1) || (a.day < b.day ? -1 : 1),
  )
}

/** Hosts for which no link carries a reading: read from the stamps of their id links. */
async function fromBounds(store: Store, range: Range): Promise<HostDay[]> {
  const groups = new Map<string, { host: string; day: number; bounds: { atUs: number; lowUs: number; highUs: number; weight: number }[] }>() // biome-ignore format: one type
  for (const { host, ...bound } of await clockBounds(store, range)) {
    const day = Math.floor(bound.atUs / DAY_US)
    const group = groups.get(`${host}\n${day}`) ?? { host, day, bounds: [] }
    groups.set(`${host}\n${day}`, group)
    group.bounds.push({ ...bound, weight: 1 })
  }
  return [...groups.values()].flatMap(({ host, day, bounds }) => {
    const pieces = fitClock(bounds, day * DAY_US, (day + 1) * DAY_US).filter(p => p.pairs > 0)
    return describe(host, dayText(day), 'id pairs', bounds.length, pieces)
  })
}

function describe(
  host: string,
  day: string,
  readFrom: HostDay['readFrom'],
  pairs: number,
  readings: readonly Reading[],
): HostDay[] {
  const history = describeClock(readings)
  return history ? [{ host, day, readFrom, pairs, readings, history }] : []
}

function print(out: Output, days: readonly HostDay[]): void {
  out.line("Ahead and behind are against the gateway's clock; times of day are by the host's own, in UTC.")
  let host: string | undefined
  for (const day of days) {
    if (day.host !== host) out.line(`\n${out.colors.bold(safe(day.host || '(unnamed host)'))}`)
    host = day.host
    for (const line of dayLines(out, day)) out.line(line)
  }
}

function dayLines(out: Output, { day, readFrom, pairs, readings, history }: HostDay): string[] {
  const label = (name: string, text: string): string => `  ${name.padEnd(INDENT)}${text}`
  const fromUs = dayNumber(day) * DAY_US
  const perCell = Math.max(1, Math.ceil(QUARTERS / Math.max(8, (out.width ?? 120) - INDENT - 2)))
  const cells = Math.ceil(QUARTERS / perCell)
  const spread = offsetsOver(readings, fromUs, fromUs + cells * perCell * (DAY_US / QUARTERS), cells)
  // Where one offset fits all readings, their middles differ by how well each was read, not by the clock.
  const isFlat = history.driftPpm === 0 && history.steps.length === 0
  const offsets = isFlat ? spread.map(us => (Number.isNaN(us) ? us : 0)) : spread
  const seen = offsets.filter(us => !Number.isNaN(us))
  const [low, high] = [Math.min(...seen), Math.max(...seen)]
  return [
    `  ${day}  ${offsetText(history.lowUs, history.highUs)}`,
    label('read from', `${count(pairs)} ${pairs === 1 ? readFrom.slice(0, -1) : readFrom}${readFrom === 'id pairs' ? ' (hops that an id joins)' : ' (hops that are alike; no id joins any)'}`), // biome-ignore format: one line
    label('drift', driftText(readings, history)),
    ...history.steps.map((step, i) =>
      label(
        i === 0 ? 'set' : '',
        out.colors.yellow(
          `${when(step.fromUs, step.toUs)}: from ${offsetText(step.before.lowUs, step.before.highUs)} to ${offsetText(step.after.lowUs, step.after.highUs)}`,
        ),
      ),
    ),
    ...(history.zoneHours === 0 ? [] : [label('zone', out.colors.yellow(zoneText(history.zoneHours)))]),
    label('over day', sparkline(offsets)),
    ...(isFlat ? [] : [label('', `▁ ${offsetText(low, low)}, █ ${offsetText(high, high)}`)]),
  ]
}

function driftText(readings: readonly Reading[], { driftPpm, steps }: ClockHistory): string {
  if (driftPpm !== 0) {
    const perDay = Math.abs(driftPpm * 86_400) / 1e6
    return `${driftPpm > 0 ? 'gains' : 'loses'} ${Math.abs(driftPpm).toFixed(0)} ppm (${perDay.toFixed(perDay < 10 ? 1 : 0)} s a day)`
  }
  const [first, last] = [readings[0], readings.at(-1)]
  return first && last && last.fromUs > first.fromUs
    ? `none seen: ${steps.length > 0 ? 'between steps ' : ''}one offset fits all readings from ${timeOfDay(first.fromUs)} to ${timeOfDay(last.toUs)}`
    : 'not known: a single reading'
}

function when(fromUs: number, toUs: number): string {
  const [from, to] = [timeOfDay(fromUs), timeOfDay(toUs)]
  return from === to ? `at ${from}` : `between ${from} and ${to}`
}

function timeOfDay(us: number): string {
  return rfc3339(us).slice(11, 19)
}

function whyNone({ state }: Store, flags: Flags, all: readonly HostDay[]): string {
  if (state.segments.length === 0) return 'the store is empty; add logs with: throughline ingest LOGS'
  if (all.length > 0) {
    const hosts = [...new Set(all.map(d => safe(d.host || '(unnamed host)')))]
    return `host ${safe(flags.host)}: no reading of its clock${flags.day ? ` on ${flags.day}` : ''}; there are readings of ${hosts.join(', ')}`
  }
  return `no clock has been read${flags.day ? ` on ${flags.day}` : ''}: a clock is read from hops that are linked, and none are; throughline status shows how far the two sides were joined`
}

function documentOf(days: readonly HostDay[]): Record<string, unknown> {
  const interval = (r: { lowUs: number; highUs: number }): Record<string, string> => ({
    low_us: String(Math.floor(r.lowUs)),
    high_us: String(Math.ceil(r.highUs)),
  })
  return {
    version: 1,
    clocks: days.map(({ host, day, readFrom, pairs, readings, history }) => ({
      host,
      day,
      ...interval(history),
      read_from: readFrom,
      pairs,
      drift_ppm: Math.round(history.driftPpm * 10) / 10,
      zone_hours: history.zoneHours,
      steps: history.steps.map(step => ({
        from_ts: rfc3339(Math.floor(step.fromUs)),
        to_ts: rfc3339(Math.ceil(step.toUs)),
        before: interval(step.before),
        after: interval(step.after),
      })),
      readings: readings.map(r => ({
        from_ts: rfc3339(Math.floor(r.fromUs)),
        to_ts: rfc3339(Math.ceil(r.toUs)),
        ...interval(r),
        pairs: Math.round(r.pairs),
      })),
    })),
  }
}
