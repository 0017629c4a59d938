import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { RECORD_HASH } from '../../../src/requests/population.ts'
import { prepareSearch } from '../../../src/requests/search.ts'
import { Store } from '../../../src/store/store.ts'
import { type Fingerprint, fingerprint } from '../../support/fingerprint.ts'
import { type Ended, type ProgramOptions, throughline } from '../../support/program.ts'
import type { KafkaServer } from './kafka.ts'

/** Applications of simulated traffic. */
export const APPLICATIONS = ['payroll', 'orders', 'directory'].map(name => ({
  name,
  gateway: { proxies: [`${name}-*`] },
  app: { hostHeaders: [`${name}.corp.example`] },
}))

/** A deployment in one folder: logs, collectors, workers and their stores, with one Kafka. */
export class Fleet {
  readonly cwd: string
  readonly kafka: KafkaServer
  readonly topics: string

  private constructor(cwd: string, kafka: KafkaServer, topics: string) {
    this.cwd = cwd
    this.kafka = kafka
    this.topics = topics
  }

  /**
   * Writes the configuration and makes the topics.
   *
   * @param more keys of the configuration
   */
  static async open(
    cwd: string,
    kafka: KafkaServer,
    {
      topics = 'throughline',
      partitions = 6,
      ...more
    }: { topics?: string; partitions?: number; [key: string]: unknown } = {},
  ): Promise<Fleet> {
    const config = {
      applications: APPLICATIONS,
      kafka: { brokers: [kafka.broker], topics, group: topics, partitions, sessionSeconds: 6 },
      engine: { threads: 1, memoryMiB: 512 },
      ...more,
    }
    writeFileSync(join(cwd, 'throughline.yaml'), stringify(config))
    const fleet = new Fleet(cwd, kafka, topics)
    const setup = await fleet.run(['kafka', 'setup'])
    if (setup.code !== 0) throw new Error(`kafka setup: ${setup.stderr}`)
    return fleet
  }

  run(
    args: readonly string[],
    options: Partial<ProgramOptions> & { patienceMs?: number } = {},
  ): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined
    return throughline(['--quiet', ...args], {
      cwd: this.cwd,
      ...options,
      during: child => {
        // A command that hangs says so by its signal and what it had printed.
        timer = setTimeout(() => child.kill('SIGABRT'), options.patienceMs ?? 120_000)
        options.during?.(child)
      },
    }).finally(() => clearTimeout(timer))
  }

  /** Reads what is there of a folder, as the collector of one host, and ends. */
  collect(place: string, name: string, options: Partial<ProgramOptions> = {}): Promise<Ended> {
    return this.run(['collect', '--once', place, '--name', name, '--state', join('state', name)], options)
  }

  /** Works until everything is taken that is there. */
  drain(options: Partial<ProgramOptions> = {}, more: readonly string[] = []): Promise<Ended> {
    return this.run(['work', '--drain', '--json', ...more], options)
  }

  /** Folders of the stores of partitions. */
  stores(): string[] {
    const folder = join(this.cwd, 'throughline-fleet')
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .sort()
      .map(name => join(folder, name))
  }

  /** What all stores together hold, as if it were one. */
  async fingerprint(): Promise<Fingerprint> {
    return fingerprintOf(this.stores())
  }
}

/** What stores hold together, put together here the slow way: everything in memory, sorted. */
export async function fingerprintOf(roots: readonly string[]): Promise<Fingerprint> {
  const parts: Fingerprint[] = []
  const records: [string, string][] = []
  for (const path of roots) {
    const store = await Store.read({ path, memoryMiB: 512 })
    try {
      parts.push(await fingerprint(store))
      const { from, params } = await prepareSearch(store, { filter: '', nowMs: Date.now() })
      const sql = `SELECT request_id::VARCHAR AS id, ${RECORD_HASH} AS hash FROM ${from}`
      for (const row of await store.db.rows<{ id: string; hash: string }>(sql, params))
        records.push([row.id, row.hash])
    } finally {
      store.close()
    }
  }
  records.sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256')
  for (const [, record] of records) hash.update(`${record}\n`)
  return {
    facts: parts.flatMap(p => p.facts).sort(),
    links: Object.fromEntries(
      parts.flatMap(p => Object.entries(p.links)).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    requests: records.length,
    population: hash.digest('hex'),
  }
}

/** Simulates traffic into `logs` below a folder. @returns folders of the hosts and of the gateway's exports */
export async function simulated(
  cwd: string,
  options: readonly string[],
): Promise<{ hosts: string[]; gateway: string }> {
  const ended = await throughline(['--quiet', 'simulate', 'logs', ...options], { cwd })
  if (ended.code !== 0) throw new Error(`simulate: ${ended.stderr}`)
  const iis = join(cwd, 'logs', 'iis')
  return {
    hosts: readdirSync(iis)
      .sort()
      .map(host => join(iis, host)),
    gateway: join(cwd, 'logs', 'apigee'),
  }
}

/** What one store holds that has read the same logs. */
export async function oneStore(cwd: string, places: readonly string[]): Promise<Fingerprint> {
  mkdirSync(join(cwd, 'one'), { recursive: true })
  const ended = await throughline(['--quiet', 'ingest', ...places, '--store', 'one/store'], { cwd })
  if (ended.code !== 0) throw new Error(`ingest: ${ended.stderr}`)
  const sorted = await fingerprintOf([join(cwd, 'one', 'store')])
  return sorted
}
