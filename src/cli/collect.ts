import { hostname } from 'node:os'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { Checkpoint } from '../kafka/collect/checkpoint.ts'
import { type ForeignTopic, ForeignTopics } from '../kafka/collect/foreign.ts'
import { Sender, type SendState } from '../kafka/collect/sender.ts'
import { Shipper } from '../kafka/collect/shipper.ts'
import { connectKafka, whenReachable, withAdmin } from '../kafka/connection.ts'
import { checkTopics } from '../kafka/topics.ts'
import { makeFolder } from '../ledger/durable.ts'
import { Follower } from '../pipeline/follow.ts'
import type { FollowEvent } from '../pipeline/follow-events.ts'
import { IngestRun } from '../pipeline/ingest-run.ts'
import type { Committed } from '../pipeline/intake.ts'
import { discoverInputs } from '../sources/discover.ts'
import { acquireLock } from '../store/lock.ts'
import { CollectPrinter } from './collect-print.ts'
import { type Context, tokenPseudonym } from './context.ts'
import { type KafkaFlags, type KafkaSettings, kafkaOptions, kafkaSettings } from './kafka-settings.ts'
import { fieldsOf } from './log-fields.ts'
import { checkPlacesExist } from './places.ts'
import { leaveSoon, pauseUntil, SIGNAL_CODES, stopOnSignal } from './signals.ts'

interface Flags extends KafkaFlags {
  readonly once?: boolean
  readonly fromTopic?: readonly string[]
  readonly acceptLoss?: boolean
  readonly state?: string
  readonly name?: string
  readonly host?: string
  readonly site?: string
  readonly fields?: string
  readonly fieldsFrom?: string
  readonly json?: boolean
  readonly prometheus?: string
}

/** How long a stop waits for Kafka to take what was read. */
const STOP_MS = 10_000
/** Rows after which what was read is committed while there is more. */
const COMMIT_ROWS = 200_000

export function collectCommand(program: Command, context: Context): void {
  kafkaOptions(program.command('collect'))
    .summary('follow logs on a host and hand them to workers through Kafka')
    .description(
      'Follows logs, reads and scrubs them, and sends them to Kafka. How far it has come is kept in a folder of its own and moves on only when Kafka has acknowledged; while Kafka is away it waits, and nothing is dropped.',
    )
    .argument('[source...]', 'files, folders and globs in quotes; they may come and go')
    .option(
      '--from-topic <topic...>',
      'read topics of Filebeat or Elastic Agent instead of files, beside those of kafka.foreign in the configuration',
    )
    .option('--accept-loss', 'with --from-topic: go on where Kafka has deleted messages that were not read')
    .option('--once', 'read what is there, and end')
    .option('--state <dir>', 'folder that keeps how far it has come (default: throughline-collector)')
    .option('--name <name>', 'name of this collector (default: the name of the host)')
    .option('--host <name>', 'host that wrote these logs, where their rows do not say it')
    .option('--site <name>', 'IIS site of these logs, where their rows do not say it')
    .option('--fields <names>', 'column names of logs without a header, separated by spaces or commas')
    .option('--fields-from <file>', 'take them from the #Fields directive of another log')
    .option('--json', 'one JSON object a line for whatever happens')
    .option('--prometheus <[host:]port>', 'serve metrics for Prometheus at this address')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline collect C:\\inetpub\\logs\\LogFiles --brokers kafka-1:9092\n  throughline collect --once exports/ --brokers kafka-1:9092\n  throughline collect --from-topic filebeat-iis --brokers kafka-1:9092',
    )
    .action((places: string[], flags: Flags) => collect(context, places, flags))
}

async function collect(context: Context, places: readonly string[], flags: Flags): Promise<void> {
  const loaded = loadConfig(flags.config)
  const settings = kafkaSettings(context.env, loaded, flags, 'collect')
  const state = flags.state ?? settings.collectorState
  const name = flags.name ?? settings.collector ?? hostname()
  const foreign = foreignTopics(places, flags, settings)
  if (foreign.length === 0) checkPlacesExist(places)
  const listening = { listen: flags.prometheus, isLong: !flags.once }
  await context.telemetry.start(loaded.config.telemetry, listening)
  makeFolder(state)
  const lock = acquireLock(state)
  const { stop, by, release } = stopOnSignal(context.signals)
  const printer = new CollectPrinter(context, flags.json === true)
  try {
    const { names, access } = settings
    const sinceMs = context.now()
    const patience = {
      pause: (ms: number) => pauseUntil(ms, stop),
      isStopped: () => stop.aborted || flags.once === true,
      onWaiting: (why: string) => printer.sending({ is: 'waiting', why, sinceMs }),
    }
    const partitions = await whenReachable(patience, () =>
      withAdmin(access, 'collect', admin => checkTopics(admin, names, settings.partitions)),
    )
    const checkpoint = Checkpoint.open(state, {
      version: 1,
      collector: name,
      topic: settings.names.hops,
      partitions,
    })
    const sender = new Sender({
      kafka: connectKafka(settings.access),
      access: settings.access,
      partitions,
      isPacked: settings.compression === 'gzip',
      nowMs: context.now,
      pause: ms => pauseUntil(ms, stop),
      onState: (sending: SendState) => printer.sending(sending),
    })
    stop.addEventListener('abort', () => setTimeout(() => sender.giveUp(), STOP_MS).unref())
    const shipper = new Shipper(checkpoint, sender, {
      config: loaded.config,
      collector: name,
      topics: settings.names,
      host: flags.host,
      site: flags.site,
      fields: fieldsOf(flags),
      pseudonym: tokenPseudonym(context),
      onCommit: (committed: Committed) => printer.committed(committed),
    })
    printer.started([...places, ...foreign.map(t => `topic ${t.topic}`)], name, settings.access.brokers)
    if (foreign.length > 0) {
      const topics = new ForeignTopics(shipper, {
        kafka: connectKafka(access),
        access,
        topics: foreign,
        group: `${settings.group}.${name}`,
        isOnce: flags.once === true,
        acceptsLoss: flags.acceptLoss === true,
        nowMs: context.now,
        pause: patience.pause,
        isStopped: () => stop.aborted,
        onWaiting: patience.onWaiting,
        onLost: what => printer.lost(what),
      })
      await topics.run()
    } else if (flags.once) await readOnce(shipper, places, state, stop, printer)
    else
      await follow(context, shipper, places, state, {
        stop,
        fields: fieldsOf(flags),
        config: loaded.config,
        printer,
      })
  } finally {
    lock.release()
    release()
    printer.ended()
    leaveSoon()
  }
  const stoppedBy = by()
  if (stoppedBy && flags.once) process.exitCode = SIGNAL_CODES[stoppedBy]
}

async function readOnce(
  shipper: Shipper,
  places: readonly string[],
  state: string,
  stop: AbortSignal,
  printer: CollectPrinter,
): Promise<void> {
  const run = new IngestRun(shipper, { commitRows: COMMIT_ROWS })
  try {
    for (const input of await discoverInputs(places, state)) {
      if (stop.aborted) break
      await run.take(input)
    }
    await shipper.finish()
    const { sources, known, refused } = run.result()
    printer.read(sources.length, known.length)
    for (const { path, name, advice } of refused) printer.tell({ event: 'refused', path, name, advice })
    if (refused.some(r => r.named) || sources.some(s => s.status === 'failed')) process.exitCode = 3
  } finally {
    await run.close()
  }
}

async function follow(
  context: Context,
  shipper: Shipper,
  places: readonly string[],
  state: string,
  { stop, fields, config, printer }: Following,
): Promise<void> {
  const follower = new Follower(shipper, places, state, {
    config,
    fields,
    pseudonym: tokenPseudonym(context),
    nowMs: context.now,
    pause: ms => pauseUntil(ms, stop),
    onEvent: (event: FollowEvent) => printer.tell(event),
  })
  if (stop.aborted) return
  stop.addEventListener('abort', () => follower.stop())
  await follower.run()
}

interface Following {
  readonly stop: AbortSignal
  readonly fields: readonly string[] | undefined
  readonly config: ReturnType<typeof loadConfig>['config']
  readonly printer: CollectPrinter
}

/** Topics to be read; none where files are. */
function foreignTopics(
  places: readonly string[],
  { fromTopic = [] }: Flags,
  { foreign }: KafkaSettings,
): ForeignTopic[] {
  const topics = [...foreign, ...fromTopic.map(topic => ({ topic }))]
  if (places.length > 0 && fromTopic.length === 0) return []
  if (places.length > 0)
    throw new ThroughlineError(
      'USAGE',
      'collect: sources and --from-topic; a collector reads files or topics, run one for each',
    )
  if (topics.length === 0)
    throw new ThroughlineError(
      'USAGE',
      'collect: nothing to read; name files or folders, or topics with --from-topic or kafka.foreign',
    )
  return topics.filter((t, n) => topics.findIndex(other => other.topic === t.topic) === n)
}
