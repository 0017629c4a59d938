import { type Command, Option } from 'commander'
import { coverageOf } from '../coverage/coverage.ts'
import { COVERAGE_REASONS } from '../coverage/reasons.ts'
import type { StatsUnit } from '../coverage/reconcile/stats.ts'
import type { CoverageRow, Side } from '../coverage/row.ts'
import { rfc3339 } from '../model/time.ts'
import { ALWAYS } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { groupName } from './coverage-map.ts'
import { printCoverage } from './coverage-print.ts'
import { printReconciliation } from './coverage-reconcile.ts'
import { withReaders } from './opening.ts'
import { safe } from './output.ts'
import { parsePeriod } from './period.ts'
import { prunedNote } from './pruned.ts'

interface Flags extends StoreFlags {
  readonly from?: string
  readonly to?: string
  readonly side?: Side
  readonly application?: string
  readonly host?: string
  readonly all?: boolean
  readonly json?: boolean
  readonly strict?: boolean
  readonly reconcile?: string
  readonly statsUnit?: StatsUnit
}

export function coverageCommand(program: Command, context: Context): void {
  storeOptions(program.command('coverage'), { several: true })
    .summary('show which hours of which logs are whole')
    .description(
      'Shows for each log and hour whether the store has all of it: complete, partial, missing or unknown, and why; complete only on evidence. With --reconcile, compares totals of the Apigee Stats API with the records. See docs/coverage.md.',
    )
    .option('--from <time>', 'first moment, UTC: a date, an RFC 3339 time, or now-7d')
    .option('--to <time>', 'moment after the last, likewise')
    .addOption(new Option('--side <side>', 'only this side').choices(['gateway', 'app']))
    .option('--application <name>', 'only this application')
    .option('--host <name>', 'only the logs of this host, or whose folder has this in its name')
    .option('--all', 'list every hour that is not complete')
    .option('--json', 'as one JSON document')
    .option('--strict', 'end with 1 where any hour shown is not complete')
    .option(
      '--reconcile <file>',
      'compare with an answer of the Apigee Stats API (sum(message_count) by apiproxy and minute or hour); ends with 1 where they differ',
    )
    .addOption(
      new Option('--stats-unit <unit>', 'what the totals were asked for by, where the file does not tell').choices(['minute', 'hour', 'day']), // biome-ignore format: one option
    )
    .addHelpText(
      'after',
      '\nExamples:\n  throughline coverage --from 2026-03-01 --to 2026-04-01\n  throughline coverage --side app --host web-pay-01 --strict\n  throughline coverage --reconcile stats.json',
    )
    .action((flags: Flags) => coverage(context, flags))
}

async function coverage(context: Context, flags: Flags): Promise<void> {
  const { out, now } = context
  const range = parsePeriod(flags, now()) ?? ALWAYS
  await withReaders(context, flags, async store => {
    const pruned = prunedNote(store, range)
    if (pruned) out.warn(pruned)
    if (flags.reconcile !== undefined) {
      const { reconcile: file, statsUnit: unit, json = false, all: everything = false } = flags
      process.exitCode = await printReconciliation(out, store, { file, unit, range, json, everything })
      return
    }
    const rows = await coverageOf(store, range)
    const shown = rows.filter(row => isWanted(row, flags))
    if (flags.json) out.line(JSON.stringify(documentOf(shown), null, 2))
    else if (shown.length === 0) out.line(whyNone(store, rows, flags))
    else printCoverage(out, shown, flags.all === true)
    if (flags.strict && (shown.length === 0 || shown.some(row => row.state !== 'complete')))
      process.exitCode = 1
  })
}

function isWanted({ group }: CoverageRow, { side, application, host }: Flags): boolean {
  if (side !== undefined && group.side !== side) return false
  if (application !== undefined && !group.applications.includes(application)) return false
  if (host === undefined) return true
  const wanted = host.toLowerCase()
  return group.host === undefined
    ? group.log?.toLowerCase().includes(wanted) === true
    : group.host.toLowerCase() === wanted
}

function whyNone({ state }: Store, rows: readonly CoverageRow[], flags: Flags): string {
  if (state.segments.length === 0) return 'the store is empty; add logs with: throughline ingest LOGS'
  if (rows.length === 0)
    return 'the store has no hour of this period; throughline status shows what it covers'
  const names = [...new Set(rows.map(row => groupName(row.group)))]
  const asked = [flags.side, flags.application, flags.host].filter(text => text !== undefined).map(safe).join(', ') // biome-ignore format: one line
  return `nothing of ${asked}; there is ${names.slice(0, 8).join('; ')}${names.length > 8 ? `; and ${names.length - 8} more` : ''}`
}

function documentOf(rows: readonly CoverageRow[]): Record<string, unknown> {
  return {
    version: 1,
    reasons: COVERAGE_REASONS,
    hours: rows.map(({ group, hourUs, state, reason, evidence, gap }) => ({
      side: group.side,
      applications: group.applications,
      host: group.host ?? null,
      site: group.site ?? null,
      log: group.log ?? null,
      target: group.target ?? null,
      organization: group.organization ?? null,
      environment: group.environment ?? null,
      hour: rfc3339(hourUs),
      state,
      reason,
      hops: evidence.hops,
      expected: evidence.expected,
      unmatched: evidence.unmatched,
      rejected: evidence.rejected,
      gap: gap ? { from: rfc3339(Math.floor(gap.fromUs)), to: rfc3339(Math.ceil(gap.toUs)) } : null,
    })),
  }
}
