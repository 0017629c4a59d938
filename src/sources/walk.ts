import type { BigIntStats, Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'

/** A file as it was seen. */
export interface SeenFile {
  readonly path: string
  /** Device and inode, `dev:ino`. */
  readonly identity: string
  readonly size: number
  /** Changes whenever the file is written, renamed or replaced. */
  readonly version: string
  readonly changedMs: number
  /** When it was made, as far as the file system tells. */
  readonly bornMs: number
}

/** A folder and when names in it last changed. */
export interface SeenFolder {
  readonly path: string
  readonly changedNs: bigint
}

/** What is below the places that a user named. */
export interface Tree {
  readonly files: SeenFile[]
  readonly folders: SeenFolder[]
}

/** Files that are looked at together: a network share answers many questions at once. */
const TOGETHER = 64

export function seenFile(path: string, s: BigIntStats): SeenFile {
  return {
    path,
    identity: `${s.dev}:${s.ino}`,
    size: Number(s.size),
    version: `${s.size} ${s.mtimeNs} ${s.ctimeNs}`,
    changedMs: Number(s.mtimeMs),
    bornMs: Number(s.birthtimeMs),
  }
}

/** Looks at files; those that are not there, or are no files, are left out. */
export async function lookAt(paths: readonly string[]): Promise<SeenFile[]> {
  const found: SeenFile[] = []
  for (let at = 0; at < paths.length; at += TOGETHER) {
    const some = paths.slice(at, at + TOGETHER)
    const stats = await Promise.all(some.map(statOf))
    for (const [i, s] of stats.entries()) if (s?.isFile()) found.push(seenFile(some[i] ?? '', s))
  }
  return found
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined)
}

/**
 * Everything below files, folders and patterns that are there at the moment. A folder that a link leads back to is
 * walked once; hidden names and what is below `excluded` are left out.
 */
export async function walk(places: readonly string[], excluded: string): Promise<Tree> {
  const tree: Tree = { files: [], folders: [] }
  const visited = new Set<string>()
  const outside = resolve(excluded)
  for (const place of places) {
    const s = await statOf(place)
    if (s?.isDirectory()) await enter(place.replace(/(?<=.)\/+$/, ''), s, { tree, visited, outside })
    else if (s?.isFile()) tree.files.push(seenFile(place, s))
    else if (!s && isDynamicPattern(place)) {
      const found = await glob(place, { onlyFiles: true, expandDirectories: false, absolute: place.startsWith('/') })
      const inside = found.filter(path => !isBelow(path, outside) && !basename(path).startsWith('.'))
      for (const file of await lookAt(inside.sort())) tree.files.push(file)
    }
  }
  return tree
} // biome-ignore format: a case a line

interface Visit {
  readonly tree: Tree
  readonly visited: Set<string>
  readonly outside: string
}

async function enter(path: string, s: BigIntStats, visit: Visit): Promise<void> {
  const identity = `${s.dev}:${s.ino}`
  if (visit.visited.has(identity) || resolve(path) === visit.outside) return
  visit.visited.add(identity)
  visit.tree.folders.push({ path, changedNs: s.mtimeNs })
  const { files, folders } = await listFolder(path, () => false)
  for (const file of files) visit.tree.files.push(file)
  for (const below of folders) await enter(below.path, below.stats, visit)
}

/** Folders that are there, with when they changed. */
export async function foldersAt(paths: readonly string[]): Promise<SeenFolder[]> {
  const stats = await Promise.all(paths.map(statOf))
  return stats.flatMap((s, i) => (s?.isDirectory() ? [{ path: paths[i] ?? '', changedNs: s.mtimeNs }] : []))
}

/** Files and folders in a folder, in order; none where it is gone or closed to this user. */
export async function listFolder(
  path: string,
  isKnown: (path: string) => boolean,
): Promise<{ files: SeenFile[]; folders: { path: string; stats: BigIntStats }[] }> {
  const entries = await readdir(path, { withFileTypes: true }).catch((): Dirent[] => [])
  const named = entries.filter(e => !e.name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1))
  const of = (kept: readonly Dirent[]): string[] =>
    kept.map(e => join(path, e.name)).filter(below => !isKnown(below))
  const files = await lookAt(of(named.filter(e => e.isFile())))
  const folders: { path: string; stats: BigIntStats }[] = []
  for (const below of of(named.filter(e => e.isDirectory() || e.isSymbolicLink()))) {
    const stats = await statOf(below)
    if (stats?.isDirectory()) folders.push({ path: below, stats })
    else if (stats?.isFile()) files.push(seenFile(below, stats))
  }
  return { files, folders }
}

function isBelow(path: string, folder: string): boolean {
  return resolve(path).startsWith(`${folder}/`)
}
