import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where distributions and macOS put JDKs, beside JAVA_HOME and what is on the PATH. */
const FOLDERS = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines']

/** The home folder of the newest Java at hand, and its major version. */
export interface Jdk {
  readonly home: string
  readonly version: number
}

/** The Java that JAVA_HOME names if it is new enough, else the newest that is installed; undefined if none is. */
export function findJdk(atLeast: number): Jdk | undefined {
  const own = process.env.JAVA_HOME ? jdkAt(process.env.JAVA_HOME) : undefined
  if (own && own.version >= atLeast) return own
  const newest = installed().sort((a, b) => b.version - a.version)[0]
  return newest && newest.version >= atLeast ? newest : undefined
}

/** All Javas that were found, for a message about what is missing. */
export function installed(): Jdk[] {
  const named = FOLDERS.flatMap(folder =>
    existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : [],
  )
  const homes = named.flatMap(home => [home, join(home, 'Contents', 'Home')])
  return homes.flatMap(home => jdkAt(home) ?? [])
}

function jdkAt(home: string): Jdk | undefined {
  const java = join(home, 'bin', 'java')
  if (!existsSync(java)) return undefined
  const { stdout } = spawnSync(java, ['--version'], { encoding: 'utf8' })
  const version = Number(/^\S+ (\d+)/.exec(stdout ?? '')?.[1] ?? 0)
  return version > 0 ? { home, version } : undefined
}
