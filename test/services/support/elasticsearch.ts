import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ElasticsearchVersion,
  elasticsearchFolder,
  OTHER_USER,
  reachableFolder,
} from './elasticsearch-program.ts'
import { freePort } from './free-port.ts'
import { guardedFolder, spawnGuarded } from './guard.ts'
import { findJdk } from './jdk.ts'
import { Server } from './server.ts'
import { ELASTICSEARCH_JAVA } from './tools.ts'

export interface ElasticsearchOptions {
  /** Default: 9.2.4. */
  readonly version?: ElasticsearchVersion
  /** Heap, MiB; default 512. */
  readonly heapMiB?: number
  /** Whether Java compiles for a long life, as production does; default: for a short one, which starts faster. */
  readonly isLongLived?: boolean
  /** Settings of elasticsearch.yml beyond those that tests need. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
}

/** A real Elasticsearch on 127.0.0.1. It ends with the test process at the latest, and so does its data. */
export interface Elasticsearch {
  readonly version: ElasticsearchVersion
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly port: number
  /** The process id of its group; of tests that measure. */
  pid(): number
  /** Lets it end by itself. */
  stop(): Promise<void>
  /** Ends it in the middle of whatever it does. */
  kill(): Promise<void>
  /** Starts it again with the same ports and data; stops it first if it runs. */
  restart(): Promise<void>
}

const SHORT_LIVED = '-XX:TieredStopAtLevel=1'
const READY_MS = 180_000
const STOP_MS = 60_000

/** Fetches Elasticsearch if need be, starts it, and waits until it is ready to take documents. */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<Elasticsearch> {
  const { version = '9.2.4' } = options
  const jdk = findJdk(ELASTICSEARCH_JAVA)
  if (!jdk)
    throw new Error(`Elasticsearch ${version} needs Java ${ELASTICSEARCH_JAVA} or later; none was found`)
  const home = reachableFolder(await elasticsearchFolder(version))
  const [port, transport] = [await freePort(), await freePort()]
  const { folder, env } = prepare(home, jdk.home, options, port, transport)
  const log = join(folder, 'elasticsearch.log')
  const endpoint = `http://127.0.0.1:${port}`
  const server = new Server({
    name: `Elasticsearch ${version}`, port, log, readyMs: READY_MS, stopMs: STOP_MS,
    spawn: () => spawnGuarded(join(home, 'bin', 'elasticsearch'), [], { cwd: folder, env, log, as: OTHER_USER }),
    isReady: () => isYellow(endpoint),
    // The launcher may end before the server; the rest of its group must not keep the port or the data's lock.
    afterEnd: endGroup,
  }) // biome-ignore format: one server
  await server.start()
  return {
    version,
    endpoint,
    port,
    pid: () => server.pid,
    stop: server.stop,
    kill: server.kill,
    restart: server.restart,
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** Its folder with configuration and data, owned by the user that it runs as. */
function prepare(
  home: string,
  java: string,
  { heapMiB = 512, isLongLived = false, settings = {} }: ElasticsearchOptions,
  port: number,
  transport: number,
): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = guardedFolder('/tmp/tl-es-')
  const [config, temporary] = [join(folder, 'config'), join(folder, 'tmp')]
  for (const made of [config, temporary]) mkdirSync(made)
  // Only their owner may read them in the cache.
  for (const name of ['jvm.options', 'log4j2.properties'])
    writeFileSync(join(config, name), readFileSync(join(home, 'config', name)))
  const all = {
    'cluster.name': 'throughline-test',
    'network.host': '127.0.0.1',
    'http.port': port,
    'transport.port': transport,
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'discovery.type': 'single-node',
    'xpack.security.enabled': false,
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'node.store.allow_mmap': false,
    'action.destructive_requires_name': false,
    ...settings,
  }
  writeFileSync(
    join(config, 'elasticsearch.yml'),
    Object.entries(all)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join(''),
  )
  if (OTHER_USER)
    for (const path of [folder, config, temporary]) chownSync(path, OTHER_USER.uid, OTHER_USER.gid)
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ES_PATH_CONF: config,
    ES_TMPDIR: temporary,
    ES_JAVA_HOME: java,
    ES_JAVA_OPTS: `-Xms${heapMiB}m -Xmx${heapMiB}m ${isLongLived ? '' : SHORT_LIVED}`,
    CLI_JAVA_OPTS: `-Xmx64m ${SHORT_LIVED}`,
  }
  return { folder, env }
}

async function isYellow(endpoint: string): Promise<boolean> {
  try {
    const answer = await fetch(`${endpoint}/_cluster/health?wait_for_status=yellow&timeout=5s`)
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
