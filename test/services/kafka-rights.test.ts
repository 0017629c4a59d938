import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { inFolder } from '../support/folder.ts'
import { throughline } from '../support/program.ts'
import { simulated } from './support/fleet.ts'
import { type KafkaServer, startKafka } from './support/kafka.ts'
import { KAFKA_VERSIONS } from './support/kafka-program.ts'
import { needs } from './support/tools.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes, logLevel } =
  kafkajs

const PASSWORD = 'made-up'
const USERS = ['admin', 'setup', 'status', 'collector', 'worker', 'nobody']
const JAAS = `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="${PASSWORD}" ${USERS.map(user => `user_${user}="${PASSWORD}"`).join(' ')};`

type Right = readonly [kind: 'TOPIC' | 'GROUP', name: string, operation: keyof typeof AclOperationTypes]

const topics = (names: readonly string[], operations: readonly Right[2][]): Right[] =>
  names.flatMap(name =>
    operations.map(operation => ['TOPIC', `throughline.${name}`, operation] satisfies Right),
  )

const NAMES = ['hops', 'rejects', 'dead-letter']

/** The table of docs/kafka.md, and no more. */
const RIGHTS: Readonly<Record<string, readonly Right[]>> = {
  setup: topics(NAMES, ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'ALTER_CONFIGS']),
  status: [...topics(NAMES, ['DESCRIBE', 'DESCRIBE_CONFIGS']), ['GROUP', 'throughline', 'DESCRIBE']],
  collector: [...topics(['hops', 'rejects'], ['WRITE']), ...topics(['dead-letter'], ['DESCRIBE'])],
  worker: [
    ...topics(['hops', 'rejects'], ['READ']),
    ...topics(['dead-letter'], ['WRITE']),
    ['GROUP', 'throughline', 'READ'],
  ],
}

needs('java', 'mvn').each(KAFKA_VERSIONS)('rights on Kafka %s', version => {
  let kafka: KafkaServer

  beforeAll(async () => {
    kafka = await startKafka({
      version,
      protocol: 'SASL_PLAINTEXT',
      settings: {
        'sasl.enabled.mechanisms': 'PLAIN',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.client.plain.sasl.jaas.config': JAAS,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // Broker and controller speak to each other without a name.
        'super.users': 'User:admin;User:ANONYMOUS',
      },
    })
    await grant()
  })
  afterAll(async () => {
    await kafka.stop()
  })

  async function grant(): Promise<void> {
    const admin = new Kafka({
      brokers: [kafka.broker],
      logLevel: logLevel.NOTHING,
      sasl: { mechanism: 'plain', username: 'admin', password: PASSWORD },
    }).admin()
    await admin.connect()
    await admin.createAcls({
      acl: Object.entries(RIGHTS).flatMap(([user, rights]) =>
        rights.map(([kind, resourceName, operation]) => ({
          resourceType: AclResourceTypes[kind],
          resourceName,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${user}`,
          host: '*',
          operation: AclOperationTypes[operation],
          permissionType: AclPermissionTypes.ALLOW,
        })),
      ),
    })
    await admin.disconnect()
  }

  function as(user: string, cwd: string, ...args: string[]) {
    const sasl = { mechanism: 'plain', username: user }
    writeFileSync(
      join(cwd, 'throughline.yaml'),
      stringify({ kafka: { brokers: [kafka.broker], partitions: 2, sasl } }),
    )
    return throughline(['--quiet', ...args], { cwd, env: { THROUGHLINE_KAFKA_PASSWORD: PASSWORD } })
  }

  test('each command gets along with the rights that are said to be enough', () =>
    inFolder(async cwd => {
      const { hosts } = await simulated(cwd, ['--hours', '0.1', '--seed', '3'])
      const early = await as('nobody', cwd, 'kafka', 'setup')
      expect([early.code, early.stderr]).toEqual([2, expect.stringContaining('refuses it')])
      const ended = [
        await as('setup', cwd, 'kafka', 'setup'),
        await as('collector', cwd, 'collect', '--once', ...hosts),
        await as('worker', cwd, 'work', '--drain', '--dead-letter'),
        await as('status', cwd, 'kafka', 'status', '--json'),
      ]
      expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(ended.map(() => [0, '']))
      const { topics: found } = JSON.parse(ended[3]?.stdout ?? '{}') as { topics: { lag: number | null }[] }
      expect(found.map(t => t.lag)).toEqual([0, 0, null])
      expect(Number(/hops +([\d,]+)/.exec(ended[2]?.stdout ?? '')?.[1]?.replaceAll(',', ''))).toBeGreaterThan(
        0,
      )
    }))
})
