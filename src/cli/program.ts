import { setFlagsFromString } from 'node:v8'
import { Command, Option } from 'commander'
import pc from 'picocolors'
import type { Context } from './context.ts'
import { type ColorChoice, wantsColor } from './output.ts'
import { VERSION } from './version.ts'

/** Commands by name. A module is loaded for its own command, and all are for the help. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command, context: Context) => void>>> = {
  init: async () => (await import('./init.ts')).initCommand,
  ingest: async () => (await import('./ingest.ts')).ingestCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  trace: async () => (await import('./trace.ts')).traceCommand,
  explain: async () => (await import('./explain.ts')).explainCommand,
  query: async () => (await import('./query.ts')).queryCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  coverage: async () => (await import('./coverage.ts')).coverageCommand,
  findings: async () => (await import('./findings.ts')).findingsCommand,
  clocks: async () => (await import('./clocks.ts')).clocksCommand,
  link: async () => (await import('./link.ts')).linkCommand,
  subjects: async () => (await import('./subjects.ts')).subjectsCommand,
  evidence: async () => (await import('./evidence.ts')).evidenceCommand,
  ledger: async () => (await import('./ledger.ts')).ledgerCommand,
  elastic: async () => (await import('./elastic.ts')).elasticCommand,
  erase: async () => (await import('./erase.ts')).eraseCommand,
  hold: async () => (await import('./hold.ts')).holdCommand,
  store: async () => (await import('./store.ts')).storeCommand,
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  collect: async () => {
    keepYoungSmall()
    return (await import('./collect.ts')).collectCommand
  },
  work: async () => (await import('./work.ts')).workCommand,
  kafka: async () => (await import('./kafka.ts')).kafkaCommand,
  config: async () => (await import('./config.ts')).configCommand,
}

/**
 * Keeps V8's young generation small: what a collector reads lives for milliseconds, and its host has other things to do
 * with a hundred MiB. It costs no time.
 */
function keepYoungSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}

/**
 * The command line: every command with its options. Help, docs/cli.md and the tests are made from it.
 *
 * @param only the command that is to be run; the others are left out
 */
export async function createProgram(context: Context, only?: string): Promise<Command> {
  const program = new Command('throughline')
    .description(
      'Joins Apigee analytics exports and IIS logs into end-to-end requests that can be traced, queried and proved.',
    )
    .version(VERSION, '--version', 'print the version')
    .addOption(
      new Option('--color <when>', 'colour the output').choices(['auto', 'always', 'never']).default('auto'),
    )
    .option('--quiet', 'print results and errors only')
    .showHelpAfterError('(throughline --help shows the commands)')
    .exitOverride()
    .hook('preAction', command => {
      const { color, quiet } = command.opts<{ color: ColorChoice; quiet?: boolean }>()
      const { out } = context
      Object.assign(out, {
        quiet: quiet === true,
        colors: pc.createColors(wantsColor(color, context.env, out.isTerminal)),
      })
    })
    .addHelpText(
      'after',
      '\nExamples:\n  throughline ingest exports/ iis-logs/\n  throughline trace 6e5b1b6e-0f6e-4e55-9f3e-6b5d2bb0a001',
    )
  const wanted =
    only !== undefined && only in COMMANDS ? [only] : isVersion(only) ? [] : Object.keys(COMMANDS)
  const add = await Promise.all(wanted.map(name => COMMANDS[name]?.()))
  for (const command of add) command?.(program, context)
  program
    .command('version')
    .summary('print versions')
    .description('Prints the versions of Throughline, Node.js and DuckDB.')
    .action(() => printVersions(context))
  for (const command of program.commands) command.exitOverride().configureHelp({ showGlobalOptions: true })
  return program
}

function isVersion(command: string | undefined): boolean {
  return command === 'version' || command === '--version'
}

async function printVersions({ out }: Context): Promise<void> {
  const { version } = await import('@duckdb/node-api')
  out.line(`throughline ${VERSION}`)
  out.line(`node        ${process.versions.node}`)
  out.line(`duckdb      ${version().replace(/^v/, '')}`)
}
