import { userInfo } from 'node:os'
import type { Command } from 'commander'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import type { PrunedFile } from '../ledger/entry.ts'
import { DAY_US, dayNumber, dayText } from '../model/time.ts'
import { type PrunePlan, planPrune, prune } from '../store/prune.ts'
import { sweepReplaced } from '../store/sweep.ts'
import { type Context, type StoreFlags, storeOptions, withReader, withWriter } from './context.ts'
import { wholeNumber } from './ingest.ts'
import { bytes, count, type Output, safe } from './output.ts'

interface Flags extends StoreFlags {
  readonly before?: string
  readonly keepDays?: string
  readonly why?: string
  readonly dryRun?: boolean
  readonly wait?: boolean
}

export function pruneCommand(store: Command, context: Context): void {
  storeOptions(store.command('prune'))
    .summary('drop old days')
    .description(
      'Drops whole days: facts, index, links and rejects. The ledger keeps what was dropped, by whom and why, and the accounting of every source. Lines of these days are not taken in again.',
    )
    .option('--before <day>', 'first day that stays, YYYY-MM-DD')
    .option(
      '--keep-days <n>',
      'keep so many days before today (default: retention.days of the configuration)',
    )
    .option('--why <text>', 'reason for the ledger (default: "retention")')
    .option('--dry-run', 'only say what would be dropped')
    .option('--no-wait', 'delete the files now, not after ten minutes; those that a reader uses stay')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline store prune --before 2026-07-01 --dry-run\n  throughline store prune --keep-days 400 --why "retention policy 7"',
    )
    .action((flags: Flags) => runPrune(context, flags))
}

async function runPrune(context: Context, flags: Flags): Promise<void> {
  const { out } = context
  // A reader first: what is wrong is found before anything is touched, and no store is made where there is none.
  const before = await withReader(flags, async (store, loaded) => {
    const day = firstDay(flags, loaded, context.now())
    if (flags.dryRun) printPlan(out, planPrune(store.state, day), 'would drop')
    return day
  })
  if (flags.dryRun) return
  await withWriter(context, flags, async store => {
    const plan = await prune(store, before, { why: flags.why ?? 'retention', who: userName() })
    printPlan(out, plan, 'dropped')
    if (plan.files.length === 0) return
    const swept = sweepReplaced(store, flags.wait === false ? 0 : undefined)
    out.line(`deleted    ${count(swept.files)} files, ${bytes(swept.bytes)}`)
    if (swept.left > 0)
      out.line(`on disk    ${bytes(swept.left)}, which readers may still need; the next command that writes deletes what is ten minutes old`) // biome-ignore format: one line
  })
}

/** The first day that stays. */
function firstDay(flags: Flags, { config }: LoadedConfig, nowMs: number): string {
  if (flags.before !== undefined && flags.keepDays !== undefined)
    throw new ThroughlineError('USAGE', 'store prune: give --before or --keep-days, not both')
  if (flags.before !== undefined) {
    if (!Number.isNaN(dayNumber(flags.before))) return flags.before
    throw new ThroughlineError(
      'USAGE',
      `store prune --before ${flags.before}: no such date; expected YYYY-MM-DD`,
    )
  }
  const keep =
    flags.keepDays === undefined ? config.retention.days : wholeNumber('--keep-days', flags.keepDays)
  if (keep === undefined)
    throw new ThroughlineError(
      'USAGE',
      'store prune: say what stays with --before 2026-07-01 or --keep-days 400, or configure retention.days',
    )
  return retainedFrom(keep, nowMs)
}

/** The first day that stays when so many days before today do. */
export function retainedFrom(keepDays: number, nowMs: number): string {
  return dayText(Math.floor((nowMs * 1000) / DAY_US) - keepDays)
}

const WHAT: readonly PrunedFile['what'][] = ['facts', 'links', 'index', 'rejects']

function printPlan(out: Output, { before, days, files }: PrunePlan, verb: string): void {
  if (files.length === 0) return out.line(`nothing    there is nothing of days before ${before}`)
  const span = days.length > 1 ? `${days[0]} to ${days.at(-1)}` : (days[0] ?? 'no day')
  out.line(`${verb.padEnd(11)}${count(days.length)} ${days.length === 1 ? 'day' : 'days'}: ${span}`)
  for (const what of WHAT) {
    const own = files.filter(f => f.what === what)
    const rows = own.reduce((sum, f) => sum + f.rows, 0)
    const size = own.reduce((sum, f) => sum + f.bytes, 0)
    if (own.length > 0)
      out.line(`${what.padEnd(11)}${count(own.length)} files, ${count(rows)} rows, ${bytes(size)}`)
  }
}

export function userName(): string {
  try {
    return safe(userInfo().username)
  } catch {
    return 'unknown'
  }
}
