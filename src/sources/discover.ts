import { existsSync, statSync } from 'node:fs'
import { basename, isAbsolute, resolve } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { ThroughlineError } from '../errors.ts'

/** One file, or standard input (`-`). */
export interface Input {
  readonly path: string
  /** Whether the user named it, rather than a folder or pattern that holds it. */
  readonly named: boolean
}

/**
 * Expands what a user names into files: a file, a folder (all files below it), a glob, `-` for standard input.
 * The order is that of the paths, so that the same folder is always read alike.
 *
 * @throws SOURCE_NOT_FOUND
 */
export async function discoverInputs(arguments_: readonly string[], excluded: string): Promise<Input[]> {
  const inputs = new Map<string, Input>()
  for (const argument of arguments_) {
    for (const input of await expand(argument, excluded)) {
      const key = input.path === '-' ? '-' : resolve(input.path)
      if (!inputs.has(key) || input.named) inputs.set(key, input)
    }
  }
  return [...inputs.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

async function expand(argument: string, excluded: string): Promise<Input[]> {
  if (argument === '-') return [{ path: '-', named: true }]
  if (existsSync(argument)) {
    if (!statSync(argument).isDirectory()) return [{ path: argument, named: true }]
    return walk('**/*', argument, argument, excluded)
  }
  if (isDynamicPattern(argument)) return walk(argument, process.cwd(), argument, excluded)
  throw new ThroughlineError(
    'SOURCE_NOT_FOUND',
    `source ${argument}: no such file or folder; name a file, a folder, a glob in quotes, or - for standard input`,
    { path: argument },
  )
}

async function walk(pattern: string, cwd: string, argument: string, excluded: string): Promise<Input[]> {
  const found = await glob(pattern, {
    cwd,
    dot: false,
    onlyFiles: true,
    expandDirectories: false,
    absolute: isAbsolute(pattern),
  })
  const paths = found
    .map(path => (cwd === process.cwd() ? path : `${cwd.replace(/\/+$/, '')}/${path}`))
    .filter(path => !resolve(path).startsWith(`${resolve(excluded)}/`) && !basename(path).startsWith('.'))
  if (paths.length === 0) {
    throw new ThroughlineError(
      'SOURCE_NOT_FOUND',
      `source ${argument}: holds no files; name a folder or pattern with Apigee exports or IIS logs`,
      { path: argument },
    )
  }
  return paths.map(path => ({ path, named: false }))
}
