import { userInfo } from 'node:os'
import { type Command, Option } from 'commander'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { dayNumber } from '../model/time.ts'
import {
  applyRetention,
  configuredRules,
  planRetention,
  type RetentionRule,
  retainedFrom,
} from '../pipeline/retention.ts'
import type { PruneKind } from '../store/prune.ts'
import { sweepReplaced } from '../store/sweep.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader, withWriter } from './opening.ts'
import { safe } from './output.ts'
import { printPlans, printSwept } from './prune-print.ts'
import { wholeNumber } from './whole-number.ts'

interface Flags extends StoreFlags {
  readonly before?: string
  readonly keepDays?: string
  readonly kind?: PruneKind
  readonly why?: string
  readonly dryRun?: boolean
  readonly wait?: boolean
}

const KINDS: readonly PruneKind[] = ['requests', 'rejects', 'generations', 'reads']

export function pruneCommand(store: Command, context: Context): void {
  storeOptions(store.command('prune'))
    .summary('drop what is old')
    .description(
      'Drops whole days: facts, index, links and rejects; or of old days only rejects, links that later ones have replaced, or records of reads. Without --before and --keep-days it applies what the configuration says under retention. Requests that a hold keeps stay, with every later day. The ledger keeps what was dropped, by whom and why, and the accounting of every source. Lines of dropped days are not taken in again.',
    )
    .option('--before <day>', 'first day that stays, YYYY-MM-DD')
    .option('--keep-days <n>', 'keep so many days before today (default: as configured under retention)')
    .addOption(
      new Option(
        '--kind <kind>',
        'drop only this; with --before or --keep-days the default is requests: days with all they have',
      ).choices(KINDS),
    )
    .option('--why <text>', 'reason for the ledger (default: "retention")')
    .option('--dry-run', 'only say what would be dropped')
    .option('--no-wait', 'delete the files now, not after ten minutes; those that a reader uses stay')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline store prune --dry-run\n  throughline store prune --before 2026-07-01 --dry-run\n  throughline store prune --keep-days 400 --why "retention policy 7"\n  throughline store prune --kind rejects --keep-days 30',
    )
    .action((flags: Flags) => runPrune(context, flags))
}

async function runPrune(context: Context, flags: Flags): Promise<void> {
  const { out } = context
  // A reader first: what is wrong is found before anything is touched, and no store is made where there is none.
  const rules = await withReader(flags, async (store, loaded) => {
    const wanted = rulesOf(flags, loaded, context.now())
    if (flags.dryRun) printPlans(out, await planRetention(store, wanted, context.now()), 'would drop')
    return wanted
  })
  if (flags.dryRun) return
  await withWriter(context, flags, async store => {
    const words = { why: flags.why ?? 'retention', who: userName() }
    const plans = await applyRetention(store, rules, context.now(), words)
    printPlans(out, plans, 'dropped')
    if (plans.every(plan => plan.files.length === 0)) return
    printSwept(out, sweepReplaced(store, flags.wait === false ? 0 : undefined))
  })
}

/** What is to be dropped, by options or configuration. */
function rulesOf(flags: Flags, { config }: LoadedConfig, nowMs: number): RetentionRule[] {
  const before = firstDay(flags, nowMs)
  if (before !== undefined) return [{ kind: flags.kind ?? 'requests', before }]
  const rules = configuredRules(config, nowMs).filter(({ kind }) => !flags.kind || kind === flags.kind)
  if (rules.length > 0) return rules
  const key = {
    requests: 'days',
    rejects: 'rejectsDays',
    generations: 'generationsDays',
    reads: 'readsDays',
  }[flags.kind ?? 'requests']
  throw new ThroughlineError(
    'USAGE',
    `store prune: say what stays with --before 2026-07-01 or --keep-days 400, or configure retention.${key}`,
  )
}

/** The first day that stays, where an option says it. */
function firstDay({ before, keepDays }: Flags, nowMs: number): string | undefined {
  if (before !== undefined && keepDays !== undefined)
    throw new ThroughlineError('USAGE', 'store prune: give --before or --keep-days, not both')
  if (keepDays !== undefined) return retainedFrom(wholeNumber('--keep-days', keepDays), nowMs)
  if (before === undefined || !Number.isNaN(dayNumber(before))) return before
  throw new ThroughlineError('USAGE', `store prune --before ${before}: no such date; expected YYYY-MM-DD`)
}

export function userName(): string {
  try {
    return safe(userInfo().username)
  } catch {
    return 'unknown'
  }
}
