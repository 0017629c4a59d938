import { type Command, Option } from 'commander'
import { nearest } from '../config/nearest.ts'
import { ThroughlineError } from '../errors.ts'
import { type IncidentRequest, incidentDocument, notEvaluatedDocument } from '../findings/document.ts'
import type { DayFindings, Incident, NotEvaluated } from '../findings/finding.ts'
import { type FindingOptions, findingsByDay } from '../findings/findings.ts'
import { SEVERITIES, type Severity } from '../findings/header.ts'
import { RULES, type RuleId } from '../findings/registry.ts'
import { findingSettings } from '../findings/settings.ts'
import { CRITERIA } from '../model/criteria.ts'
import { ALWAYS } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { followFindings } from './findings-follow.ts'
import { printIncidents, printNotEvaluated, summaryText } from './findings-print.ts'
import { suppressCommand } from './findings-suppress.ts'
import { withReaders } from './opening.ts'
import { type Output, safe } from './output.ts'
import { parsePeriod } from './period.ts'
import { prunedNote } from './pruned.ts'

export interface FindingsFlags extends StoreFlags {
  readonly from?: string
  readonly to?: string
  readonly rule: readonly string[]
  readonly severity?: Severity
  readonly openDays?: boolean
  readonly requests?: boolean
  readonly json?: boolean
  readonly follow?: boolean
  readonly webhook?: string
  readonly name?: string
}

/** Incidents of a rule that are listed. */
const MOST_SHOWN = 20

export function findingsCommand(program: Command, context: Context): void {
  const command = storeOptions(program.command('findings'), { several: true })
    .summary('say what is wrong, by rules')
    .description(
      'Runs rules over the requests of closed days: callers past the gateway, identities that do not agree, calls that nobody logged, and others. What cannot be judged, as logs or settings are missing, is listed as not evaluated. See docs/findings.md.',
    )
    .option('--from <time>', 'first moment, UTC')
    .option('--to <time>', 'moment after the last')
    .option('--rule <id>', 'only this rule; may be repeated', (id: string, all: string[]) => [...all, id], [])
    .addOption(new Option('--severity <severity>', 'only findings of this severity or a higher one').choices(SEVERITIES))
    .option('--open-days', 'also what is seen of open days, marked as provisional')
    .option('--requests', 'list the requests behind each incident')
    .option('--json', 'as one JSON document; with --follow one line for each incident')
    .option('--follow', 'go on: report incidents as they come, until SIGINT or SIGTERM')
    .option('--webhook <url>', 'send each incident once, as JSON, to an https address (or THROUGHLINE_WEBHOOK_URL)')
    .option('--name <name>', 'name of the receiver in the store (default: from the address)')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline findings\n  throughline findings --severity high --from now-7d --requests\n  throughline findings --follow --webhook https://hooks.example/findings',
    )
    .action((flags: FindingsFlags) => withReaders(context, flags, async (store, { config }) => {
      const settings = findingSettings(config)
      const options = optionsOf(flags, context.now())
      const range = parsePeriod(flags, context.now()) ?? ALWAYS
      const pruned = prunedNote(store, range)
      if (pruned) context.out.warn(pruned)
      const webhook = flags.webhook ?? context.env.THROUGHLINE_WEBHOOK_URL
      if ((flags.follow || flags.webhook) && store.state.parts) throw oneOnly(flags)
      if (flags.follow || flags.webhook) return followFindings(context, store, { flags, settings, options, range, webhook })
      const days = findingsByDay(store, range, settings, options)
      await (flags.json ? printJson(context.out, store, days, flags) : printText(context.out, store, days, flags))
    })) // biome-ignore format: a table
  suppressCommand(command, context)
  command
    .command('rules')
    .summary('list the rules')
    .description('Lists the rules with what they mean, what they need, and the SOC 2 criteria they speak to.')
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  throughline findings rules\n  throughline findings rules --json')
    .action((_: object, rules: Command) => printRules(context.out, rules.optsWithGlobals<{ json?: boolean }>().json === true))
} // biome-ignore format: one line each

/** What was sent is kept in a store, and what is new is told by its ledger. */
function oneOnly({ follow }: FindingsFlags): ThroughlineError {
  return new ThroughlineError(
    'USAGE',
    `findings ${follow ? '--follow' : '--webhook'}: it takes one store, as each keeps what was sent of it; run it for each`,
  )
}

function optionsOf({ rule, openDays, requests, json }: FindingsFlags, nowMs: number): FindingOptions {
  const rules = rule.length > 0 ? rule.map(ruleOf) : undefined
  return { openDays: openDays === true, rules, nowMs, keepsRequests: requests === true && json !== true }
}

function ruleOf(text: string): RuleId {
  const ids = RULES.map(rule => rule.id)
  if (ids.includes(text)) return text as RuleId
  const guess = nearest(text, ids)
  throw new ThroughlineError(
    'USAGE',
    `--rule ${safe(text)}: no such rule${guess ? `; did you mean ${guess}?` : ''} (throughline findings rules lists them)`,
  )
}

/** Whether a finding is as severe as was asked for. */
export function isSevere({ severity }: Incident, least: Severity | undefined): boolean {
  return least === undefined || SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least)
}

async function printText(out: Output, store: Store, days: AsyncIterable<DayFindings>, flags: FindingsFlags): Promise<void> {
  const incidents: Incident[] = []
  const notEvaluated: NotEvaluated[] = []
  let judged = 0
  for await (const day of days) {
    judged++
    incidents.push(...day.incidents.filter(it => isSevere(it, flags.severity)))
    notEvaluated.push(...day.notEvaluated)
  }
  if (judged === 0) return out.line('nothing of that period is in the store; throughline status shows what it covers')
  const requests = flags.requests ? await requestsOf(store) : undefined
  printIncidents(out, incidents, {
    requestsOf: id => requests?.get(id)?.map(it => it.request_id),
    most: flags.rule.length > 0 || flags.requests ? Number.POSITIVE_INFINITY : MOST_SHOWN,
  })
  printNotEvaluated(out, notEvaluated)
  if (notEvaluated.length > 0) out.line()
  out.line(summaryText(incidents))
  if (incidents.some(it => it.requests > 0) && !flags.requests)
    out.note("the requests behind one: throughline query 'incident:inc-…'; --requests lists all")
} // biome-ignore format: one line each

async function printJson(out: Output, store: Store, days: AsyncIterable<DayFindings>, flags: FindingsFlags): Promise<void> {
  const notEvaluated: NotEvaluated[] = []
  let isFirst = true
  await out.write('{"version":1,"incidents":[')
  for await (const day of days) {
    notEvaluated.push(...day.notEvaluated)
    const requests = flags.requests ? await requestsOf(store) : undefined
    for (const it of day.incidents.filter(one => isSevere(one, flags.severity))) {
      const behind = requests && (requests.get(it.incident) ?? [])
      await out.write(`${isFirst ? '\n' : ',\n'}${JSON.stringify(incidentDocument(it, behind))}`)
      isFirst = false
    }
  }
  await out.write(`\n],"not_evaluated":[${notEvaluated.map(it => `\n${JSON.stringify(notEvaluatedDocument(it))}`).join(',')}\n]}\n`)
} // biome-ignore format: one line each

/** The requests in finding_requests, by incident. */
async function requestsOf({ db }: Store): Promise<Map<string, IncidentRequest[]>> {
  const found = new Map<string, IncidentRequest[]>()
  const rows = await db.rows<IncidentRequest & { incident: string }>(
    'SELECT incident, request_id, hop_ids FROM finding_requests ORDER BY incident, request_id',
  )
  for (const { incident, ...request } of rows) {
    const own = found.get(incident)
    if (own) own.push(request)
    else found.set(incident, [request])
  }
  return found
}

function printRules(out: Output, isJson: boolean): void {
  if (isJson) {
    const rules = RULES.map(({ sql: _, gap, ...rule }) => ({ ...rule, gap_seconds: gap === undefined ? null : gap / 1e6 }))
    return out.line(JSON.stringify({ version: 1, rules }, null, 2))
  }
  for (const rule of RULES) {
    out.line(`${out.colors.bold(rule.id)}  ${rule.severity}`)
    out.line(`  ${rule.title}. ${rule.meaning}`)
    out.line(`  do     ${rule.do}`)
    out.line(`  SOC 2  ${rule.criteria.map(c => `${c} (${CRITERIA[c]})`).join('; ')}`)
    const needs = [
      ...(rule.coverage === 'gateway' || rule.coverage === 'app' ? [`whole logs of the ${rule.coverage} side`] : []),
      ...rule.config,
    ]
    if (needs.length > 0) out.line(`  needs  ${needs.join(', ')}`)
    out.line()
  }
} // biome-ignore format: one line each
