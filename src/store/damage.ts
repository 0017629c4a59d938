import { statSync } from 'node:fs'
import { ThroughlineError } from '../errors.ts'
import { Ledger } from '../ledger/chain.ts'
import type { Store } from './store.ts'

/**
 * The failure that stands behind another one where a file that the ledger names is missing or of another size;
 * undefined where there is none. Costs one look at each file, so it is asked after something went wrong.
 */
export function findDamage(store: Store, cause: unknown): ThroughlineError | undefined {
  const { segments, indexes, days } = store.state
  const links = [...days.values()].flatMap(day => (day.link?.file ? [day.link.file] : []))
  for (const { path, bytes } of [...segments, ...indexes, ...links]) {
    const size = statSync(store.file(path), { throwIfNoEntry: false })?.size
    if (size === bytes) continue
    if (size === undefined && isReplaced(store.root, path)) return changed(store, path, cause)
    const found = size === undefined ? 'it is missing' : `it has ${size} bytes, the ledger says ${bytes}`
    return new ThroughlineError(
      'STORE_DAMAGED',
      `store file ${store.file(path)}: ${found}; the store was altered or damaged. Restore the folder from a copy`,
      { path, bytes, found: size },
      cause,
    )
  }
  return undefined
}

/** Whether an entry that came after this reader has started took the file out of the store. */
function isReplaced(root: string, path: string): boolean {
  return Ledger.open(root).state.replaced.has(path)
}

function changed(store: Store, path: string, cause: unknown): ThroughlineError {
  return new ThroughlineError(
    'STORE_CHANGED',
    `store file ${store.file(path)}: it was replaced and deleted while this command was reading; run the command again`,
    { path },
    cause,
  )
}
