import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { ELASTIC, type ElasticConfig } from '../config/elastic.ts'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { type Access, Elastic } from '../elastic/client.ts'
import { type Names, namesOf } from '../elastic/names.ts'
import { askServer, type Server } from '../elastic/server.ts'
import type { SetupOptions } from '../elastic/setup.ts'
import { ThroughlineError } from '../errors.ts'
import { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { storeSettings } from './opening.ts'
import { VERSION } from './version.ts'

/** Options that all commands on Elasticsearch share. */
export interface ElasticFlags extends StoreFlags {
  readonly url?: string
  readonly cloudId?: string
  readonly username?: string
  readonly ca?: string
  readonly caFingerprint?: string
  readonly prefix?: string
  readonly deployment?: string
  readonly timeout?: string
  readonly takeover?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export function elasticOptions(command: Command): Command {
  return storeOptions(command)
    .option('--url <url>', 'address of Elasticsearch')
    .option('--cloud-id <id>', 'cloud id, instead of an address')
    .option('--username <name>', 'user; the password is in THROUGHLINE_ELASTIC_PASSWORD')
    .option('--ca <file>', 'certificates (PEM) to trust besides those of the system')
    .option('--ca-fingerprint <sha256>', "SHA-256 of the authority's certificate")
    .option('--prefix <name>', 'beginning of the names of indices (default: throughline)')
    .option('--deployment <id>', 'id of stores that share the indices (default: id of the store)')
    .option('--timeout <seconds>', 'how long to wait for an answer (default: 60)')
}

/** What is in force of the configuration, the environment and the flags. */
export interface ElasticSettings extends ElasticConfig {
  readonly names: Names
  readonly access: Access
}

export function elasticSettings(
  env: NodeJS.ProcessEnv,
  { elastic }: LoadedConfig['config'],
  flags: ElasticFlags,
): ElasticSettings {
  const { url, cloudId, username, ca, caFingerprint, prefix, deployment, timeout } = flags
  const given = { url, cloudId, username, ca, caFingerprint, prefix, deployment }
  const named = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const merged = { ...elastic, ...named, ...(timeout && { timeoutSeconds: Number(timeout) }) }
  const checked = ELASTIC.safeParse(merged)
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw new ThroughlineError(
      'USAGE',
      `elastic: ${issue?.path.join('.')}: ${issue?.message}; correct the option`,
    )
  }
  const settings = checked.data
  return { ...settings, names: namesOf(settings.prefix), access: accessOf(env, settings) }
}

function accessOf(env: NodeJS.ProcessEnv, settings: ElasticConfig): Access {
  const { url, cloudId, username, ca, caFingerprint, timeoutSeconds } = settings
  const address = url ?? env.THROUGHLINE_ELASTIC_URL
  if (address === undefined && cloudId === undefined)
    throw new ThroughlineError(
      'USAGE',
      'elastic: no server is named; give --url http://HOST:9200 or --cloud-id, or elastic.url in the configuration',
    )
  if (address !== undefined && !URL.canParse(address))
    throw new ThroughlineError(
      'USAGE',
      `elastic: ${address} is no address; expected one such as https://HOST:9200`,
    )
  return {
    url: cloudId === undefined ? address : undefined,
    cloudId,
    username,
    apiKey: env.THROUGHLINE_ELASTIC_API_KEY || undefined,
    password: env.THROUGHLINE_ELASTIC_PASSWORD || undefined,
    bearer: env.THROUGHLINE_ELASTIC_BEARER || undefined,
    ca: ca === undefined ? undefined : readText('elastic.ca', ca),
    caFingerprint,
    timeoutMs: timeoutSeconds * 1000,
    userAgent: `throughline/${VERSION}`,
  }
}

function readText(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ThroughlineError(
      'USAGE',
      `${what} ${path}: cannot be read (${(cause as Error).message}); name an existing PEM file`,
      { path },
      cause,
    )
  }
}

/** Questions that meet a bad moment are asked again, for a minute or so. */
const PATIENCE = { tries: 8, random: Math.random, sleep }

/** What a command on Elasticsearch works with. */
export interface Connected {
  readonly elastic: Elastic
  readonly server: Server
  readonly settings: ElasticSettings
}

/** Runs an action with a server that is supported, and closes the connection. */
export async function withElastic<T>(
  context: Context,
  flags: ElasticFlags,
  action: (connected: Connected) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig(flags.config)
  const settings = elasticSettings(context.env, config, flags)
  const elastic = await Elastic.open(settings.access, PATIENCE)
  try {
    return await action({ elastic, server: await askServer(elastic), settings })
  } finally {
    await elastic.close()
  }
}

/** The id that names whose indices they are: as configured, else that of the store. */
export async function deploymentOf(flags: ElasticFlags, { deployment }: ElasticSettings): Promise<string> {
  if (deployment !== undefined) return deployment
  const store = await Store.read(storeSettings(flags, loadConfig(flags.config)))
  try {
    return store.state.storeId
  } finally {
    store.close()
  }
}

export function setupOptions(
  { prefix, replicas, retentionDays }: ElasticSettings,
  deployment: string,
  takeover: boolean,
): SetupOptions {
  return { prefix, replicas, retentionDays, deployment, takeover }
}
