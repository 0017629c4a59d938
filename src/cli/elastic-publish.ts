import type { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import { noTally, type Tally } from '../elastic/bulk.ts'
import { madeBy, type Published, Publisher, type RunOptions } from '../elastic/publish.ts'
import type { PublishedDay } from '../elastic/publish-day.ts'
import { Receiver, receiverName } from '../elastic/receiver.ts'
import { findingSettings, findingsDigest } from '../findings/settings.ts'
import { ALWAYS, type Range } from '../store/facts.ts'
import type { Given } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import { type Context, ownRedactor } from './context.ts'
import { type Connected, type ElasticFlags, elasticOptions, withElastic } from './elastic-settings.ts'
import { withReader } from './opening.ts'
import { count, safe } from './output.ts'
import { parsePeriod } from './period.ts'
import { ProgressLine } from './progress.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { receiverNameOf } from './receiver-name.ts'
import { findingsFor, SILENT } from './request-findings.ts'
import { pauseUntil, SIGNAL_CODES, stopOnSignal } from './signals.ts'

interface Flags extends ElasticFlags {
  readonly from?: string
  readonly to?: string
  readonly follow?: boolean
  readonly again?: boolean
  readonly redact?: boolean
  readonly name?: string
}

/** The store that is published, and by what its findings are judged. */
interface Reading {
  readonly store: Store
  readonly config: Config
}

/** How often a publisher that follows looks for something new. */
const LOOK_MS = 5_000
/** How long nothing may be taken before a run that does not follow gives up. */
const PATIENCE_MS = 5 * 60_000

export function publishCommand(parent: Command, context: Context): void {
  elasticOptions(parent.command('publish'))
    .summary('send requests that are new or changed')
    .description(
      'Sends the days that changed since they were published: of each day the requests that are new or say something else. What was taken is noted in the store, so that running the command again goes on from there. Requests of open days are sent as they stand, with link.final: false.',
    )
    .option('--from <time>', 'first moment, UTC; whole days are published')
    .option('--to <time>', 'moment after the last')
    .option('--follow', 'go on: publish what comes, until SIGINT or SIGTERM')
    .option('--again', 'send all days, whatever was published before')
    .option('--redact', 'replace subjects, clients and their addresses by keyed stand-ins')
    .option(
      '--takeover',
      'write over documents of another deployment, or with other content in the same version',
    )
    .option(
      '--name <name>',
      'name of the receiver in the store (default: from address and prefix)',
      receiverNameOf,
    )
    .option(
      '--json',
      'totals as one JSON document; with --follow one a line for each run that sent something',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  throughline elastic publish --url http://127.0.0.1:9200\n  throughline elastic publish --from now-7d --redact\n  throughline elastic publish --follow',
    )
    .action((flags: Flags) =>
      withElastic(context, flags, it =>
        withReader(flags, (store, { config }) => {
          const { address } = it.elastic
          const what = {
            to: address,
            from: flags.from,
            until: flags.to,
            again: flags.again,
            redact: flags.redact,
          }
          return recorded(context, store, { command: 'elastic publish', what }, () =>
            publish(context, flags, it, { store, config }),
          )
        }),
      ),
    )
}

async function publish(
  context: Context,
  flags: Flags,
  connected: Connected,
  reading: Reading,
): Promise<Given> {
  const { store } = reading
  const { elastic, settings } = connected
  const range = parsePeriod(flags, context.now()) ?? ALWAYS
  const pruned = prunedNote(store, range)
  if (pruned) context.out.warn(pruned)
  const name = flags.name ?? receiverName(elastic.address, settings.prefix)
  const receiver = await Receiver.open(store, name, elastic.address)
  const { stop, by, release } = stopOnSignal(context.signals)
  const printer = new PublishPrinter(context, flags)
  try {
    printer.started(elastic.address, name)
    const options = runOptions(context, flags, connected, reading, range, stop, printer)
    const publisher = new Publisher(elastic, store, receiver, options)
    await publisher.check()
    do {
      printer.ran(await publisher.run())
      if (flags.follow) await pauseUntil(LOOK_MS, stop)
      if (flags.follow) store.refresh()
    } while (flags.follow && !stop.aborted)
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    receiver.close()
    release()
    printer.ended()
  }
  if (printer.rejected > 0) process.exitCode = 3
  const stoppedBy = by()
  if (stoppedBy && !flags.follow) process.exitCode = SIGNAL_CODES[stoppedBy]
  return { rows: printer.requests }
}

function runOptions(
  context: Context,
  flags: Flags,
  { settings }: Connected,
  { store, config }: Reading,
  range: Range,
  stop: AbortSignal,
  printer: PublishPrinter,
): RunOptions {
  const isRedacted = flags.redact === true || settings.redact
  const settingsOfFindings = findingSettings(config)
  return {
    names: settings.names,
    deployment: settings.deployment ?? store.state.storeId,
    // Asked again and again: what is declared of coverage may change while it follows.
    get made() {
      return madeBy(isRedacted, findingsDigest(settingsOfFindings, store.state))
    },
    findings: findingsFor(context, config, SILENT),
    redact: isRedacted ? ownRedactor(context) : undefined,
    range,
    retentionDays: settings.retentionDays,
    again: flags.again === true,
    takeover: flags.takeover === true,
    concurrency: settings.concurrency,
    batchBytes: settings.batchMiB * 1024 * 1024,
    batchDocuments: settings.batchDocuments,
    patienceMs: flags.follow ? Number.POSITIVE_INFINITY : PATIENCE_MS,
    nowMs: context.now,
    random: Math.random,
    sleep: pauseUntil,
    stop,
    onRetry: (why, waitMs) => printer.retry(why, waitMs),
    onDay: day => printer.day(day),
  }
}

/** Prints what is published: progress, what goes wrong, and at the end what became of everything. */
class PublishPrinter {
  readonly #context: Context
  readonly #flags: Flags
  readonly #line: ProgressLine
  readonly #tally = noTally()
  readonly #totals = { days: 0, requests: 0, superseded: 0, coverage: 0 }
  #retries = 0

  constructor(context: Context, flags: Flags) {
    this.#context = context
    this.#flags = flags
    this.#line = new ProgressLine(context.out, context.now)
  }

  get requests(): number {
    return this.#totals.requests
  }

  get rejected(): number {
    return this.#tally.rejected
  }

  started(address: string, name: string): void {
    const until = this.#flags.follow ? '; SIGINT or SIGTERM ends it' : ''
    if (!this.#flags.json) this.#context.out.note(`publishing to ${safe(address)} (${safe(name)})${until}`)
  }

  day({ day, live, superseded, tally }: PublishedDay): void {
    this.#totals.days++
    this.#totals.requests += live
    this.#totals.superseded += superseded
    for (const key of Object.keys(tally) as (keyof Tally)[]) this.#tally[key] += tally[key]
    if (!this.#flags.json) this.#line.show(`published ${day}  ${count(this.#tally.taken)} documents taken`)
  }

  retry(why: string, waitMs: number): void {
    this.#retries++
    if (this.#retries % 10 !== 1) return
    this.#line.clear()
    this.#context.out.warn(`${safe(why)}; next try in ${(waitMs / 1000).toFixed(1)} s; nothing is dropped`)
  }

  ran(published: Published): void {
    this.#totals.coverage += published.coverage
    if (published.future.length > 0)
      this.#context.out.warn(`requests of ${published.future.join(', ')} lie in the future: the clock of a host or of the gateway was wrong`)
    if (!this.#flags.follow || published.days === 0) return
    if (this.#flags.json) return this.#context.out.line(JSON.stringify({ event: 'published', ...published }))
    this.#line.clear()
    const { tally, days } = published
    this.#context.out.note(`published  ${count(days)} days: ${count(tally.taken)} documents taken, ${count(tally.rejected)} rejected`)
  } // biome-ignore format: one message a line

  ended(): void {
    this.#line.clear()
    const { out } = this.#context
    const { taken, same, newer, rejected, retries } = this.#tally
    if (this.#flags.json) return out.line(JSON.stringify({ event: 'ended', ...this.#totals, ...this.#tally }))
    out.line(`days       ${count(this.#totals.days)} that were new or changed, ${count(this.#totals.requests)} requests`)
    out.line(`documents  ${count(taken)} taken, ${count(same)} there already, ${count(rejected)} rejected; ${count(retries)} retries, ${this.#rate(taken)}`)
    if (newer > 0) out.warn(`${count(newer)} documents are there in a higher version: another publisher is ahead of this store`)
    if (rejected > 0) out.warn(`${count(rejected)} documents were refused; index of rejects says why`)
    out.line(`coverage   ${count(this.#totals.coverage)} documents`)
  } // biome-ignore format: one message a line

  #rate(taken: number): string {
    return `${count(Math.round(taken / Math.max(this.#line.seconds, 0.001)))}/s`
  }
}
