import { randomUUID } from 'node:crypto'
import { type LoadedConfig, loadConfig } from '../config/load.ts'
import { ThroughlineError } from '../errors.ts'
import { findDamage } from '../store/damage.ts'
import { sealLedger } from '../store/seal.ts'
import { Store, type StoreOptions, type Surroundings } from '../store/store.ts'
import { namesOfStores } from '../store/united.ts'
import { type Context, folderOfKeys, type StoreFlags } from './context.ts'
import { safe } from './output.ts'
import { allStores, checkTogether, onlyStore } from './stores.ts'
import type { Listening } from './telemetry.ts'
import { watchStore } from './telemetry-store.ts'
import { VERSION } from './version.ts'

function surroundings(context: Context, loaded: LoadedConfig): Surroundings {
  const by = `throughline ${VERSION}`
  return { now: context.now, newId: randomUUID, by, keyFolder: folderOfKeys(context, loaded) }
}

/**
 * Path and engine settings of the store that flags and configuration name.
 *
 * @throws USAGE where they name several
 */
export function storeSettings(flags: StoreFlags, loaded: LoadedConfig) {
  return { path: onlyStore(flags.store, loaded), ...engineSettings(loaded) }
}

export function engineSettings({ config: { engine } }: LoadedConfig) {
  return { threads: engine.threads, memoryMiB: engine.memoryMiB }
}

/** Runs an action on a store that is open for reading, and closes it. */
export async function withReader<T>(
  flags: StoreFlags,
  action: (store: Store, loaded: LoadedConfig) => Promise<T>,
): Promise<T> {
  const loaded = loadConfig(flags.config)
  const store = await Store.read(storeSettings(flags, loaded))
  return using(store, () => action(store, loaded))
}

/** The same on all stores that are named; several are read as if they were one. */
export async function withReaders<T>(
  { out }: Context,
  flags: StoreFlags,
  action: (store: Store, loaded: LoadedConfig) => Promise<T>,
): Promise<T> {
  const loaded = loadConfig(flags.config)
  const roots = allStores(flags.store, loaded)
  const [path = ''] = roots
  if (roots.length === 1) return withReader({ ...flags, store: [path] }, action)
  return together(roots, loaded, async store => {
    await checkTogether(store, out)
    return action(store, loaded)
  })
}

async function together<T>(
  roots: readonly string[],
  loaded: LoadedConfig,
  action: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await Store.readAll(engineSettings(loaded), roots)
  return using(store, () => action(store))
}

/**
 * The same on each store that is named, one after the other, until one says `false`.
 *
 * @param action gets the store's name among the others; undefined where there is one store only
 */
export async function withEachReader(
  { out }: Context,
  flags: StoreFlags,
  action: (store: Store, loaded: LoadedConfig, name: string | undefined) => Promise<unknown>,
): Promise<void> {
  const loaded = loadConfig(flags.config)
  const roots = allStores(flags.store, loaded)
  if (roots.length > 1) await together(roots, loaded, store => checkTogether(store, out))
  const names = roots.length > 1 ? namesOfStores(roots) : []
  for (const [i, root] of roots.entries()) {
    const goesOn = await withReader({ ...flags, store: [root] }, store => action(store, loaded, names[i]))
    if (goesOn === false) return
  }
}

/** Runs an action on a store that is open for writing, and closes it. */
export async function withWriter<T>(
  context: Context,
  flags: StoreFlags,
  action: (store: Store, loaded: LoadedConfig) => Promise<T>,
  { readsAll = false, ...listening }: Pick<StoreOptions, 'readsAll'> & Partial<Listening> = {},
): Promise<T> {
  const loaded = loadConfig(flags.config)
  await context.telemetry.start(loaded.config.telemetry, { isLong: false, ...listening })
  const store = await Store.write(
    { ...storeSettings(flags, loaded), readsAll },
    surroundings(context, loaded),
  )
  warnOfKeys(context, store)
  watchStore(store)
  return using(store, async () => {
    const result = await action(store, loaded)
    await sealLedger(store)
    return result
  })
}

/** Opens a store of several for writing; whoever opens it closes it. */
export async function openWriter(
  context: Context,
  loaded: LoadedConfig,
  path: string,
  options: Pick<StoreOptions, 'takesOver' | 'memoryMiB'>,
): Promise<Store> {
  const store = await Store.write(
    { ...storeSettings({}, loaded), ...options, path },
    surroundings(context, loaded),
  )
  warnOfKeys(context, store)
  watchStore(store)
  return store
}

/** Without its keys a store takes logs in all the same; what it takes in then cannot be proved row by row. */
function warnOfKeys({ out }: Context, { keys }: Store): void {
  if (keys?.problem)
    out.warn(
      `ledger: nothing is signed and new files get no roots: ${safe(keys.problem)}; see docs/anchoring.md`,
    )
}

/** Folder of the store that flags and configuration name. */
export function storeFolder(flags: StoreFlags): string {
  return storeSettings(flags, loadConfig(flags.config)).path
}

/** Closes a store after an action, however it ends, and says so where a failure comes from a damaged store. */
async function using<T>(store: Store, action: () => Promise<T>): Promise<T> {
  const abandon = (): void => store.abandon()
  process.once('exit', abandon)
  try {
    return await action()
  } catch (error) {
    throw error instanceof ThroughlineError ? error : ((await findDamage(store, error)) ?? error)
  } finally {
    store.close()
    process.removeListener('exit', abandon)
  }
}
