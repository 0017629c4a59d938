import type { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import { type DeepDay, verifyDay } from '../elastic/verify-deep.ts'
import { type QuickDay, verifyQuick } from '../elastic/verify-quick.ts'
import { DAY_US, dayNumber } from '../model/time.ts'
import { daysWithHops } from '../requests/settled-days.ts'
import { ALWAYS } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { type Context, ownRedactor } from './context.ts'
import { type Connected, type ElasticFlags, elasticOptions, withElastic } from './elastic-settings.ts'
import { withReader } from './opening.ts'
import { count, type Output, safe } from './output.ts'
import { parsePeriod } from './period.ts'
import { ProgressLine } from './progress.ts'
import { prunedNote } from './pruned.ts'
import { findingsFor, SILENT } from './request-findings.ts'

interface Flags extends ElasticFlags {
  readonly from?: string
  readonly to?: string
  readonly deep?: boolean
  readonly redact?: boolean
}

export function verifyCommand(parent: Command, context: Context): void {
  elasticOptions(parent.command('verify'))
    .summary('compare the documents with the store')
    .description(
      'Compares what Elasticsearch has with what the store says. Without --deep: counts and sums of every hour, which shows what is missing and proves nothing. With --deep: every document is read and its hashes are computed anew from what it says; only that proves that documents and store are equal. Ends with 1 where they differ.',
    )
    .option('--deep', 'read and compare every document')
    .option('--from <time>', 'first moment, UTC; whole days are compared')
    .option('--to <time>', 'moment after the last')
    .option('--redact', 'documents were published with --redact')
    .option('--json', 'as one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline elastic verify\n  throughline elastic verify --deep --from now-1d',
    )
    .action((flags: Flags) =>
      withElastic(context, flags, it =>
        withReader(flags, (store, { config }) => verify(context, flags, it, { store, config })),
      ),
    )
}

async function verify(
  context: Context,
  flags: Flags,
  connected: Connected,
  { store, config }: { readonly store: Store; readonly config: Config },
): Promise<void> {
  const { elastic, settings } = connected
  const { out } = context
  const range = parsePeriod(flags, context.now()) ?? ALWAYS
  const pruned = prunedNote(store, range)
  if (pruned) out.warn(pruned)
  const redact = flags.redact === true || settings.redact ? ownRedactor(context) : undefined
  const findings = findingsFor(context, config, SILENT)
  const line = new ProgressLine(out, context.now)
  const quick: QuickDay[] = []
  const deep: DeepDay[] = []
  for (const day of daysIn(store, range.fromUs, range.toUs)) {
    line.show(`comparing ${day}`)
    if (flags.deep) deep.push(await verifyDay(elastic, store, settings.names, day, { redact, findings }))
    else quick.push(await verifyQuick(elastic, store, settings.names, day, { redact }))
  }
  line.clear()
  const isEqual = quick.every(it => it.differences.length === 0) && deep.every(it => it.differences === 0)
  if (flags.json)
    out.line(JSON.stringify({ version: 1, deep: flags.deep === true, equal: isEqual, days: flags.deep ? deep : quick }, null, 2))
  else if (flags.deep) printDeep(out, deep)
  else printQuick(out, quick)
  if (!isEqual) process.exitCode = 1
} // biome-ignore format: one line each

function daysIn(store: Store, fromUs: number, toUs: number): string[] {
  return daysWithHops(store.state).filter(day => {
    const start = dayNumber(day) * DAY_US
    return start < toUs && start + DAY_US > fromUs
  })
}

/** Differences that are shown to a person. */
const MOST_SHOWN = 50

function printQuick(out: Output, days: readonly QuickDay[]): void {
  const requests = days.reduce((sum, it) => sum + it.requests, 0)
  const differences = days.flatMap(it => it.differences)
  out.line(`compared   ${count(days.length)} days, ${count(requests)} requests: counts and sums of ${count(days.reduce((sum, it) => sum + it.hours, 0))} hours`)
  for (const { hour, what, store, elastic } of differences.slice(0, MOST_SHOWN))
    out.line(`differs    ${hour}  ${what}: ${count(store)} in the store, ${count(elastic)} in Elasticsearch`)
  out.line(
    differences.length === 0
      ? 'result     they agree; that every document is equal is only shown by --deep'
      : `result     ${count(differences.length)} numbers differ; elastic publish sends what is missing, verify --deep names it`,
  )
} // biome-ignore format: one line each

function printDeep(out: Output, days: readonly DeepDay[]): void {
  const sum = (of: (day: DeepDay) => number): number => days.reduce((total, day) => total + of(day), 0)
  const differences = sum(it => it.differences)
  out.line(`compared   ${count(days.length)} days, ${count(sum(it => it.requests))} requests, every document; ${count(sum(it => it.superseded))} superseded`)
  const list = days.flatMap(it => it.list).slice(0, MOST_SHOWN)
  for (const { day, id, kind, fields } of list)
    out.line(`${kind.padEnd(11)}${day}  ${id}${fields.length > 0 ? `  ${fields.map(safe).join(', ')}` : ''}`)
  if (list.length < differences) out.line(`more       ${count(differences - list.length)} more differences; --json lists up to 1,000 a day`)
  out.line(
    differences === 0
      ? `result     proved: ${count(sum(it => it.equal))} documents say what the store says, and there are no others of it`
      : `result     ${count(differences)} documents differ`,
  )
} // biome-ignore format: one line each
