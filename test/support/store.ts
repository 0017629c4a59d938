import { CONFIG, type Config } from '../../src/config/schema.ts'
import { pseudonymizer } from '../../src/config/token-key.ts'
import { type RunOptions, type RunResult, run } from '../../src/pipeline/run.ts'
import { discoverInputs } from '../../src/sources/discover.ts'
import { Store } from '../../src/store/store.ts'

/** 2026-07-10T12:00:00Z: the time of every test that does not say another one. */
export const NOON = Date.UTC(2026, 6, 10, 12)

export interface Setting {
  readonly threads?: number
  readonly nowMs?: number
}

/** Opens a store for writing, and closes it after the action. */
export async function withStore<T>(
  path: string,
  action: (store: Store) => Promise<T>,
  { threads, nowMs = NOON }: Setting = {},
): Promise<T> {
  const store = await Store.write(
    { path, memoryMiB: 512, threads },
    { now: () => nowMs, newId: () => '00000000-0000-4000-8000-000000000000', by: 'test' },
  )
  try {
    return await action(store)
  } finally {
    store.close()
  }
}

export type IngestSetting = Partial<Omit<RunOptions, 'config'>> & { readonly config?: Partial<Config> }

/** Reads files, folders or patterns into a store, links and closes days, as `throughline ingest` does. */
export async function ingestInto(
  store: Store,
  sources: readonly string[],
  { config = {}, ...options }: IngestSetting = {},
): Promise<RunResult> {
  return run(store, await discoverInputs(sources, store.root), {
    pseudonym: pseudonymizer(Buffer.alloc(32, 7)),
    ...options,
    config: { ...CONFIG.parse({}), ...config },
  })
}
