import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { removeFile } from '../ledger/durable.ts'
import { type ApplicationDay, dayKey } from '../ledger/state.ts'
import { type CheckOptions, checkStore, type Problem, type StoreCheck } from '../store/check.ts'
import { rebuildIndexes } from '../store/commit.ts'
import { sweep } from '../store/leftovers.ts'
import { remakeLog } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { relink } from './relink.ts'

export interface Repaired {
  /** Paths below the store that were removed. */
  readonly removed: readonly string[]
  /** UTC days whose id index was made again. */
  readonly indexed: readonly string[]
  /** Days whose links were made again. */
  readonly linked: readonly ApplicationDay[]
  /** Whether the tiles of the log were made again. */
  readonly isLogMade: boolean
  /** The store after it. */
  readonly check: StoreCheck
}

/**
 * Removes what is left over and makes derived parts again: snapshots, tiles of the log, id index, links. Facts, rejects, aliases and
 * entries are never touched; where any is damaged nothing is derived from them either.
 *
 * @param store opened with `readsAll`, so that no snapshot has a say
 */
export async function repair(
  store: Store,
  config: Config,
  rootKeys?: CheckOptions['rootKeys'],
): Promise<Repaired> {
  const { problems } = await checkStore(store.root, store.db, { isOwner: true })
  const isDamaged = problems.some(p => p.severity === 'damaged')
  const removed = removeUnneeded(store, problems)
  const indexed = isDamaged ? [] : await repairIndex(store, pathsFor(problems, 'index'))
  const linked = isDamaged ? [] : await repairLinks(store, pathsFor(problems, 'links'), config)
  const isLogMade = !isDamaged && pathsFor(problems, 'log').length > 0
  if (isLogMade) await remakeLog(store)
  if (!isDamaged) removed.push(...removeReplaced(store, problems))
  const check = await checkStore(store.root, store.db, { isOwner: true, ...(rootKeys ? { rootKeys } : {}) })
  return { removed, indexed, linked, isLogMade, check }
}

/** Removes what no entry names, and snapshots that say otherwise than the entries. */
function removeUnneeded({ root }: Store, problems: readonly Problem[]): string[] {
  const paths = [...pathsFor(problems, 'snapshot'), ...pathsFor(problems, 'remove')]
  const isFolder = (path: string): boolean =>
    statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() === true
  sweep(
    root,
    paths.map(path => ({ path, isFolder: isFolder(path) })),
  )
  return paths
}

/** Removes damaged files that others have replaced by now. */
function removeReplaced(store: Store, problems: readonly Problem[]): string[] {
  const paths = [...pathsFor(problems, 'index'), ...pathsFor(problems, 'links')].filter(path =>
    existsSync(store.file(path)),
  )
  for (const path of paths) removeFile(store.file(path))
  return paths
}

function pathsFor(problems: readonly Problem[], what: Problem['repair']): string[] {
  return problems.filter(p => p.repair === what).map(p => p.path)
}

async function repairIndex(store: Store, paths: readonly string[]): Promise<string[]> {
  const days = [...new Set(store.state.indexes.filter(i => paths.includes(i.path)).map(i => i.day))].sort()
  if (days.length > 0) await rebuildIndexes(store, days)
  return days
}

async function repairLinks(
  store: Store,
  paths: readonly string[],
  config: Config,
): Promise<ApplicationDay[]> {
  const days = [...store.state.days.values()]
    .filter(d => d.link?.file && paths.includes(d.link.file.path))
    .map(({ application, day }) => ({ application, day }))
  if (days.length > 0) await relink(store, days, { config, lost: new Set(days.map(dayKey)) })
  return days
}
