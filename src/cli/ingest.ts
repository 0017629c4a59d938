import type { Command } from 'commander'
import { ThroughlineError } from '../errors.ts'
import type { ApplicationDay } from '../ledger/state.ts'
import { dayNumber } from '../model/time.ts'
import { type RunResult, run } from '../pipeline/run.ts'
import { discoverInputs } from '../sources/discover.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions, tokenPseudonym } from './context.ts'
import { dayNames, warnStale } from './days.ts'
import { followSources } from './follow.ts'
import { fieldsOf } from './log-fields.ts'
import { storeFolder, withWriter } from './opening.ts'
import { bytes, count, safe } from './output.ts'
import { ProgressLine } from './progress.ts'
import { Totals } from './totals.ts'
import { explainWarning } from './warnings.ts'
import { wholeNumber } from './whole-number.ts'

interface Flags extends StoreFlags {
  readonly host?: string
  readonly site?: string
  readonly fields?: string
  readonly fieldsFrom?: string
  readonly covers?: readonly string[]
  readonly maxRejects?: string
  readonly follow?: boolean
  readonly json?: boolean
  readonly prometheus?: string
}

export function ingestCommand(program: Command, context: Context): void {
  storeOptions(program.command('ingest'))
    .summary('read logs into the store and join them')
    .description(
      'Reads Apigee exports and IIS logs into the store and links the days they touch. What the store already has is skipped.',
    )
    .argument('<source...>', 'files, folders, globs in quotes, or - for standard input')
    .option('--host <name>', 'host that wrote these logs, where their rows do not say it')
    .option('--site <name>', 'IIS site of these logs, where their rows do not say it')
    .option('--fields <names>', 'column names of logs without a header, separated by spaces or commas')
    .option('--fields-from <file>', 'take them from the #Fields directive of another log')
    .option(
      '--covers <side:from/to...>',
      'declare a side whole for days: gateway:2026-07-01/2026-07-08 (half-open)',
    )
    .option('--max-rejects <n>', 'stop when more lines than this are rejected')
    .option('--follow', 'read on as logs grow, rotate and appear, until SIGINT or SIGTERM')
    .option('--json', 'with --follow: one JSON object a line for whatever happens')
    .option('--prometheus <[host:]port>', 'with --follow: serve metrics for Prometheus at this address')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline ingest exports/ iis-logs/\n  throughline ingest --follow exports/ iis-logs/\n  zcat day.json.gz | throughline ingest - --store /data/evidence',
    )
    .action(async (sources: string[], flags: Flags) => {
      const declared = (flags.covers ?? []).map(parseCovers)
      const maxRejects =
        flags.maxRejects === undefined ? undefined : wholeNumber('--max-rejects', flags.maxRejects)
      const fields = fieldsOf(flags)
      const reading = { host: flags.host, site: flags.site, fields, maxRejects }
      if (flags.follow)
        return followSources(context, sources, { ...reading, ...flags, fields, maxRejects, declared })
      if (flags.prometheus)
        throw new ThroughlineError('USAGE', 'ingest --prometheus: it goes with --follow only')
      if (flags.json) throw new ThroughlineError('USAGE', 'ingest --json: it goes with --follow only')
      const inputs = await discoverInputs(sources, storeFolder(flags))
      const progress = new ProgressLine(context.out, context.now)
      const totals = new Totals()
      const release = context.signals.handle(() => {
        progress.clear()
        totals.print(context.out, 'committed')
        return false
      })
      await withWriter(context, flags, async (store, { config }) => {
        for (const cover of declared) store.append({ kind: 'coverage', ...cover })
        let result: RunResult
        try {
          result = await run(store, inputs, {
            config,
            ...reading,
            pseudonym: tokenPseudonym(context),
            onProgress: p => progress.read(p.source, p.bytes),
            onDay: (day, place, of) => progress.linking(day, place, of),
            onCommit: committed => totals.add(committed),
          })
        } finally {
          release()
          progress.clear()
        }
        printResult(context, store, result, progress.seconds)
      })
    })
}

/** Rows of HTTPERR that tell of no request. */
function idleText(rows: number): string {
  return rows > 0 ? `; ${count(rows)} idle connections of HTTPERR` : ''
}

function printResult(context: Context, store: Store, result: RunResult, seconds: number): void {
  const { out } = context
  for (const refused of result.refused)
    out.line(`refused    ${safe(refused.path)}: ${refused.name}; ${safe(refused.advice)}`)
  const failed = result.sources.filter(s => s.status === 'failed')
  for (const source of failed) out.line(`failed     ${safe(source.problem ?? source.path)}`)
  printKnown(context, store, result)
  const sum = (pick: (a: RunResult['sources'][number]['accounting']) => number): number =>
    result.sources.reduce((total, s) => total + pick(s.accounting), 0)
  const lines = sum(a => a.lines)
  const sources = `${count(result.sources.length)} ${result.sources.length === 1 ? 'source' : 'sources'}`
  const late = sum(a => a.pruned ?? 0)
  const rows: [string, number, string][] = [
    ['lines', lines, `read from ${sources}, ${bytes(sum(a => a.bytes))}`],
    ['decoded', sum(a => a.decoded), 'hops'],
    [
      'directives',
      sum(a => a.directives),
      `headers, comments, blank lines${idleText(sum(a => a.idle ?? 0))}`,
    ],
    ['rejected', sum(a => a.rejected), rejectSummary(result)],
    ['duplicates', sum(a => a.duplicates), 'of the decoded lines, already in the store'],
    ...(late > 0 ? [['pruned', late, prunedText(store)] as [string, number, string]] : []),
    ['scrubbed', sum(a => a.scrubbed), 'secret values replaced'],
  ]
  const width = Math.max(...rows.map(([, n]) => count(n).length))
  if (result.sources.length === 0) out.line('nothing    new to read')
  else
    for (const [name, n, text] of rows)
      out.line(`${name.padEnd(11)}${count(n).padStart(width)}  ${text}`.trimEnd())
  printDays(context, store, result)
  for (const warning of warningsOf(store, result)) out.warn(warning)
  const rate = seconds > 0 && lines > 0 ? `, ${count(Math.round(sum(a => a.decoded) / seconds))} hops/s` : ''
  out.note(`done in ${seconds.toFixed(1)} s${rate}`)
  if (failed.length || result.refused.some(r => r.named)) process.exitCode = 3
}

function printKnown({ out }: Context, store: Store, { known }: RunResult): void {
  const line = (list: RunResult['known'], text: string): void => {
    if (list.length > 0)
      out.line(`known      ${count(list.length)} ${list.length === 1 ? 'source' : 'sources'} ${text}`)
  }
  line(known.filter(k => !k.isPruned), 'already in the store, skipped') // biome-ignore format: one line
  line(known.filter(k => k.isPruned), `read before, of days that were pruned on ${store.state.pruning?.at.slice(0, 10)}: not read again`) // biome-ignore format: one line
}

function prunedText({ state }: Store): string {
  return `of the decoded lines, of days before ${state.pruning?.before}, which were pruned: not taken in`
}

function printDays(context: Context, store: Store, result: RunResult): void {
  const { out } = context
  const list = (days: readonly ApplicationDay[]): string =>
    days.length > 6 ? `${count(days.length)} days` : dayNames(store, days)
  const changed = result.linked.filter(day => day.changed)
  if (changed.length) out.line(`linked     ${list(changed)}`)
  if (result.closed.length) out.line(`closed     ${list(result.closed)}`)
  warnStale(out, store)
}

function rejectSummary(result: RunResult): string {
  const reasons = new Map<string, number>()
  for (const source of result.sources) {
    for (const [reason, n] of Object.entries(source.accounting.rejectedBy))
      reasons.set(reason, (reasons.get(reason) ?? 0) + n)
  }
  return [...reasons]
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${reason} ${count(n)}`)
    .join(', ')
}

function warningsOf(store: Store, result: RunResult): string[] {
  const bySource = new Map<string, string[]>()
  for (const source of result.sources) {
    for (const code of source.accounting.warnings)
      bySource.set(code, [...(bySource.get(code) ?? []), source.path])
  }
  const sources = [...bySource].map(([code, paths]) => explainWarning(code, paths))
  return [
    ...sources,
    ...result.linked.flatMap(day => day.warnings.map(w => `${dayNames(store, [day])}: ${safe(w)}`)),
  ]
}

function parseCovers(text: string): { side: 'gateway' | 'app'; from: string; to: string } {
  const match = /^(gateway|app):(\d{4}-\d\d-\d\d)\/(\d{4}-\d\d-\d\d)$/.exec(text)
  const [, side, from = '', to = ''] = match ?? []
  if ((side !== 'gateway' && side !== 'app') || !(dayNumber(from) < dayNumber(to))) {
    throw new ThroughlineError(
      'USAGE',
      `--covers ${text}: expected SIDE:FROM/TO with side gateway or app and two days, the second not included, such as gateway:2026-07-01/2026-07-02`,
    )
  }
  return { side, from, to }
}
