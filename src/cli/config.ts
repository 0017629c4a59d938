import type { Command } from 'commander'
import { stringify } from 'yaml'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'

export function configCommand(program: Command, context: Context): void {
  const parent = program
    .command('config')
    .summary('check or show the configuration')
    .description('Checks or shows the configuration.')
  storeOptions(parent.command('check'))
    .summary('validate the configuration file')
    .description('Validates the configuration file; exits with 2 and names the key where it is wrong.')
    .action((flags: StoreFlags) => {
      const { file } = loadConfig(flags.config)
      context.out.line(file ? `${file}: valid` : 'no configuration file: built-in defaults are in force')
    })
  storeOptions(parent.command('show'))
    .summary('print the configuration in force')
    .description('Prints the configuration in force and where it comes from.')
    .option('--json', 'as JSON')
    .action((flags: StoreFlags & { json?: boolean }) => {
      const { config, file } = loadConfig(flags.config)
      const shown = withoutSecrets(config)
      const { out } = context
      if (flags.json) return out.line(JSON.stringify(shown, null, 2))
      out.line(
        `# ${file ? `from ${file}; the rest are defaults` : 'built-in defaults; no configuration file'}`,
      )
      out.line(stringify(shown).trimEnd())
    })
}

/** The configuration with `[secret]` in the place of what must not be seen over a shoulder or in a ticket. */
function withoutSecrets(config: Config): Config {
  const { headers } = config.telemetry
  if (!headers) return config
  const hidden = Object.fromEntries(Object.keys(headers).map(name => [name, '[secret]']))
  return { ...config, telemetry: { ...config.telemetry, headers: hidden } }
}
