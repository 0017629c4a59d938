import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { builtOnce } from './built-once.ts'
import { spawnGuarded } from './guard.ts'

/** The versions that Throughline is tested with. */
export const KAFKA_VERSIONS = ['4.1.1', '3.9.1'] as const
export type KafkaVersion = (typeof KAFKA_VERSIONS)[number]

const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'

/** The folder with the libraries of a Kafka in the user's cache folder; fetched by Maven when missing, about 46 MB. */
export async function kafkaLibraries(version: KafkaVersion): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const target = join(cache, 'throughline', `kafka-${version}`)
  await builtOnce(target, async temporary => {
    console.error(`fetching Kafka ${version} for ${dirname(target)}: once, 46 MB …`)
    const libraries = join(temporary, 'libs')
    mkdirSync(libraries)
    writeFileSync(join(temporary, 'pom.xml'), pom(version))
    const log = join(temporary, 'mvn.log')
    const args = ['-B', '-q', COPY, '-DincludeScope=runtime', `-DoutputDirectory=${libraries}`]
    const result = await (await spawnGuarded('mvn', args, { cwd: temporary, log })).ended
    if (result === 0) return libraries
    throw new Error(`cannot fetch Kafka ${version}: mvn ended with ${result}:\n${readFileSync(log, 'utf8')}`)
  })
  return target
}

function pom(version: string): string {
  const dependency = (group: string, artifact: string, of: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>throughline</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>${dependency('org.apache.kafka', 'kafka_2.13', version)}${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}</dependencies>
</project>
`
}
