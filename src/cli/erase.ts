import { type Command, Option } from 'commander'
import type { Subject } from '../model/subject.ts'
import { subjectText } from '../model/subject-text.ts'
import { assertAllowed, type Erased, erase } from '../pipeline/erase/erase.ts'
import { readSubject } from '../pipeline/erase/person.ts'
import { type ErasePlan, isEmpty, planErasure } from '../pipeline/erase/plan.ts'
import { sweepReplaced } from '../store/sweep.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReader, withWriter } from './opening.ts'
import { count, type Output, safe } from './output.ts'
import { printSwept } from './prune-print.ts'

interface Flags extends StoreFlags {
  readonly subject: string
  readonly kind?: Subject['kind']
  readonly reason: string
  readonly author: string
  readonly mentions?: readonly string[]
  readonly dryRun?: boolean
  readonly wait?: boolean
}

/** Days that are listed. */
const MOST_DAYS = 10

export function eraseCommand(program: Command, context: Context): void {
  storeOptions(program.command('erase'))
    .summary('take a person out of the store')
    .description(
      'Takes a subject out of the store, under every name that the aliases know: its hops keep ids, times, statuses and links, and lose who it was; index, rejects and aliases forget it. The ledger keeps the digests of the files before and after, and never the name. It is refused while a hold keeps one of its requests. See docs/retention.md for what it cannot reach.',
    )
    .requiredOption('--subject <name>', 'who, as logs or aliases write it, such as CORP\\ann or ann@corp.example')
    .addOption(
      new Option('--kind <kind>', 'what it is, where the name does not show it').choices(['user', 'client', 'host']),
    )
    .requiredOption('--reason <text>', 'why, for the ledger; without the name')
    .requiredOption('--author <name>', 'who decided it, for the ledger')
    .option('--mentions <name...>', 'also erase these of its names from paths, queries and other values of requests of others')
    .option('--dry-run', 'only say what would be erased')
    .option('--no-wait', 'delete the files before now, not after ten minutes; those that a reader uses stay')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline erase --subject ann.meyer@corp.example --reason "request 2026-17" --author privacy --dry-run\n  throughline erase --subject "CORP\\\\ann" --reason "request 2026-17" --author privacy --no-wait',
    )
    .action((flags: Flags) => run(context, flags))
} // biome-ignore format: texts of options

async function run(context: Context, flags: Flags): Promise<void> {
  const { out } = context
  const request = { subject: readSubject(flags.subject, flags.kind), mentions: flags.mentions ?? [] }
  // A reader first: no store is made where there is none.
  await withReader(flags, async (store, { config }) => {
    if (!flags.dryRun) return
    const plan = await planErasure(store, config, request)
    printPlan(out, plan, 'would go')
    assertAllowed(plan)
  })
  if (flags.dryRun) return
  await withWriter(context, flags, async (store, { config }) => {
    const done = await erase(store, config, request, { why: flags.reason, who: flags.author })
    printPlan(out, done, 'erased')
    printErased(out, done)
    // Also where there was nothing: an earlier run may have left files for later.
    printSwept(out, sweepReplaced(store, flags.wait === false ? 0 : undefined))
  })
}

function printPlan(out: Output, plan: ErasePlan, verb: string): void {
  const { person, segments, requests, days, frozen } = plan
  out.line(`subject    ${safe(subjectText(person.subject))} (${person.subject.kind})`)
  if (isEmpty(plan)) return out.line('nothing    the store knows nothing of it')
  const rows = segments.reduce((sum, s) => sum + s.own + s.mentions, 0)
  const linesOf = (files: ErasePlan['rejects']): number => files.reduce((sum, f) => sum + f.rows, 0)
  out.line(`${verb.padEnd(11)}${count(rows)} hops, in ${count(requests)} requests`)
  if (days.length > 0) out.line(`days       ${someDays(days)}`)
  if (frozen.length > 0)
    out.line(`links      stay as they are from now on: ${someDays(frozen.map(d => d.day))}`)
  if (plan.rejects.length > 0) out.line(`rejects    ${count(linesOf(plan.rejects))} excerpts`)
  if (plan.reads.length > 0) out.line(`reads      ${count(linesOf(plan.reads))} records of what was asked`)
  const files = plan.subjectsFiles.length + plan.holds.length
  if (plan.aliases + files > 0)
    out.line(`aliases    ${count(plan.aliases)} in force; ${count(files)} earlier files of aliases and holds`)
  for (const { name, hops } of plan.mentioned) {
    if (plan.mentions.includes(name)) continue
    const them = hops === 1 ? 'hop of a request of others mentions' : 'hops of requests of others mention'
    out.warn(`${count(hops)} ${them} ${safe(name)}, in a path, query or other value, and ${hops === 1 ? 'stays' : 'stay'}; if that is the subject, --mentions ${JSON.stringify(name)} erases it there, too`) // biome-ignore format: one text
  }
}

function printErased(out: Output, { erasedAs, segments }: Erased): void {
  if (erasedAs && segments.length > 0) out.line(`as         ${erasedAs}`)
}

function someDays(all: readonly string[]): string {
  const days = [...new Set(all)].sort()
  const shown = days.slice(0, MOST_DAYS).join(', ')
  return days.length > MOST_DAYS ? `${shown} and ${count(days.length - MOST_DAYS)} more` : shown
}
