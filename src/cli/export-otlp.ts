import { type Command, Option } from 'commander'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { periodOfSearch } from '../requests/search.ts'
import type { Store } from '../store/store.ts'
import { daysOf, exportLive, exportOnce, type Period, SETTLE_MS } from '../traces/export/export.ts'
import { DayExport, type ExportOptions, type SentDay } from '../traces/export/export-day.ts'
import { Receiver, receiverName } from '../traces/export/receiver.ts'
import { otlpEndpoint, shownUrl } from '../traces/otlp/endpoint.ts'
import { type Context, ownRedactor, type StoreFlags, storeOptions } from './context.ts'
import { dryRun } from './export-otlp-dry.ts'
import { ExportPrinter } from './export-otlp-print.ts'
import { type OtlpSettings, otlpSettings } from './export-otlp-settings.ts'
import { withEachReader } from './opening.ts'
import { safe } from './output.ts'
import { parsePeriod } from './period.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { receiverNameOf } from './receiver-name.ts'
import { findingsFor, SILENT } from './request-findings.ts'
import { pauseUntil, SIGNAL_CODES, stopOnSignal } from './signals.ts'
import { VERSION } from './version.ts'

export interface OtlpFlags extends StoreFlags {
  readonly endpoint?: string
  readonly header: readonly string[]
  readonly protocol?: 'http/protobuf' | 'http/json'
  readonly compression?: 'gzip' | 'none'
  readonly ca?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly timeout?: number
  readonly patience?: number
  readonly concurrency?: number
  readonly batch?: number
  readonly sample?: number
  readonly logs?: boolean
  readonly redact?: boolean
  readonly from?: string
  readonly to?: string
  readonly filter?: string
  readonly follow?: boolean
  readonly openDays?: boolean
  readonly settle: number
  readonly name?: string
  readonly again?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly prometheus?: string
}

export function exportOtlpCommand(parent: Command, context: Context): void {
  addOptions(storeOptions(parent.command('otlp'), { several: true }))
    .summary('send requests as OpenTelemetry traces')
    .description(
      'Sends requests as traces to an OTLP/HTTP receiver: an OpenTelemetry Collector, Jaeger, Tempo, Elastic and others. What a receiver has taken is noted in the store, so that running the command again sends what is new, and going on after a failure sends nothing twice that was answered for. Requests are sent once they are settled: their day is closed, or an id joins them and nothing has changed for a while.',
    )
    .addHelpText(
      'after',
      "\nExamples:\n  throughline export otlp --endpoint http://127.0.0.1:4318\n  throughline export otlp --endpoint https://otlp.example --header 'authorization: Bearer …' --from now-7d --filter 'status >= 500'\n  throughline export otlp --endpoint http://127.0.0.1:4318 --follow\n  throughline export otlp --dry-run",
    )
    .action((_: OtlpFlags, command: Command) => {
      // Options that `export` has, too, are taken by it, wherever they stand.
      const flags = command.optsWithGlobals<OtlpFlags>()
      return withEachReader(context, flags, (store, loaded, name) =>
        exportOtlp(context, { store, name }, loaded, flags),
      )
    })
}

function addOptions(command: Command): Command {
  const number = (flag: string) => (text: string) => numberOf(flag, text)
  return command
    .option('--endpoint <url>', 'address of the receiver; /v1/traces and /v1/logs go below it')
    .option('--from <time>', 'first moment, UTC')
    .option('--to <time>', 'moment after the last')
    .option('--filter <filter>', 'only requests that a filter finds, as in query')
    .option('--follow', 'go on: send requests as they settle, until SIGINT or SIGTERM')
    .option('--prometheus <[host:]port>', 'with --follow: serve metrics for Prometheus at this address')
    .option('--dry-run', 'say what would be sent, and show one trace; nothing is sent')
    .option('--json', 'totals as one JSON document; with --follow one a line for each part that was sent')
    .option('--logs', 'send IIS lines as log records, too, with the ids of their spans')
    .option('--redact', 'replace subjects, clients and their addresses by keyed stand-ins')
    .option('--sample <share>', 'share of traces, by trace id; traces with a failed request always go', number('--sample'))
    .option('--open-days', 'send requests of open days as they stand; a leg that comes later follows as a span of its own')
    .option('--settle <seconds>', 'how long nothing of a request of an open day must have changed', number('--settle'), SETTLE_MS / 1000)
    .option('--again', 'send what was sent before once more, under the same ids')
    .option('--name <name>', 'name of the receiver in the store (default: from the endpoint)', receiverNameOf)
    .addOption(new Option('--protocol <protocol>', 'encoding (default: http/protobuf)').choices(['http/protobuf', 'http/json']))
    .addOption(new Option('--compression <how>', 'compression (default: gzip)').choices(['gzip', 'none']))
    .option('--header <header>', 'header of every request, `name: value`; may be repeated', (text: string, all: string[]) => [...all, text], [])
    .option('--ca <file>', 'certificates (PEM) to trust besides those of the system')
    .option('--client-cert <file>', "the client's own certificate (PEM)")
    .option('--client-key <file>', 'its private key (PEM)')
    .option('--timeout <seconds>', 'how long to wait for an answer (default: 30)', number('--timeout'))
    .option('--patience <seconds>', 'how long to go on while the receiver takes nothing at all (default: 600; with --follow for ever)', number('--patience'))
    .option('--concurrency <count>', 'requests under way at a time (default: 4)', number('--concurrency'))
    .option('--batch <spans>', 'spans in a request (default: 2000)', number('--batch')) // biome-ignore format: a table
}

function numberOf(flag: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new ThroughlineError('USAGE', `${flag} ${text}: no number; expected one of 0 or more`)
}

/** A store, and its name where there are several: each keeps what was sent of it. */
interface Exported {
  readonly store: Store
  readonly name: string | undefined
}

/** @returns false where the user has stopped it */
async function exportOtlp(
  context: Context,
  { store, name: storeName }: Exported,
  loaded: LoadedConfig,
  flags: OtlpFlags,
): Promise<boolean> {
  const { filter = '' } = flags
  if (storeName !== undefined && flags.follow)
    throw new ThroughlineError('USAGE', 'export otlp --follow: it takes one store; run it for each')
  const nowMs = context.now()
  // A filter that is wrong is told before anything is opened; its own period spares days.
  const range = periodOfSearch({ filter, range: parsePeriod(flags, nowMs), nowMs })
  const pruned = prunedNote(store, range)
  if (pruned) context.out.warn(pruned)
  const settings = otlpSettings(context.env, loaded.config.otlp, flags)
  const options: ExportOptions = {
    wanted: {
      filter,
      range,
      sample: settings.sample,
      open: flags.openDays === true,
      nowMs,
      findings: findingsFor(context, loaded.config, SILENT),
    },
    redact: settings.redact ? ownRedactor(context) : undefined,
    version: VERSION,
    nowMs: context.now,
  }
  const period = { range, settleMs: flags.settle * 1000, nowMs: context.now }
  if (flags.dryRun) {
    if (storeName !== undefined) context.out.line(`\n${context.out.colors.bold(safe(storeName))}`)
    await dryRun(context.out, store, options, period)
    return true
  }
  if (flags.prometheus !== undefined && !flags.follow)
    throw new ThroughlineError('USAGE', 'export otlp --prometheus: it goes with --follow only')
  const endpoint = endpointOf(settings.endpoint)
  const name = flags.name ?? receiverName(endpoint)
  const listening = { listen: flags.prometheus, isLong: flags.follow === true }
  await context.telemetry.start(loaded.config.telemetry, listening)
  const receiver = Receiver.open(store, name, endpoint)
  const what = {
    to: endpoint,
    name,
    filter,
    range,
    sample: settings.sample,
    redact: settings.redact,
    again: flags.again,
  }
  try {
    if (flags.again) receiver.forget(day => daysOf(store, range).includes(day))
    const dayExport = new DayExport(store, receiver, options)
    let isStopped = false
    await recorded(context, store, { command: 'export otlp', what }, async () => {
      isStopped = await sendAll(context, dayExport, { store, storeName, receiver, settings, period, flags })
      return {}
    })
    return !isStopped
  } finally {
    receiver.close()
  }
}

interface Sending {
  readonly store: Store
  readonly storeName: string | undefined
  readonly receiver: Receiver
  readonly settings: OtlpSettings
  readonly period: Period
  readonly flags: OtlpFlags
}

/**
 * Sends until everything is taken, or a signal comes; what was taken is noted however it ends.
 *
 * @returns whether a signal came
 */
async function sendAll(context: Context, dayExport: DayExport, sending: Sending): Promise<boolean> {
  const { store, storeName, receiver, settings, period, flags } = sending
  const { stop, by, release } = stopOnSignal(context.signals)
  // Loaded where it is needed: it takes as long as all the rest.
  const { openOutlets } = await import('./export-otlp-outlets.ts')
  const printer = new ExportPrinter(context, flags.json === true, storeName)
  const outlets = openOutlets(settings, {
    nowMs: context.now,
    patienceMs: patienceOf(flags),
    stop,
    onTaken: (kind, count) => dayExport.progress.taken(kind, count),
    onRetry: retry => printer.retry(retry),
  })
  const isStopped = (): boolean => stop.aborted
  const onDay = (day: SentDay): void => printer.day(day, outlets.accounting())
  try {
    printer.started(receiver, flags.follow === true)
    if (flags.follow) {
      const pause = (ms: number): Promise<void> => pauseUntil(ms, stop)
      await exportLive(store, receiver, dayExport, outlets, { ...period, pause, isStopped, onDay })
    } else
      printer.found(await exportOnce(store, receiver, dayExport, outlets, { ...period, isStopped, onDay }))
  } catch (error) {
    if (!isStopped()) throw error
  } finally {
    await outlets.close()
    dayExport.progress.save()
    release()
    printer.ended(outlets.accounting())
  }
  const stoppedBy = by()
  if (stoppedBy && !flags.follow) process.exitCode = SIGNAL_CODES[stoppedBy]
  return stoppedBy !== undefined
}

function patienceOf({ patience, follow }: OtlpFlags): number | undefined {
  if (patience !== undefined) return patience * 1000
  return follow ? Number.POSITIVE_INFINITY : undefined
}

export function endpointOf(text: string | undefined): string {
  if (text !== undefined) return shownUrl(otlpEndpoint(text).traces)
  throw new ThroughlineError(
    'USAGE',
    'export otlp: no receiver is named; give --endpoint http://HOST:4318, or otlp.endpoint in the configuration, or see what would be sent with --dry-run',
  )
}

/** The name becomes one of a folder. */
