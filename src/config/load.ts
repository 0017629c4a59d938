import { existsSync, readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { ThroughlineError } from '../errors.ts'
import { nearest } from './nearest.ts'
import { CONFIG, type Config } from './schema.ts'

/** Name of the file that is read from the working directory when none is named. */
export const DEFAULT_FILE = 'throughline.yaml'

export interface LoadedConfig {
  readonly config: Config
  /** The file it came from; undefined where built-in defaults are in force. */
  readonly file: string | undefined
}

/**
 * Loads the configuration: defaults, then the file.
 *
 * @param file path given by the user; undefined reads `throughline.yaml` if it exists
 * @throws CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function loadConfig(file?: string): LoadedConfig {
  const path = file ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined)
  if (path === undefined) return { config: CONFIG.parse({}), file: undefined }
  return { config: parseConfig(readText(path), path), file: path }
}

/** Parses and validates configuration text. */
export function parseConfig(text: string, path: string): Config {
  const document = parseDocument(text, { prettyErrors: true })
  const broken = document.errors[0]
  if (broken) {
    throw new ThroughlineError('CONFIG_UNREADABLE', `config ${path}: not YAML: ${broken.message.trim()}`, {
      path,
    })
  }
  const result = CONFIG.safeParse(document.toJS() ?? {})
  if (result.success) return result.data
  const lines = result.error.issues.map(issue => describe(issue, document.toJS()))
  throw new ThroughlineError('CONFIG_INVALID', lines.map(line => `config ${path}: ${line}`).join('\n'), {
    path,
  })
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (cause as Error).message
    throw new ThroughlineError(
      'CONFIG_UNREADABLE',
      `config ${path}: ${why}; name an existing YAML file with --config`,
      { path },
      cause,
    )
  }
}

function describe(issue: z.core.$ZodIssue, config: unknown): string {
  const key = issue.path.join('.') || '(top level)'
  if (issue.code !== 'unrecognized_keys') return `${key}: ${found(config, issue.path)}; ${issue.message}`
  return issue.keys
    .map(unknown => {
      const known = keysAt(issue.path)
      const guess = nearest(unknown, known)
      const where = [...issue.path, unknown].join('.')
      return `${where}: unknown key${guess ? `; did you mean ${guess}?` : ''} (known here: ${known.join(', ')})`
    })
    .join('\n')
}

/** The value at a path, in a few words. */
function found(config: unknown, path: readonly PropertyKey[]): string {
  const value = path.reduce((at, key) => (at as Record<PropertyKey, unknown> | null)?.[key], config)
  return value === undefined ? 'not set' : `got ${JSON.stringify(value).slice(0, 60)}`
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let at: JsonSchema | undefined = z.toJSONSchema(CONFIG, { io: 'input' }) as JsonSchema
  for (const key of path) at = typeof key === 'number' ? at?.items : at?.properties?.[String(key)]
  return Object.keys(at?.properties ?? {}).sort()
}

/** As much of a JSON Schema as leads to keys. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
}
