import { closeSync, createReadStream, existsSync, mkdtempSync, openSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { ThroughlineError } from '../errors.ts'
import { HOP_KINDS, type HopKind } from '../model/hop.ts'
import { type ExportFormat, type ExportKind, exportSelect } from '../requests/export.ts'
import { quoteText } from '../store/query.ts'
import type { Given } from '../store/reads.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { exportOtlpCommand } from './export-otlp.ts'
import { withReaders } from './opening.ts'
import { count, unwritable } from './output.ts'
import { parsePeriod } from './period.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { findingsFor } from './request-findings.ts'

interface Flags extends StoreFlags {
  readonly from?: string
  readonly to?: string
  readonly format: ExportFormat
  readonly output?: string
  readonly force?: boolean
  readonly filter?: string
  readonly kind: HopKind
}

const COPY_OPTIONS: Readonly<Record<ExportFormat, string>> = {
  parquet: 'FORMAT parquet, COMPRESSION zstd',
  csv: 'FORMAT csv, HEADER',
  ndjson: 'FORMAT json',
}

export function exportCommand(program: Command, context: Context): void {
  const command = storeOptions(program.command('export'), { several: true })
  exportOtlpCommand(command, context)
  command
    .summary('write facts, links, requests or rejects to a file')
    .description('Writes what the store holds, in a fixed order, as Parquet, CSV or NDJSON.')
    .addArgument(
      program.createArgument('<what>', 'what to write').choices(['facts', 'links', 'requests', 'rejects']),
    )
    .option('--output <file>', 'file to write (default: standard output; Parquet needs a file)')
    .addOption(
      new Option('--format <format>', 'file format').choices(['parquet', 'csv', 'ndjson']).default('ndjson'),
    )
    .addOption(new Option('--kind <kind>', 'which facts').choices([...HOP_KINDS]).default('gateway'))
    .option('--filter <filter>', 'requests only: a filter as in query')
    .option('--from <time>', 'first moment, UTC')
    .option('--to <time>', 'moment after the last')
    .option('--force', 'replace an existing file')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline export links --format csv --output links.csv\n  throughline export facts --kind app --format parquet --output app.parquet',
    )
    .action(async (what: ExportKind, flags: Flags) => {
      const { output, format } = flags
      if (output === undefined && format === 'parquet')
        throw new ThroughlineError('USAGE', 'export --format parquet: name a file with --output')
      if (output !== undefined && existsSync(output) && !flags.force) {
        throw new ThroughlineError(
          'OUTPUT_EXISTS',
          `export --output ${output}: the file exists; name another one or give --force`,
        )
      }
      const range = parsePeriod(flags, context.now())
      await withReaders(context, flags, async (store, { config }) => {
        const pruned = prunedNote(store, range)
        if (pruned) context.out.warn(pruned)
        const { select, params } = await exportSelect(store, what, {
          kind: flags.kind,
          range,
          filter: flags.filter ?? '',
          nowMs: context.now(),
          findings: findingsFor(context, config),
        })
        const copy = (target: string): Promise<number> =>
          store.db
            .run(`COPY (${select}) TO ${quoteText(target)} (${COPY_OPTIONS[format]})`, params)
            .catch(error => {
              throw isAbout(target, error) ? unwritable(target, error) : error
            })
        const asked = { kind: flags.kind, range, filter: flags.filter, format, output }
        await recorded(context, store, { command: 'export', what: { what, ...asked } }, () =>
          writeOut(context, copy, output),
        )
      })
    })
}

/** Writes to a file, or standard output. */
async function writeOut(
  context: Context,
  copy: (target: string) => Promise<number>,
  output: string | undefined,
): Promise<Given> {
  if (output === undefined) return { rows: await toStdout(context, copy) }
  const target = `${output}.part`
  assertWritable(target)
  try {
    const rows = await copy(target)
    renameSync(target, output)
    context.out.note(`${count(rows)} rows written to ${output}`)
    return { rows }
  } finally {
    rmSync(target, { force: true })
  }
}

/** Whether DuckDB failed by writing a file, not by reading one. */
function isAbout(target: string, error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('IO Error') && error.message.includes(target)
}

/** DuckDB names neither the reason nor the file in one piece; the operating system does. */
function assertWritable(target: string): void {
  try {
    closeSync(openSync(target, 'w'))
  } catch (cause) {
    throw unwritable(target, cause)
  }
}

/** DuckDB writes files only; what goes to standard output takes the way over a temporary one, gone at any exit. */
async function toStdout({ out }: Context, copy: (target: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const target = join(folder, 'export')
    const rows = await copy(target)
    for await (const block of createReadStream(target, 'utf8')) await out.write(String(block))
    return rows
  } finally {
    remove()
    process.removeListener('exit', remove)
  }
}
