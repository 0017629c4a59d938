import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { removeEmptyFolder, removeFile } from '../ledger/durable.ts'
import { MINUTE_US } from '../model/time.ts'
import { oldestPin } from './pins.ts'
import type { Store } from './store.ts'

/** How long a replaced file stays for readers that could leave no note: those of a store on media they cannot write. */
export const GRACE_MS = (10 * MINUTE_US) / 1000

export interface Swept {
  readonly files: number
  readonly bytes: number
  /** Bytes of replaced files that readers may still need. */
  readonly left: number
}

/**
 * Deletes files that entries have replaced or pruned and that no reader can still need. Only the writer may do so.
 *
 * @param graceMs age of the replacing entry from which a file may go
 */
export function sweepReplaced(store: Store, graceMs: number = GRACE_MS): Swept {
  const { replaced } = store.state
  if (replaced.size === 0) return { files: 0, bytes: 0, left: 0 }
  const gone = sweptBy(store)
  const oldest = oldestPin(store.root, store.now()) ?? Number.POSITIVE_INFINITY
  const swept = { files: 0, bytes: 0, left: 0 }
  for (const [path, { bytes, seq, at }] of replaced) {
    if (seq > oldest || !(store.now() - Date.parse(at) >= graceMs)) {
      swept.left += bytes
      continue
    }
    if (gone.has(path)) continue
    gone.add(path)
    if (remove(store.file(path))) {
      swept.files++
      swept.bytes += bytes
    }
  }
  if (gone.size > 2 * replaced.size) for (const path of gone) if (!replaced.has(path)) gone.delete(path)
  return swept
}

/** Paths that were looked after: the state of the ledger is what entries say and knows nothing of the disk. */
const SWEPT = new WeakMap<Store, Set<string>>()

function sweptBy(store: Store): Set<string> {
  let gone = SWEPT.get(store)
  if (!gone) {
    gone = new Set()
    SWEPT.set(store, gone)
  }
  return gone
}

/** Files that entries have replaced or pruned and that are still on disk. */
export function replacedOnDisk(store: Store): { files: number; bytes: number } {
  const found = [...store.state.replaced].filter(([path]) => exists(store.file(path)))
  return { files: found.length, bytes: found.reduce((sum, [, { bytes }]) => sum + bytes, 0) }
}

function remove(file: string): boolean {
  if (!exists(file)) return false
  removeFile(file)
  removeEmptyFolder(dirname(file))
  return true
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined
}
