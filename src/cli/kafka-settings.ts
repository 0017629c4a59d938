import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Command } from 'commander'
import { KAFKA, type KafkaConfig } from '../config/kafka.ts'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import type { KafkaAccess } from '../kafka/connection.ts'
import { type Topics, topicsOf } from '../kafka/topics.ts'

/** Options that all commands on Kafka share. */
export interface KafkaFlags {
  readonly config?: string
  readonly brokers?: string
  readonly topics?: string
}

export function kafkaOptions(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file (default: throughline.yaml, if it exists)')
    .option('--brokers <list>', 'brokers to ask first, HOST:PORT separated by commas')
    .option('--topics <prefix>', 'beginning of the names of topics (default: throughline)')
}

export interface KafkaSettings extends KafkaConfig {
  readonly access: KafkaAccess
  readonly names: Topics
}

/** What is in force of the configuration, the environment and the flags. */
export function kafkaSettings(
  env: NodeJS.ProcessEnv,
  { config }: LoadedConfig,
  { brokers, topics }: KafkaFlags,
  role: string,
  more: { readonly [Key in keyof KafkaConfig]?: unknown } = {},
): KafkaSettings {
  const given = { brokers: brokers?.split(','), topics, ...more }
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const checked = KAFKA.safeParse({ ...config.kafka, ...named })
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new ThroughlineError(
      'USAGE',
      `kafka.${issue?.path.join('.')}: ${issue?.message}; correct the option`,
    )
  }
  const settings = checked.data
  if (!settings.brokers)
    throw new ThroughlineError(
      'USAGE',
      'kafka: no broker is named; give --brokers HOST:9092, or kafka.brokers in the configuration',
    )
  const access = {
    ...accessOf(env, settings),
    brokers: settings.brokers,
    clientId: `throughline-${role}-${hostname()}`,
  }
  return { ...settings, access, names: topicsOf(settings.topics) }
}

function accessOf(env: NodeJS.ProcessEnv, { sasl, tls }: KafkaConfig): Pick<KafkaAccess, 'sasl' | 'tls'> {
  const password = env.THROUGHLINE_KAFKA_PASSWORD
  if (sasl && !password)
    throw new ThroughlineError(
      'USAGE',
      `kafka.sasl: no password for ${sasl.username}; put it into the environment variable THROUGHLINE_KAFKA_PASSWORD`,
    )
  const file = (name: 'ca' | 'cert' | 'key') =>
    tls?.[name] ? { [name]: readPem(`kafka.tls.${name}`, tls[name]) } : {}
  return {
    ...(sasl && password ? { sasl: { ...sasl, password } } : {}),
    ...(tls ? { tls: { ...file('ca'), ...file('cert'), ...file('key') } } : {}),
  }
}

function readPem(key: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ThroughlineError(
      'USAGE',
      `${key} ${path}: ${(cause as Error).message}; name a file in PEM`,
      {},
      cause,
    )
  }
}
