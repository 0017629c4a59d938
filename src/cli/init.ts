import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { DEFAULT_FILE, parseConfig } from '../config/load.ts'
import { CONFIG } from '../config/schema.ts'
import { pseudonymizer } from '../config/token-key.ts'
import { type ProposedApplication, proposeApplications } from '../doctor/applications.ts'
import { draftConfig } from '../doctor/draft.ts'
import { chooseSample } from '../doctor/sample.ts'
import { type Survey, surveyStore } from '../doctor/survey.ts'
import { ThroughlineError } from '../errors.ts'
import { type RunResult, run } from '../pipeline/run.ts'
import { discoverInputs, type Input } from '../sources/discover.ts'
import { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { bytes, count, type Output, percent, safe, unwritable } from './output.ts'
import { ProgressLine } from './progress.ts'
import { VERSION } from './version.ts'

interface Flags {
  readonly output: string
  readonly force?: boolean
}

/** What was found, and from how much. */
interface Look {
  readonly result: RunResult
  readonly survey: Survey
  readonly applications: readonly ProposedApplication[]
  readonly found: number
  readonly chosen: number
}

/** Bytes of logs that are read at most, except for a single day that has more. */
const MOST_BYTES = 256 * 1024 * 1024
/** How many times smaller logs get by gzip, roughly. */
const GZIP_RATIO = 12

export function initCommand(program: Command, context: Context): void {
  program
    .command('init')
    .summary('look at logs and draft a configuration for them')
    .description(
      'Reads logs into a temporary store, looks at which fields match, which hosts and applications there are, and writes a commented throughline.yaml. Nothing else stays.',
    )
    .argument('<source...>', 'files, folders, or globs in quotes')
    .option('--output <file>', 'where to write it', DEFAULT_FILE)
    .option('--force', 'overwrite the file if it exists')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline init logs/\n  throughline init exports/ iis-logs/ --output draft.yaml',
    )
    .action(async (sources: string[], flags: Flags) => {
      if (sources.includes('-'))
        throw new ThroughlineError(
          'USAGE',
          'init -: standard input cannot be looked at; name files or folders',
        )
      if (existsSync(flags.output) && !flags.force)
        throw new ThroughlineError(
          'OUTPUT_EXISTS',
          `init ${flags.output}: the file exists; name another with --output, or overwrite it with --force`,
          { output: flags.output },
        )
      // Before the reading, which may take minutes.
      if (!existsSync(dirname(flags.output))) throw unwritable(flags.output, new Error('no such folder'))
      const found = await discoverInputs(sources, CONFIG.parse({}).store)
      const look = await lookAt(context, found)
      writeDraft(look, flags.output)
      printSummary(context, look, sources, flags.output)
    })
}

/** Reads the logs, or whole days of them, into a store that is gone afterwards. */
async function lookAt(context: Context, found: readonly Input[]): Promise<Look> {
  const inputs = sample(found)
  const config = CONFIG.parse({})
  const folder = mkdtempSync(join(tmpdir(), 'throughline-init-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const progress = new ProgressLine(context.out, context.now)
  const store = await Store.write(
    { path: join(folder, 'store'), threads: config.engine.threads, memoryMiB: config.engine.memoryMiB },
    { now: context.now, newId: randomUUID, by: `throughline ${VERSION}` },
  )
  try {
    const result = await run(store, inputs, {
      config,
      // Tokens need no name that outlives this store.
      pseudonym: pseudonymizer(randomBytes(32)),
      onProgress: p => progress.read(p.source, p.bytes),
      onDay: (day, place, of) => progress.linking(day, place, of),
    })
    const survey = await surveyStore(store, config)
    const applications = await proposeApplications(store)
    return { result, survey, applications, found: found.length, chosen: inputs.length }
  } finally {
    progress.clear()
    store.close()
    remove()
    process.removeListener('exit', remove)
  }
}

function sample(found: readonly Input[]): Input[] {
  const candidates = found.map(input => {
    const { size, mtime } = statSync(input.path)
    const isPacked = input.path.endsWith('.gz')
    return { ...input, bytes: isPacked ? size * GZIP_RATIO : size, changed: mtime.toISOString().slice(0, 10) }
  })
  return chooseSample(candidates, MOST_BYTES) as (Input & (typeof candidates)[number])[]
}

function writeDraft(look: Look, output: string): void {
  const { survey, applications } = look
  const text = draftConfig({
    survey,
    applications,
    read: readLines(look),
    store: CONFIG.parse({}).store,
  })
  // A draft that the program itself would refuse is a bug of this command, not something to hand over.
  parseConfig(text, output)
  try {
    writeFileSync(`${output}.part`, text)
    renameSync(`${output}.part`, output)
  } catch (error) {
    throw unwritable(output, error)
  }
}

/** What was read, for the head of the file. */
function readLines({ result, found, chosen }: Look): string[] {
  const byFormat = new Map<string, { files: number; lines: number }>()
  for (const { format, accounting } of result.sources) {
    const { files, lines } = byFormat.get(format) ?? { files: 0, lines: 0 }
    byFormat.set(format, { files: files + 1, lines: lines + accounting.decoded })
  }
  const formats = [...byFormat].map(
    ([format, { files, lines }]) =>
      `  ${format}: ${count(files)} ${files === 1 ? 'file' : 'files'}, ${count(lines)} hops`,
  )
  const days = result.days.length ? [`  days (UTC): ${daysText(result.days)}`] : []
  const part = chosen < found ? [`  A sample: ${count(chosen)} of ${count(found)} files, in whole days.`] : []
  return [...(formats.length ? formats : ['  nothing that is a log of requests']), ...days, ...part]
}

function daysText(days: readonly string[]): string {
  const sorted = [...days].sort()
  return sorted.length > 4
    ? `${sorted[0]} to ${sorted.at(-1)}, ${count(sorted.length)} days`
    : sorted.join(', ')
}

function printSummary(context: Context, look: Look, sources: readonly string[], output: string): void {
  const { out } = context
  const { result, survey, applications, found, chosen } = look
  const { share, pairs } = survey
  const read = result.sources.reduce((total, source) => total + source.accounting.bytes, 0)
  out.line(
    `read          ${count(result.sources.length)} of ${count(found)} files, ${bytes(read)}${result.days.length ? `; days ${daysText(result.days)}` : ''}`,
  )
  if (chosen < found)
    out.line(`              a sample in whole days: there was more than ${bytes(MOST_BYTES)}; read were`)
  if (chosen < found) for (const { path } of result.sources) out.line(`              ${safe(path)}`)
  for (const { status, path, problem } of result.sources)
    if (status === 'failed') out.line(`failed        ${safe(problem ?? path)}`)
  for (const refused of result.refused) out.line(`refused       ${safe(refused.path)}: ${safe(refused.name)}`)
  out.line(`gateway       ${count(share.gatewayHops)} hops, ${count(survey.proxyLogs.length)} proxies`)
  out.line(
    `app           ${count(share.appHops)} hops, ${count(new Set(survey.appLogs.map(log => log.host ?? log.serverIp)).size)} hosts`,
  )
  out.line(
    `joined        ${count(share.gatewayJoined)} of ${count(share.targetCalled)} calls to a target, ${percent(share.gatewayJoined, share.targetCalled)}`,
  )
  for (const [fields, links] of linksByFields(pairs))
    out.line(`  by id       ${safe(fields)}: ${count(links)} links`)
  if (share.targetCalled > 0 && share.appHops > 0 && pairs.length === 0)
    out.line('  by id       none; no id of the gateway is in an IIS log')
  out.line(
    `applications  ${applications.length ? applications.map(a => a.rule.name).join(', ') : 'none that could be told apart'}`,
  )
  if (survey.origins.nameless.length)
    out.line(`unnamed       ${count(survey.origins.nameless.length)} logs do not say which host wrote them`)
  printNext(out, sources, output)
}

function printNext(out: Output, sources: readonly string[], output: string): void {
  out.line(`wrote         ${safe(output)}`)
  const config = output === DEFAULT_FILE ? '' : ` --config ${safe(output)}`
  out.line()
  out.line(`Next: read ${safe(output)}, confirm what is commented out, then`)
  out.line(`  throughline ingest ${sources.map(safe).join(' ')}${config}`)
  out.line(`  throughline doctor${config}      what to log in addition, with the exact settings`)
}

/** Links by the two fields that carry the id, however they were compared. */
function linksByFields(pairs: Survey['pairs']): Map<string, number> {
  const links = new Map<string, number>()
  for (const pair of pairs) {
    const fields = `${pair.gatewayField} = ${pair.appField}`
    links.set(fields, (links.get(fields) ?? 0) + pair.links)
  }
  return links
}
