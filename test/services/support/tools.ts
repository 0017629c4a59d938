import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe } from 'vitest'
import { findJdk } from './jdk.ts'

interface Needed {
  readonly command: () => readonly [string, ...string[]]
  /** Finds major and minor version in what the command prints. */
  readonly version: RegExp
  readonly atLeast: readonly [number, number]
  readonly what: string
  readonly get: string
}

/** Elasticsearch 9 wants it; 8.19 runs on it, too. */
export const ELASTICSEARCH_JAVA = 21

/** Programs that service tests need beside Node, and how a user gets them. */
const TOOLS = {
  go: {
    command: () => ['go', 'version'],
    version: /go(\d+)\.(\d+)/,
    // The `go` line of the Collector's go.mod.
    atLeast: [1, 25],
    what: 'Go 1.25 or later, to build the OpenTelemetry Collector',
    get: 'https://go.dev/dl/ or `brew install go`; distributions often carry an older one',
  },
  python: {
    command: () => ['python3', '-c', 'import pip, sys; print("python", sys.version)'],
    version: /python (\d+)\.(\d+)/,
    // What securesystemslib wants.
    atLeast: [3, 8],
    what: 'Python 3.8 or later with pip, to open envelopes with securesystemslib',
    get: '`apt-get install python3-pip` or `brew install python`',
  },
  openssl: {
    command: () => ['openssl', 'version'],
    version: /(?:OpenSSL|LibreSSL) (\d+)\.(\d+)/,
    atLeast: [1, 1],
    what: 'openssl 1.1 or later, to make certificates',
    get: '`apt-get install openssl` or `brew install openssl`',
  },
  chromium: {
    command: () => [process.env.CHROMIUM ?? 'chromium', '--version'],
    version: /Chrom\w+(?: \w+)* (\d+)\.(\d+)/,
    // webkitdirectory with files of a folder from a program (playwright), and no older one was tried.
    atLeast: [120, 0],
    what: 'Chromium 120 or later as `chromium` or in CHROMIUM, to open pages',
    get: '`apt-get install chromium` or `brew install chromium`',
  },
  java: {
    command: () => {
      const jdk = findJdk(ELASTICSEARCH_JAVA)
      return [jdk ? join(jdk.home, 'bin', 'java') : 'java', '--version']
    },
    version: /^\S+ (\d+)\.?(\d*)/,
    atLeast: [ELASTICSEARCH_JAVA, 0],
    what: `Java ${ELASTICSEARCH_JAVA} or later in JAVA_HOME or below /usr/lib/jvm, to run Elasticsearch`,
    get: 'https://adoptium.net/',
  },
  mvn: {
    command: () => ['mvn', '--version'],
    version: /Maven (\d+)\.(\d+)/,
    atLeast: [3, 2],
    what: 'Maven 3.2 or later, to fetch Elasticsearch from Maven Central',
    get: '`apt-get install maven` or `brew install maven`',
  },
} as const satisfies Record<string, Needed>

export type Tool = keyof typeof TOOLS

/**
 * `describe`, or its skipping form where this machine lacks a tool: `needs('go')('the Collector', () => { … })`.
 * In continuous integration (`CI` is set) a missing tool is an error, so that no test is left out unseen.
 */
export function needs(...tools: readonly Tool[]): typeof describe | typeof describe.skip {
  const problems = tools.flatMap(tool => missing(tool) ?? [])
  if (problems.length === 0) return describe
  if (isCi()) throw new Error(problems.join('\n'))
  return describe.skip
}

/** Says what is missing and how to get it; undefined if the tool is there and new enough. */
export function missing(tool: Tool): string | undefined {
  const { command, version, atLeast, what, get }: Needed = TOOLS[tool]
  const [program, ...args] = command()
  const { stdout, error } = spawnSync(program, args, { encoding: 'utf8' })
  const found = version.exec(stdout ?? '')
  const major = Number(found?.[1] ?? -1)
  const isEnough = major > atLeast[0] || (major === atLeast[0] && Number(found?.[2] ?? 0) >= atLeast[1])
  if (isEnough) return undefined
  const seen = error ? `${program} was not found` : `found ${JSON.stringify(stdout.trim())}`
  return `service tests need ${what}: ${seen}. Get it from ${get}`
}

/** A line for each tool that this machine lacks. */
export function missingTools(): string[] {
  return (Object.keys(TOOLS) as Tool[]).flatMap(tool => missing(tool) ?? [])
}

export function isCi(): boolean {
  return !['', '0', 'false'].includes(process.env.CI ?? '')
}
