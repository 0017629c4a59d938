import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readDirectory } from '../directory/read.ts'
import { type ImportSummary, summarizeImport } from '../directory/summary.ts'
import { ThroughlineError } from '../errors.ts'
import { importAndLink } from '../pipeline/run.ts'
import { NO_ALIASES, recordedAliases } from '../requests/subjects.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReaders, withWriter } from './opening.ts'
import { count, type Output, safe, table } from './output.ts'
import { ProgressLine } from './progress.ts'

interface ImportFlags extends StoreFlags {
  readonly domain?: string
  readonly dryRun?: boolean
}

/** Problems of a file that are listed. */
const MOST_PROBLEMS = 10

export function subjectsCommand(program: Command, context: Context): void {
  const subjects = program
    .command('subjects')
    .summary('tell which names mean the same person, client or machine')
    .description('Tells which names mean the same person, client or machine. See docs/subjects.md.')
  storeOptions(subjects.command('import'))
    .summary('take in the accounts of a directory')
    .description(
      'Reads the accounts of a directory (Get-ADUser CSV, LDIF, Okta users JSON, or CSV with subject and name) as names of subjects, and links all days anew.',
    )
    .argument('<file>', 'the export; a later import of the same path replaces it')
    .option('--domain <name>', 'NetBIOS name of the domain, where the export does not tell it')
    .option('--dry-run', 'only say what the file holds')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline subjects import ad-users.csv --domain CORP\n  throughline subjects import okta.json --dry-run',
    )
    .action((file: string, flags: ImportFlags) => importFile(context, file, flags))
  storeOptions(subjects.command('list'), { several: true })
    .summary('list what is in force')
    .description('Lists the aliases in force and where they came from.')
    .action(async (flags: StoreFlags) =>
      withReaders(context, flags, async store => printList(context.out, recordedAliases(store))),
    )
}

async function importFile(context: Context, file: string, flags: ImportFlags): Promise<void> {
  const read = readDirectory(readBytes(file), { domain: flags.domain })
  if (read.format === undefined) {
    throw new ThroughlineError(
      'USAGE',
      `subjects import ${file}: ${safe(read.problems[0]?.reason ?? 'it holds nothing')}`,
    )
  }
  if (flags.dryRun) return printImport(context.out, file, summarizeImport(read))
  await withWriter(context, flags, async (store, { config }) => {
    const before = recordedAliases(store)
    const others = before.imported.filter(i => i.file !== file).flatMap(i => i.entries)
    const summary = summarizeImport(read, [...config.subjects.aliases, ...others], config.subjects.rules)
    const progress = new ProgressLine(context.out, context.now)
    const linked = await importAndLink(store, file, read.entries, {
      config,
      onDay: (day, place, of) => progress.linking(day, place, of),
    })
    progress.clear()
    printImport(context.out, file, summary)
    context.out.line(
      `linked     ${count(linked.length)} days, ${count(linked.filter(d => d.changed).length)} changed`,
    )
  })
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ThroughlineError(
      'SOURCE_NOT_FOUND',
      `subjects import ${file}: ${(cause as Error).message}; name a file that a directory exported`,
      { file },
      cause,
    )
  }
}

function printImport(out: Output, file: string, summary: ImportSummary): void {
  const { format, records, skipped, imported, together, problems } = summary
  out.line(`read       ${safe(file)} (${format})`)
  out.line(`records    ${count(records)}, ${count(skipped)} without names of their own`)
  out.line(`subjects   ${count(imported.subjects)} with ${count(imported.names)} further names`)
  for (const { line, reason } of problems.slice(0, MOST_PROBLEMS)) out.warn(`line ${line}: ${safe(reason)}`)
  if (problems.length > MOST_PROBLEMS)
    out.warn(`${count(problems.length - MOST_PROBLEMS)} more lines have problems`)
  for (const { message } of together.problems.slice(0, MOST_PROBLEMS)) out.warn(safe(message))
  if (together.problems.length > 0)
    out.warn(
      `${count(together.problems.length)} names mean several subjects or lead in a circle; these stay themselves`,
    )
}

function printList(out: Output, recorded: ReturnType<typeof recordedAliases>): void {
  if (recorded === NO_ALIASES)
    return out.line('no aliases; configure subjects, or take some in with: throughline subjects import FILE')
  const names = (entries: readonly { names: readonly string[] }[]): string =>
    count(entries.reduce((sum, e) => sum + e.names.length, 0))
  const rows = [
    ['configuration', count(recorded.aliases.length), names(recorded.aliases), count(recorded.rules.length)],
    ...recorded.imported.map(i => [safe(i.file), count(i.entries.length), names(i.entries), '-']),
  ]
  const right = (title: string) => ({ title, align: 'right' as const })
  for (const line of table([{ title: 'from' }, right('subjects'), right('names'), right('rules')], rows, out))
    out.line(line)
}
