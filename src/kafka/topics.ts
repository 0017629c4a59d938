import kafkajs, { type Admin } from 'kafkajs'
import { ThroughlineError } from '../errors.ts'

const { ConfigResourceTypes } = kafkajs

/** Names of the topics of a deployment. */
export interface Topics {
  readonly hops: string
  readonly rejects: string
  readonly deadLetter: string
}

export function topicsOf(prefix: string): Topics {
  return { hops: `${prefix}.hops`, rejects: `${prefix}.rejects`, deadLetter: `${prefix}.dead-letter` }
}

/** Largest message, bytes: several batches that go at once, or one row that is as long as rows become. */
export const MESSAGE_BYTES = 8 * 1024 * 1024

/** A topic as it should be. */
export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

export function topicPlans(topics: Topics, partitions: number, retentionHours: number): TopicPlan[] {
  const settings = {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionHours * 3_600_000),
    'max.message.bytes': String(MESSAGE_BYTES),
  }
  return [
    { name: topics.hops, partitions, settings },
    { name: topics.rejects, partitions, settings },
    { name: topics.deadLetter, partitions: 1, settings: { ...settings, 'retention.ms': '-1' } },
  ]
}

export interface TopicState {
  readonly plan: TopicPlan
  /** Undefined where there is none. */
  readonly partitions: number | undefined
  readonly replicas: number
  /** Settings that are not as planned: the value found. */
  readonly differs: Readonly<Record<string, string>>
}

/** Looks at topics. */
export async function inspectTopics(admin: Admin, plans: readonly TopicPlan[]): Promise<TopicState[]> {
  const names = new Set(await admin.listTopics())
  const states: TopicState[] = []
  for (const plan of plans) {
    if (!names.has(plan.name)) {
      states.push({ plan, partitions: undefined, replicas: 0, differs: {} })
      continue
    }
    const { topics } = await admin.fetchTopicMetadata({ topics: [plan.name] })
    const partitions = topics[0]?.partitions ?? []
    states.push({
      plan,
      partitions: partitions.length,
      replicas: Math.min(...partitions.map(p => p.replicas.length)),
      differs: await differences(admin, plan),
    })
  }
  return states
}

async function differences(admin: Admin, { name, settings }: TopicPlan): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name, configNames: Object.keys(settings) }],
  })
  const entries = resources[0]?.configEntries ?? []
  return Object.fromEntries(
    entries
      .filter(({ configName, configValue }) => settings[configName] !== configValue)
      .map(({ configName, configValue }) => [configName, configValue]),
  )
}

/**
 * Makes the topics that are missing, and gives those that are there the planned settings.
 *
 * @returns names of topics that were made, and of those that were changed
 */
export async function setUpTopics(
  admin: Admin,
  plans: readonly TopicPlan[],
  replicas: number,
): Promise<{ made: string[]; changed: string[] }> {
  const states = await inspectTopics(admin, plans)
  const missing = states.filter(s => s.partitions === undefined).map(s => s.plan)
  if (missing.length > 0)
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ name, partitions, settings }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: replicas,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      })),
    })
  const differing = states.filter(s => Object.keys(s.differs).length > 0).map(s => s.plan)
  if (differing.length > 0)
    await admin.alterConfigs({
      validateOnly: false,
      resources: differing.map(({ name, settings }) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
      })),
    })
  return { made: missing.map(p => p.name), changed: differing.map(p => p.name) }
}

/**
 * Checks that topics are there with the partitions that they should have.
 *
 * @returns the number of partitions
 * @throws KAFKA_TOPICS
 */
export async function checkTopics(admin: Admin, topics: Topics, partitions: number): Promise<number> {
  const names = new Set(await admin.listTopics())
  const missing = Object.values(topics).filter(name => !names.has(name))
  if (missing.length > 0)
    throw new ThroughlineError(
      'KAFKA_TOPICS',
      `topic ${missing.join(', ')}: not there; make it with throughline kafka setup`,
      { missing },
    )
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [topics.hops, topics.rejects] })
  for (const { name, partitions: list } of found) {
    if (list.length === partitions) continue
    throw new ThroughlineError(
      'KAFKA_TOPICS',
      `topic ${name}: it has ${list.length} partitions, kafka.partitions says ${partitions}; applications would move between stores, which tears them in two. Correct the configuration, or see "Another number of partitions" in docs/kafka.md`,
      { topic: name, found: list.length, expected: partitions },
    )
  }
  return partitions
}
