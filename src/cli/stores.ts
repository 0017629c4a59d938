import { type Dirent, readdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { LoadedConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { Ledger } from '../ledger/chain.ts'
import { type SplitApplication, sharedHop, splitApplications } from '../store/overlap.ts'
import { existingStore, type Store } from '../store/store.ts'
import { count, type Output, safe } from './output.ts'

/** Folders of a fleet: one store for each partition of the topic that logs come by. */
const PARTITION = /^partition-\d+$/
/** Names that a message lists. */
const MOST_NAMED = 3

type Named = Pick<LoadedConfig, 'config'>

/** What was named with --store, or else by the configuration. */
function pathsOf(store: readonly string[] | undefined, { config }: Named): readonly string[] {
  return store === undefined || store.length === 0 ? [config.store] : store
}

/** Folders below a folder that is no store which are called like stores of partitions, in order. */
function partitionsBelow(path: string): string[] {
  if (Ledger.exists(resolve(path))) return []
  let entries: Dirent[]
  try {
    entries = readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
  return entries
    .filter(entry => PARTITION.test(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()))
    .map(entry => join(path, entry.name))
    .sort()
}

/**
 * The only store that is named, for commands that take one; it need not exist.
 *
 * @throws USAGE
 */
export function onlyStore(store: readonly string[] | undefined, named: Named): string {
  const [path = '', ...more] = pathsOf(store, named)
  if (more.length > 0)
    throw new ThroughlineError(
      'USAGE',
      `--store is given ${count(more.length + 1)} times: ${listed([path, ...more])}; this command takes one store, run it for each`,
    )
  const stores = partitionsBelow(path)
  if (stores.length === 0) return path
  throw new ThroughlineError(
    'USAGE',
    `--store ${safe(path)}: it is no store, but holds ${count(stores.length)} (${listed(stores)}); this command takes one store, run it for each`,
    { path },
  )
}

/**
 * Folders of all stores that are named, absolute, in the order given. A folder that is no store and holds stores
 * `partition-N` stands for all of these.
 *
 * @throws USAGE, STORE_NOT_FOUND
 */
export function allStores(store: readonly string[] | undefined, named: Named): string[] {
  const paths = pathsOf(store, named).flatMap(path => {
    const below = partitionsBelow(path)
    return below.length > 0 ? below.map(isStore) : [path]
  })
  const roots = paths.map(existingStore)
  const seen = new Map<string, string>()
  for (const [i, root] of roots.entries()) {
    const real = realpathSync(root)
    const [before, path] = [seen.get(real), paths[i] ?? root]
    if (before !== undefined)
      throw new ThroughlineError(
        'USAGE',
        `--store ${safe(path)}: ${before === path ? 'it is named twice' : `it is the same store as ${safe(before)}`}; name each store once`,
        { path },
      )
    seen.set(real, path)
  }
  return roots
}

/** A partition's folder that holds nothing is not passed over: its store may be on a disk that is not there. */
function isStore(path: string): string {
  if (Ledger.exists(resolve(path))) return path
  throw new ThroughlineError(
    'STORE_NOT_FOUND',
    `store ${safe(path)}: the folder is there and no store is in it; mount its disk, remove the folder if nothing was ever in it, or name the other stores one by one to do without it`,
    { path },
  )
}

/**
 * What must hold of stores that are read as one, and what is odd about them.
 *
 * @throws USAGE, STORES_OVERLAP
 */
export async function checkTogether(store: Store, out: Output): Promise<void> {
  const { parts = [] } = store.state
  for (const [i, part] of parts.entries()) {
    const twin = parts.slice(0, i).find(other => other.state.storeId === part.state.storeId)
    if (twin)
      throw new ThroughlineError(
        'USAGE',
        `stores ${safe(twin.root)} and ${safe(part.root)}: both are store ${part.state.storeId}, so one is a copy of the other; name one of them`,
      )
  }
  const split = splitApplications(store.state)
  const shared = split.length > 0 ? await sharedHop(store, split) : undefined
  if (shared) {
    const [one = '', other = ''] = shared.stores
    throw new ThroughlineError(
      'STORES_OVERLAP',
      `stores ${safe(one)} and ${safe(other)}: both hold ${shared.kind} hop ${shared.hopId}, and perhaps more; together they would tell of the same request twice, or otherwise. An application must lie in one store: ask one of them alone, or read the logs of both into a new store`,
      { stores: shared.stores },
    )
  }
  for (const it of split) out.warn(splitNote(it))
  const parted = differing(store)
  if (parted) out.warn(parted)
}

function splitNote({ application, days, stores }: SplitApplication): string {
  const [first = '', last = ''] = [days[0], days.at(-1)]
  const when = days.length === 1 ? first : `${count(days.length)} days (${first} to ${last})`
  return `application ${safe(application)} has hops of ${when} in ${listed(stores)}: links are made within a store, so that a call and its line may stand apart there and look as if each had no partner`
} // biome-ignore format: one line each

/** Which parts of their configurations, or which aliases, stores do not have in common. */
function differing({ state }: Store): string | undefined {
  const { parts = [] } = state
  const [first] = parts
  if (!first) return undefined
  const others = parts.flatMap(part => {
    const names = new Set([...Object.keys(first.state.configParts), ...Object.keys(part.state.configParts)])
    const changed = [...names].filter(name => first.state.configParts[name] !== part.state.configParts[name])
    const aliases = part.state.subjects?.file.sha256 === first.state.subjects?.file.sha256 ? [] : ['aliases']
    const what = [...new Set([...changed, ...aliases])].sort()
    return what.length > 0 ? [`${safe(part.name)} (${what.join(', ')})`] : []
  })
  if (others.length === 0) return undefined
  return `stores were written with other settings than ${safe(first.name)}: ${listed(others)}; what they say of hops and links may not be comparable`
} // biome-ignore format: one line each

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).map(safe).join(', ')
  return names.length > MOST_NAMED ? `${shown} and ${count(names.length - MOST_NAMED)} more` : shown
}
