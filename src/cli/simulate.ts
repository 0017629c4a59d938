import { existsSync, readdirSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'
import { SIMULATION_OPTIONS, writeSimulation } from '../simulate/index.ts'
import type { Context } from './context.ts'
import { bytes, count, unwritable } from './output.ts'
import { ProgressLine } from './progress.ts'

export function simulateCommand(program: Command, context: Context): void {
  const command = program
    .command('simulate')
    .summary('write traffic with known truth')
    .description(
      'Writes gateway exports, IIS logs, HTTPERR logs where asked for, and truth.ndjson (which lines belong together) of a made-up company. The same options give the same bytes.',
    )
    .argument('<folder>', 'where to write; must be empty or not exist')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline simulate traffic/ --hours 24 --rate-per-second 20\n  throughline simulate traffic/ --gateway-format csv --gzip --seed 7',
    )
  for (const [key, schema] of Object.entries(SIMULATION_OPTIONS.shape)) {
    const { description = '' } = schema as z.ZodType
    const value = (schema as unknown as { def: { defaultValue: unknown } }).def.defaultValue
    const flag = `--${key.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`)}`
    const initial = Array.isArray(value) ? value.join(',') || 'none' : String(value)
    const choices = choicesOf(schema as z.ZodType)
    const shown = `${description} (${choices}default: ${initial})`
    command.option(
      typeof value === 'boolean' ? (value ? `--no-${flag.slice(2)}` : flag) : `${flag} <value>`,
      shown,
    )
  }
  command.action(async (folder: string, flags: Record<string, string | boolean>) => {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new ThroughlineError(
        'OUTPUT_EXISTS',
        `simulate ${folder}: the folder is not empty; name a new one`,
      )
    }
    const options = parseOptions(flags)
    const progress = new ProgressLine(context.out, context.now)
    const summary = await writeSimulation(options, folder, p =>
      progress.show(`writing ${bytes(p.bytes)}`),
    ).catch((error: NodeJS.ErrnoException) => {
      throw error.code === undefined ? error : unwritable(folder, error)
    })
    progress.clear()
    const { out } = context
    out.line(`gateway   ${count(summary.gatewayCalls)} calls, ${count(summary.gatewayRows)} records written`)
    out.line(
      `app       ${count(summary.appLines)} lines written, ${count(summary.appLinesLost)} lost on purpose`,
    )
    if (summary.kernelLines > 0) out.line(`kernel    ${count(summary.kernelLines)} HTTPERR rows written`)
    out.line(`files     ${count(summary.files)}, ${bytes(summary.bytes)} in ${folder}`)
  })
}

function choicesOf(schema: z.ZodType): string {
  const inner = schema instanceof z.ZodDefault ? schema.unwrap() : schema
  return inner instanceof z.ZodEnum ? `one of ${inner.options.join(', ')}; ` : ''
}

function parseOptions(flags: Record<string, string | boolean>): z.input<typeof SIMULATION_OPTIONS> {
  const given: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(SIMULATION_OPTIONS.shape)) {
    const text = flags[key]
    if (text === undefined) continue
    const value = (schema as unknown as { def: { defaultValue: unknown } }).def.defaultValue
    if (Array.isArray(value)) given[key] = String(text).split(',').map(Number)
    else given[key] = typeof value === 'number' ? Number(text) : text
  }
  const result = SIMULATION_OPTIONS.safeParse(given)
  if (result.success) return given as z.input<typeof SIMULATION_OPTIONS>
  throw new ThroughlineError('USAGE', `simulate: ${z.prettifyError(result.error)}`)
}
