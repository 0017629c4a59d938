import { Command, Option } from 'commander'
import pc from 'picocolors'
import { clocksCommand } from './clocks.ts'
import { configCommand } from './config.ts'
import type { Context } from './context.ts'
import { doctorCommand } from './doctor.ts'
import { explainCommand } from './explain.ts'
import { exportCommand } from './export.ts'
import { ingestCommand } from './ingest.ts'
import { initCommand } from './init.ts'
import { linkCommand } from './link.ts'
import { type ColorChoice, wantsColor } from './output.ts'
import { queryCommand } from './query.ts'
import { simulateCommand } from './simulate.ts'
import { statusCommand } from './status.ts'
import { storeCommand } from './store.ts'
import { subjectsCommand } from './subjects.ts'
import { traceCommand } from './trace.ts'
import { VERSION } from './version.ts'

/** The command line: every command with its options. Help, docs/cli.md and the tests are made from it. */
export function createProgram(context: Context): Command {
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
  for (const add of [
    initCommand,
    ingestCommand,
    statusCommand,
    doctorCommand,
    traceCommand,
    explainCommand,
    queryCommand,
    exportCommand,
    clocksCommand,
    linkCommand,
    subjectsCommand,
    storeCommand,
    simulateCommand,
    configCommand,
  ])
    add(program, context)
  program
    .command('version')
    .summary('print versions')
    .description('Prints the versions of Throughline, Node.js and DuckDB.')
    .action(() => printVersions(context))
  for (const command of program.commands) command.exitOverride().configureHelp({ showGlobalOptions: true })
  return program
}

async function printVersions({ out }: Context): Promise<void> {
  const { version } = await import('@duckdb/node-api')
  out.line(`throughline ${VERSION}`)
  out.line(`node        ${process.versions.node}`)
  out.line(`duckdb      ${version().replace(/^v/, '')}`)
}
