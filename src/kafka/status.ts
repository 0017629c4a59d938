import type { Admin } from 'kafkajs'
import { inspectTopics, setUpTopics, type TopicPlan, type TopicState, type Topics } from './topics.ts'

/** Copies of a topic where nobody says how many, if there are as many brokers. */
const REPLICAS = 3

/** Makes and changes topics. @returns what was done, and what is wrong all the same */
export async function setUp(
  admin: Admin,
  plans: readonly TopicPlan[],
  replicas: number | undefined,
): Promise<{ made: string[]; changed: string[]; problems: string[] }> {
  const { brokers } = await admin.describeCluster()
  const done = await setUpTopics(admin, plans, replicas ?? Math.min(REPLICAS, brokers.length))
  const states = await inspectTopics(admin, plans)
  return { ...done, problems: states.flatMap(state => problemOf(state) ?? []) }
}

export interface TopicReport {
  readonly topic: string
  /** Null where it is not there. */
  readonly partitions: number | null
  readonly replicas: number
  readonly messages: number
  /** Messages that the group has not read; null of a topic that it does not read. */
  readonly lag: number | null
  /** What is wrong with it, and what to do. */
  readonly problem: string | null
}

/** How topics stand, and how far a group has read them. */
export async function statusOf(
  admin: Admin,
  plans: readonly TopicPlan[],
  { deadLetter }: Topics,
  group: string,
): Promise<{ topics: TopicReport[]; workers: number }> {
  const topics: TopicReport[] = []
  for (const state of await inspectTopics(admin, plans))
    topics.push(await reportOf(admin, state, state.plan.name === deadLetter ? undefined : group))
  const { groups } = await admin.describeGroups([group])
  return { topics, workers: groups[0]?.members.length ?? 0 }
}

async function reportOf(admin: Admin, state: TopicState, group: string | undefined): Promise<TopicReport> {
  const { name } = state.plan
  const problem = problemOf(state) ?? null
  if (state.partitions === undefined)
    return { topic: name, partitions: null, replicas: 0, messages: 0, lag: null, problem }
  const ends = await admin.fetchTopicOffsets(name)
  const messages = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0)
  const shared = { topic: name, partitions: state.partitions, replicas: state.replicas, messages, problem }
  if (group === undefined) return { ...shared, lag: null }
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [name] })
  const read = new Map(found?.partitions.map(p => [p.partition, Number(p.offset)]))
  const waiting = ends.map(
    ({ partition, low, high }) => Number(high) - Math.max(Number(low), read.get(partition) ?? 0),
  )
  return { ...shared, lag: waiting.reduce((sum, n) => sum + n, 0) }
}

function problemOf({ plan, partitions, differs }: TopicState): string | undefined {
  const { name, settings } = plan
  if (partitions === undefined) return `${name} is not there; make it with throughline kafka setup`
  if (partitions !== plan.partitions)
    return `${name} has ${partitions} partitions, kafka.partitions says ${plan.partitions}; see "Another number of partitions" in docs/kafka.md`
  const found = Object.entries(differs).map(
    ([key, value]) => `${key} is ${value} instead of ${settings[key]}`,
  )
  return found.length > 0 ? `${name}: ${found.join(', ')}; throughline kafka setup changes it` : undefined
}
