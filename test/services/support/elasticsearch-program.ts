import { chmodSync, cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { builtOnce } from './built-once.ts'
import { guardedFolder, spawnGuarded } from './guard.ts'

/** The versions that Throughline is tested with. */
export const ELASTICSEARCH_VERSIONS = ['9.2.4', '8.19.16'] as const
export type ElasticsearchVersion = (typeof ELASTICSEARCH_VERSIONS)[number]

/** Elastic's own build for integration tests, on Maven Central: the real server with fewer modules and no Java. */
const ARTIFACT = 'org.elasticsearch.distribution.integ-test-zip:elasticsearch'
const UNPACK = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack'

/** User and group `nobody` where this process is root, as which Elasticsearch refuses to run. */
export const OTHER_USER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

/** The folder of an Elasticsearch in the user's cache folder; fetched by Maven when it is missing, about 100 MB. */
export async function elasticsearchFolder(version: ElasticsearchVersion): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const target = join(cache, 'throughline', `elasticsearch-${version}`)
  await builtOnce(target, async temporary => {
    console.error(`fetching Elasticsearch ${version} for ${dirname(target)}: once, 100 MB …`)
    const log = join(temporary, 'mvn.log')
    const args = [
      '-B',
      '-q',
      UNPACK,
      `-Dartifact=${ARTIFACT}:${version}:zip`,
      `-DoutputDirectory=${temporary}`,
    ]
    const result = await (await spawnGuarded('mvn', args, { cwd: temporary, log })).ended
    if (result === 0) return join(temporary, `elasticsearch-${version}`)
    throw new Error(
      `cannot fetch Elasticsearch ${version}: mvn ended with ${result}:\n${readFileSync(log, 'utf8')}`,
    )
  })
  return target
}

let reachable: Map<string, string> | undefined

/** A folder with the same files that the other user can reach: the cache may lie in a home folder that is closed. */
export function reachableFolder(folder: string): string {
  if (!OTHER_USER) return folder
  reachable ??= new Map()
  const known = reachable.get(folder)
  if (known !== undefined && existsSync(known)) return known
  const copy = join(guardedFolder('/tmp/tl-elasticsearch-'), 'home')
  chmodSync(dirname(copy), 0o755)
  linkFolder(folder, copy)
  reachable.set(folder, copy)
  return copy
}

/** Hard links take no room; where the folders lie on different disks it is a copy. */
function linkFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o755 })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkFolder(source, target)
    else {
      try {
        linkSync(source, target)
      } catch {
        cpSync(source, target)
      }
    }
  }
}
