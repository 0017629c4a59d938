import type { Command } from 'commander'
import { isInForce } from '../ledger/holds.ts'
import { addHold, allHolds, type Hold, releaseHold } from '../pipeline/holds.ts'
import { countRequests } from '../requests/search.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader, withWriter } from './opening.ts'
import { count, safe, table } from './output.ts'
import { parseMoment, parsePeriod } from './period.ts'
import { wholeNumber } from './whole-number.ts'

interface Words extends StoreFlags {
  readonly reason: string
  readonly author: string
}

interface AddFlags extends Words {
  readonly filter: string
  readonly from?: string
  readonly to?: string
  readonly until?: string
}

export function holdCommand(program: Command, context: Context): void {
  const hold = program
    .command('hold')
    .summary('keep requests from being pruned or erased')
    .description('Keeps requests from being pruned or erased, as for a lawsuit. See docs/retention.md.')
  const words = (command: Command): Command =>
    storeOptions(command)
      .requiredOption('--reason <text>', 'why')
      .requiredOption('--author <name>', 'who decided it')
  words(hold.command('add'))
    .summary('keep what a filter finds')
    .description(
      'Keeps the requests that a filter finds, now and later, until the hold is released: their days are not pruned, and their subjects are not erased. Filter and reason stand in a file of the store, the ledger names it by its digest.',
    )
    .requiredOption('--filter <filter>', 'which requests, as in throughline query; * for all')
    .option('--from <time>', 'first moment of the requests, UTC: a date, an RFC 3339 time, or now-7d')
    .option('--to <time>', 'moment after the last, likewise')
    .option('--until <time>', 'when the hold ends by itself, likewise')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline hold add --filter \'path:/payroll/*\' --from 2026-07-01 --to 2026-10-01 --reason "case 17" --author legal',
    )
    .action((flags: AddFlags) => add(context, flags))
  storeOptions(hold.command('list'))
    .summary('list holds')
    .description('Lists all holds, also those that were released or have ended.')
    .action((flags: StoreFlags) => withReader(flags, async store => printList(context, allHolds(store))))
  words(hold.command('release'))
    .summary('end a hold')
    .description('Ends a hold. What it kept may be pruned and erased from then on.')
    .argument('<number>', 'number of the hold, as throughline hold list shows it')
    .addHelpText('after', '\nExamples:\n  throughline hold release 12 --reason "case closed" --author legal')
    .action((text: string, flags: Words) => release(context, text, flags))
}

async function add(context: Context, flags: AddFlags): Promise<void> {
  const nowMs = context.now()
  const range = parsePeriod(flags, nowMs)
  const untilUs = flags.until === undefined ? undefined : parseMoment('--until', flags.until, nowMs)
  const { filter, reason, author } = flags
  // A reader first: a wrong filter is found before anything is touched, and no store is made where there is none.
  const requests = await withReader(flags, store => countRequests(store, { filter, range, nowMs }))
  await withWriter(context, flags, async store => {
    const seq = await addHold(store, { filter, range, untilUs, why: reason, who: author })
    context.out.line(
      `hold ${seq}: keeps ${count(requests)} ${requests === 1 ? 'request' : 'requests'} as of now`,
    )
  })
}

async function release(context: Context, text: string, flags: Words): Promise<void> {
  const number = wholeNumber('hold release', text)
  await withReader(flags, async () => undefined)
  await withWriter(context, flags, async store => {
    releaseHold(store, number, { why: flags.reason, who: flags.author })
    context.out.line(`hold ${number}: released`)
  })
}

function printList({ out, now }: Context, holds: readonly Hold[]): void {
  if (holds.length === 0) return out.line('no holds')
  const rows = holds.map(hold => {
    const { seq, at, who, text, file } = hold
    const missing = file ? '(written by a newer version)' : '(named a subject that was erased)'
    const period = [text?.from, text?.to].some(Boolean) ? `${text?.from ?? ''}..${text?.to ?? ''}` : ''
    return [
      String(seq), stateOf(hold, now()), at.slice(0, 10), safe(who), text ? safe(text.filter) : missing, period, safe(text?.why ?? ''),
    ]
  }) // biome-ignore format: one row
  const titles = ['hold', 'state', 'since', 'author', 'filter', 'period', 'reason']
  for (const line of table(
    titles.map(title => ({ title })),
    rows,
    out,
  ))
    out.line(line)
}

function stateOf(hold: Hold, nowMs: number): string {
  if (hold.released) return `released ${hold.released.at.slice(0, 10)}`
  if (!isInForce(hold, nowMs)) return `ended ${hold.until?.slice(0, 10)}`
  return hold.until === undefined ? 'in force' : `until ${hold.until}`
}
