import type { Command } from 'commander'
import { closeByHand, closeDays } from '../correlate/close-days.ts'
import { ThroughlineError } from '../errors.ts'
import { dayNumber } from '../model/time.ts'
import { relink } from '../pipeline/run.ts'
import { type Context, type StoreFlags, storeOptions, withWriter } from './context.ts'
import { count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'

interface Flags extends StoreFlags {
  readonly close?: boolean
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
    .addHelpText('after', '\nExamples:\n  throughline link\n  throughline link 2026-07-01 --close')
    .action(async (days: string[], flags: Flags) => {
      for (const day of days) {
        if (Number.isNaN(dayNumber(day)))
          throw new ThroughlineError('USAGE', `link ${day}: no such date; expected YYYY-MM-DD`)
      }
      if (flags.close && days.length === 0)
        throw new ThroughlineError('USAGE', 'link --close: name the days to close, such as 2026-07-01')
      const progress = new ProgressLine(context.out, context.now)
      await withWriter(context, flags, async (store, { config }) => {
        const all = [...store.state.days.values()].filter(d => d.lastHopAt)
        const wanted = days.length ? all.filter(d => days.includes(d.day)) : all
        const linked = await relink(store, wanted, {
          config,
          onDay: (d, place, of) => progress.linking(d, place, of),
        })
        progress.clear()
        const closed = [...(flags.close ? closeByHand(store, days) : []), ...(await closeDays(store))]
        const { out } = context
        const changed = linked.filter(day => day.changed)
        out.line(
          `linked     ${count(linked.length)} ${linked.length === 1 ? 'day' : 'days'}, ${count(changed.length)} changed${changed.length ? `: ${changed.map(d => d.day).join(', ')}` : ''}`,
        )
        out.line(`closed     ${closed.length ? closed.join(', ') : 'none'}`)
        for (const day of linked) for (const warning of day.warnings) out.warn(`${day.day}: ${safe(warning)}`)
      })
    })
}
