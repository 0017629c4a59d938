import type { Command } from 'commander'
import { closeByHand, closeDays } from '../correlate/close-days.ts'
import type { LinkedDay } from '../correlate/link-days.ts'
import { ThroughlineError } from '../errors.ts'
import type { ApplicationDay } from '../ledger/state.ts'
import { dayNumber } from '../model/time.ts'
import { relink } from '../pipeline/relink.ts'
import { rederiveAndLink } from '../pipeline/run.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { dayNames, warnStale } from './days.ts'
import { withWriter } from './opening.ts'
import { count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'

interface Flags extends StoreFlags {
  readonly close?: boolean
  readonly rederive?: boolean
}

export function linkCommand(program: Command, context: Context): void {
  storeOptions(program.command('link'))
    .summary('link days anew and close those that are whole')
    .description(
      'Computes the links of days from their facts again. Days whose links come out as they were stay untouched.',
    )
    .argument('[day...]', 'days as YYYY-MM-DD; all days without any')
    .option(
      '--close',
      'close these days though a side is not covered; findings about that side stay not evaluated',
    )
    .option(
      '--rederive',
      'derive applications, ids and subjects of all hops anew after the configuration has changed, then link all days',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  throughline link\n  throughline link --rederive\n  throughline link 2026-07-01 --close',
    )
    .action(async (days: string[], flags: Flags) => {
      for (const day of days) {
        if (Number.isNaN(dayNumber(day)))
          throw new ThroughlineError('USAGE', `link ${day}: no such date; expected YYYY-MM-DD`)
      }
      if (flags.close && days.length === 0)
        throw new ThroughlineError('USAGE', 'link --close: name the days to close, such as 2026-07-01')
      if (flags.rederive && days.length > 0)
        throw new ThroughlineError('USAGE', 'link --rederive: it takes all days; leave the days out')
      await withWriter(context, flags, async (store, { config }) => {
        const progress = new ProgressLine(context.out, context.now)
        const onDay = (d: string, place: number, of: number): void => progress.linking(d, place, of)
        const { segments, linked } = flags.rederive
          ? await rederiveAndLink(store, { config, onDay })
          : { segments: 0, linked: await relink(store, daysOf(store, days), { config, onDay }) }
        progress.clear()
        const closed = [...(flags.close ? closeByHand(store, days) : []), ...(await closeDays(store))]
        if (flags.rederive)
          context.out.line(`rederived  ${count(segments)} ${segments === 1 ? 'segment' : 'segments'}`)
        printLinked(context, store, linked, closed)
      })
    })
}

function daysOf(store: Store, days: readonly string[]): ApplicationDay[] {
  const all = [...store.state.days.values()].filter(d => d.lastHopAt)
  return days.length ? all.filter(d => days.includes(d.day)) : all
}

function printLinked(
  { out }: Context,
  store: Store,
  linked: readonly LinkedDay[],
  closed: readonly ApplicationDay[],
): void {
  const changed = linked.filter(day => day.changed)
  const list = changed.length
    ? `: ${changed.map(day => dayNames(store, [day]) + changesText(day)).join(', ')}`
    : ''
  out.line(
    `linked     ${count(linked.length)} ${linked.length === 1 ? 'day' : 'days'}, ${count(changed.length)} changed${list}`,
  )
  out.line(`closed     ${closed.length ? dayNames(store, closed) : 'none'}`)
  warnStale(out, store)
  for (const day of linked)
    for (const warning of day.warnings) out.warn(`${dayNames(store, [day])}: ${safe(warning)}`)
}

/** What a changed day has more and less than before. */
function changesText({ changes }: LinkedDay): string {
  return changes ? ` (${count(changes.made)} made, ${count(changes.undone)} undone)` : ''
}
