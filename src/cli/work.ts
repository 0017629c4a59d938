import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { connectKafka } from '../kafka/connection.ts'
import { DeadLetters } from '../kafka/work/dead-letters.ts'
import { watchWorker } from '../kafka/work/metrics.ts'
import { Worker } from '../kafka/work/worker.ts'
import type { Context } from './context.ts'
import { serveHealth } from './health.ts'
import { type KafkaFlags, kafkaOptions, kafkaSettings } from './kafka-settings.ts'
import { openWriter } from './opening.ts'
import { leaveSoon, pauseUntil, SIGNAL_CODES, stopOnSignal } from './signals.ts'
import { WorkOutlets } from './work-outlets.ts'
import { WorkPrinter } from './work-print.ts'

interface Flags extends KafkaFlags {
  readonly stores?: string
  readonly group?: string
  readonly drain?: boolean
  readonly deadLetter?: boolean
  readonly acceptLoss?: boolean
  readonly json?: boolean
  readonly prometheus?: string
  readonly health?: string
  readonly elastic?: boolean
  readonly otlp?: boolean
  readonly webhook?: string
}

/** Memory of a partition's engine, MiB: what the configuration gives, shared by those of one worker, but not less. */
const LEAST_MEMORY_MIB = 256

export function workCommand(program: Command, context: Context): void {
  kafkaOptions(program.command('work'))
    .summary('make requests of what collectors send')
    .description(
      'Takes what collectors send into one store a partition, links it and gives it on. Any number of workers share the partitions; the folder of the stores must be one that all of them can reach.',
    )
    .option('--stores <dir>', 'folder of the stores of partitions (default: throughline-fleet)')
    .option('--group <name>', 'consumer group (default: throughline)')
    .option('--drain', 'end once everything is taken that is there at the start')
    .option('--dead-letter', 'put messages that cannot be read on the dead-letter topic, and go on')
    .option('--accept-loss', 'go on where Kafka has lost messages; the ledger says which')
    .option(
      '--elastic',
      'publish requests as documents, as elastic publish does (elastic: of the configuration)',
    )
    .option('--otlp', 'send requests as traces, as export otlp does (otlp: of the configuration)')
    .option('--webhook <url>', 'report new findings there, as findings --webhook does')
    .option('--health <[host:]port>', 'serve /health/live and /health/ready at this address')
    .option('--prometheus <[host:]port>', 'serve metrics for Prometheus at this address')
    .option('--json', 'one JSON object a line for whatever happens')
    .addHelpText(
      'after',
      '\nExamples:\n  throughline work --brokers kafka-1:9092 --stores /shared/throughline\n  throughline work --drain',
    )
    .action((flags: Flags) => work(context, flags))
}

async function work(context: Context, flags: Flags): Promise<void> {
  const loaded = loadConfig(flags.config)
  const { config } = loaded
  const given = { stores: flags.stores, group: flags.group }
  const settings = kafkaSettings(context.env, loaded, flags, 'work', given)
  const { access, names, partitions, group, stores } = settings
  await context.telemetry.start(config.telemetry, { listen: flags.prometheus, isLong: !flags.drain })
  mkdirSync(stores, { recursive: true })
  const { stop, by, release } = stopOnSignal(context.signals)
  const printer = new WorkPrinter(context, flags.json === true)
  const kafka = connectKafka(access)
  const deadLetters = flags.deadLetter ? new DeadLetters(kafka, names.deadLetter) : undefined
  const memoryMiB = Math.max(LEAST_MEMORY_MIB, Math.round(config.engine.memoryMiB / 2))
  const outlets = WorkOutlets.open({ context, loaded, flags, stop })
  const worker = new Worker({
    kafka, access, topics: names, partitions, group, config,
    sessionMs: settings.sessionSeconds * 1000,
    drains: flags.drain === true,
    acceptsLoss: flags.acceptLoss === true,
    putAside: deadLetters && ((...message) => deadLetters.take(...message)),
    nowMs: context.now,
    pause: ms => pauseUntil(ms, stop),
    openStore: (partition, takesOver) => openWriter(context, loaded, storeOf(stores, partition), { takesOver, memoryMiB }),
    afterLinks: store => outlets.give(store),
    onEvent: event => printer.tell(event),
  }) // biome-ignore format: one call
  stop.addEventListener('abort', () => worker.stop())
  watchWorker(worker)
  const health =
    flags.health === undefined ? undefined : await serveHealth(flags.health, healthOf(context, worker))
  try {
    printer.started(access.brokers, group, stores)
    await worker.run()
  } finally {
    await health?.()
    await outlets.close()
    await deadLetters?.close()
    release()
    printer.ended()
    leaveSoon()
  }
  const stoppedBy = by()
  if (stoppedBy && flags.drain) process.exitCode = SIGNAL_CODES[stoppedBy]
}

function healthOf({ now }: Context, worker: Worker) {
  return {
    nowMs: now,
    beatMs: () => worker.beatMs,
    health: () => ({
      isReady: worker.isReady,
      status: {
        partitions: worker
          .status()
          .map(({ partition, lag = null, lagSeconds }) => ({ partition, lag, lag_seconds: lagSeconds })),
      },
    }),
  }
}

function storeOf(stores: string, partition: number): string {
  return join(stores, `partition-${String(partition).padStart(4, '0')}`)
}
