import type { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { withAdmin } from '../kafka/connection.ts'
import { setUp, statusOf, type TopicReport } from '../kafka/status.ts'
import { type TopicPlan, topicPlans } from '../kafka/topics.ts'
import type { Context } from './context.ts'
import { type KafkaFlags, type KafkaSettings, kafkaOptions, kafkaSettings } from './kafka-settings.ts'
import { count, safe, table } from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface SetupFlags extends KafkaFlags {
  readonly partitions?: string
  readonly replicas?: string
}

interface StatusFlags extends KafkaFlags {
  readonly json?: boolean
}

export function kafkaCommand(program: Command, context: Context): void {
  const kafka = program
    .command('kafka')
    .summary('topics between collectors and workers')
    .description('Makes and checks the topics through which collectors hand hops to workers.')
  kafkaOptions(kafka.command('setup'))
    .summary('make the topics')
    .description(
      'Makes the topics that are missing and gives those that are there the settings they need. The number of partitions of a topic that is there is never changed.',
    )
    .option('--partitions <n>', 'partitions of each topic (default: 12)')
    .option('--replicas <n>', 'copies of each topic (default: three, or as many as there are brokers)')
    .addHelpText('after', '\nExamples:\n  throughline kafka setup --brokers kafka-1:9092 --partitions 24')
    .action((flags: SetupFlags) => setup(context, flags))
  kafkaOptions(kafka.command('status'))
    .summary('check topics and how far workers are')
    .description(
      'Shows the topics, whether they are as they must be, and what the workers have still to read.',
    )
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  throughline kafka status --brokers kafka-1:9092')
    .action((flags: StatusFlags) => status(context, flags))
}

async function setup({ out, env }: Context, flags: SetupFlags): Promise<void> {
  const number = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : wholeNumber(flag, text)
  const given = {
    partitions: number('--partitions', flags.partitions),
    replicas: number('--replicas', flags.replicas),
  }
  const settings = kafkaSettings(env, loadConfig(flags.config), flags, 'setup', given)
  const { made, changed, problems } = await withAdmin(settings.access, 'kafka setup', admin =>
    setUp(admin, plansOf(settings), settings.replicas),
  )
  for (const name of made) out.line(`made       ${name}`)
  for (const name of changed) out.line(`changed    ${name}`)
  if (made.length + changed.length === 0) out.line('nothing    to do: all topics are there')
  for (const problem of problems) out.line(`problem    ${safe(problem)}`)
  if (problems.length > 0) process.exitCode = 3
}

function plansOf({ names, partitions, retentionHours }: KafkaSettings): TopicPlan[] {
  return topicPlans(names, partitions, retentionHours)
}

async function status(context: Context, flags: StatusFlags): Promise<void> {
  const { out, env } = context
  const settings = kafkaSettings(env, loadConfig(flags.config), flags, 'status')
  const { group } = settings
  const { topics, workers } = await withAdmin(settings.access, 'kafka status', admin =>
    statusOf(admin, plansOf(settings), settings.names, group),
  )
  if (flags.json) out.line(JSON.stringify({ topics, group, workers }))
  else printStatus(context, group, topics, workers)
  if (topics.some(r => r.problem !== null)) process.exitCode = 3
}

function printStatus({ out }: Context, group: string, topics: readonly TopicReport[], workers: number): void {
  const columns = [
    { title: 'topic' },
    { title: 'partitions', align: 'right' as const },
    { title: 'copies', align: 'right' as const },
    { title: 'messages', align: 'right' as const },
    { title: 'to read', align: 'right' as const },
  ]
  const rows = topics.map(r => [
    safe(r.topic),
    r.partitions === null ? '-' : count(r.partitions),
    r.partitions === null ? '-' : count(r.replicas),
    count(r.messages),
    r.lag === null ? '-' : count(r.lag),
  ])
  for (const line of table(columns, rows, out)) out.line(line)
  out.line(`\n${count(workers)} ${workers === 1 ? 'worker' : 'workers'} in group ${safe(group)}`)
  for (const { problem } of topics) if (problem) out.line(`problem    ${safe(problem)}`)
}
