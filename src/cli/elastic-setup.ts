import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { Call } from '../elastic/client.ts'
import { importObjects, importUrl } from '../elastic/kibana.ts'
import { findIndices, findTemplates, refuseForeign } from '../elastic/ours.ts'
import { pruneCalls, sendAll, setupCalls, uninstallCalls } from '../elastic/setup.ts'
import { ThroughlineError } from '../errors.ts'
import { dayNumber } from '../model/time.ts'
import { retainedFrom } from '../pipeline/retention.ts'
import type { Context } from './context.ts'
import {
  type Connected,
  deploymentOf,
  type ElasticFlags,
  type ElasticSettings,
  elasticOptions,
  setupOptions,
  withElastic,
} from './elastic-settings.ts'
import { count, type Output, safe } from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface Flags extends ElasticFlags {
  readonly kibana?: string
  readonly space?: string
  readonly data?: boolean
  readonly before?: string
  readonly keepDays?: string
}

/** Saved objects for Kibana, beside the program. */
const DASHBOARDS = fileURLToPath(new URL('../../dashboards/kibana/throughline.ndjson', import.meta.url))

export function setupCommands(parent: Command, context: Context): void {
  elasticOptions(parent.command('setup'))
    .summary('make templates, alias and dashboards')
    .description(
      'Makes index templates, the alias, the indices of coverage and rejects, a lifecycle policy where the server has them, and the dashboards where an address of Kibana is given. Run again it brings them up to date.',
    )
    .option('--kibana <url>', 'address of Kibana')
    .option('--space <id>', 'space of Kibana')
    .option('--takeover', 'take over indices of another deployment')
    .option('--dry-run', 'print the requests that would be sent')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline elastic setup --url http://127.0.0.1:9200 --kibana http://127.0.0.1:5601\n  throughline elastic setup --dry-run',
    )
    .action((flags: Flags) => withElastic(context, flags, it => setup(context, flags, it)))
  elasticOptions(parent.command('prune'))
    .summary('delete indices of old days')
    .description('Deletes the indices of old days, for servers that do not do it themselves.')
    .option('--before <day>', 'first day that stays, YYYY-MM-DD')
    .option('--keep-days <n>', 'keep so many days before today (default: elastic.retentionDays)')
    .option('--takeover', 'delete indices of another deployment, too')
    .option('--dry-run', 'print the requests that would be sent')
    .addHelpText('after', '\nExamples:\n  throughline elastic prune --keep-days 400')
    .action((flags: Flags) => withElastic(context, flags, it => prune(context, flags, it)))
  elasticOptions(parent.command('uninstall'))
    .summary('remove what setup made')
    .description(
      'Removes templates and policy, and with --data the indices, too. Dashboards are removed in Kibana.',
    )
    .option('--data', 'delete the indices with all documents')
    .option('--takeover', 'remove what belongs to another deployment, too')
    .option('--dry-run', 'print the requests that would be sent')
    .addHelpText('after', '\nExamples:\n  throughline elastic uninstall --data --dry-run')
    .action((flags: Flags) => withElastic(context, flags, it => uninstall(context, flags, it)))
}

async function setup(
  { out }: Context,
  flags: Flags,
  { elastic, server, settings }: Connected,
): Promise<void> {
  const deployment = await deploymentOf(flags, settings)
  const options = setupOptions(settings, deployment, flags.takeover === true)
  const calls = await setupCalls(elastic, server, options)
  const kibana = flags.kibana ?? settings.kibana
  const space = flags.space ?? settings.space
  if (flags.dryRun) {
    printCalls(out, calls)
    if (kibana) out.line(`POST ${importUrl({ url: kibana, space })} < ${DASHBOARDS}`)
    return
  }
  await sendAll(elastic, calls)
  out.line(`server     Elasticsearch ${server.version} at ${safe(elastic.address)}`)
  out.line(`indices    ${settings.names.requests}-*, one a day; search the alias ${settings.names.requests}`)
  out.line(`retention  ${retentionText(settings, server.hasLifecycle)}`)
  if (kibana === undefined) {
    out.line(
      `dashboards import ${DASHBOARDS} in Kibana under Stack Management, Saved Objects, or give --kibana`,
    )
    return
  }
  const target = { url: kibana, space, access: settings.access }
  const { successCount } = await importObjects(target, dashboardLines(settings))
  out.line(`dashboards ${count(successCount)} objects imported at ${safe(kibana)}`)
}

function retentionText({ retentionDays, prefix }: ElasticSettings, hasLifecycle: boolean): string {
  if (retentionDays === undefined) return 'none is configured; indices stay until elastic prune'
  return hasLifecycle
    ? `${retentionDays} days, by the policy ${prefix}-requests of the server`
    : `${retentionDays} days; the server has no index lifecycle management: run elastic prune, such as once a day`
}

/** Saved objects for the names that are configured. */
function dashboardLines({ names }: ElasticSettings): string {
  if (!existsSync(DASHBOARDS))
    throw new ThroughlineError(
      'USAGE',
      `elastic setup: ${DASHBOARDS} is missing; install Throughline again, or leave --kibana out`,
    )
  return readFileSync(DASHBOARDS, 'utf8')
    .replaceAll('"title":"throughline-requests"', `"title":"${names.requests}"`)
    .replaceAll('"title":"throughline-coverage"', `"title":"${names.coverage}"`)
}

async function prune(context: Context, flags: Flags, { elastic, settings }: Connected): Promise<void> {
  const { out } = context
  const before = firstDay(flags, settings, context.now())
  const deployment = await deploymentOf(flags, settings)
  const indices = await findIndices(elastic, settings.names)
  refuseForeign(
    elastic.address,
    settings.names,
    deployment,
    { indices, templates: [] },
    flags.takeover === true,
  )
  const calls = pruneCalls(settings.names, indices, before)
  if (flags.dryRun) return printCalls(out, calls)
  await sendAll(elastic, calls)
  out.line(`deleted    ${count(calls.length)} indices of days before ${before}`)
}

function firstDay({ before, keepDays }: Flags, settings: ElasticSettings, nowMs: number): string {
  if (before !== undefined && keepDays !== undefined)
    throw new ThroughlineError('USAGE', 'elastic prune: give --before or --keep-days, not both')
  if (before !== undefined && Number.isNaN(dayNumber(before)))
    throw new ThroughlineError('USAGE', `elastic prune --before ${before}: no such date; expected YYYY-MM-DD`)
  if (before !== undefined) return before
  const keep = keepDays === undefined ? settings.retentionDays : wholeNumber('--keep-days', keepDays)
  if (keep !== undefined) return retainedFrom(keep, nowMs)
  throw new ThroughlineError(
    'USAGE',
    'elastic prune: say what stays with --before 2026-07-01 or --keep-days 400, or configure elastic.retentionDays',
  )
}

async function uninstall({ out }: Context, flags: Flags, connected: Connected): Promise<void> {
  const { elastic, server, settings } = connected
  const deployment = await deploymentOf(flags, settings)
  const options = {
    ...setupOptions(settings, deployment, flags.takeover === true),
    data: flags.data === true,
  }
  const calls = await uninstallCalls(elastic, server, options)
  if (flags.dryRun) return printCalls(out, calls)
  await sendAll(elastic, calls)
  const templates = await findTemplates(elastic, settings.names)
  out.line(`removed    ${count(calls.length)} things; ${count(templates.length)} templates are left`)
  if (!flags.data) out.line('data       stays; --data deletes it, too')
}

function printCalls(out: Output, calls: readonly Call[]): void {
  for (const { method, path, body } of calls)
    out.line(`${method} ${path}${body ? `\n${JSON.stringify(body, null, 2)}\n` : ''}`)
  if (calls.length === 0) out.line('nothing would be sent')
}
