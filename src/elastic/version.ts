import { join } from 'node:path'
import { readEntry } from '../ledger/entry-file.ts'
import type { Store } from '../store/store.ts'

const HOUR_MS = 3_600_000
const EPOCH_MS = Date.UTC(2020, 0, 1)

/**
 * The version of everything that is published at the entry that a store stands at: hours from 2020 to the store's making
 * times 2^32, plus the entry. So what a store says later counts for more, and so does a store that was made later.
 * Below 2^53 until the year 2259, and exact in JSON.
 */
export function versionOf(store: Store): number {
  const { entry } = readEntry(join(store.root, 'ledger'), 0, '0'.repeat(64))
  return versionAt(Date.parse(entry.at), store.state.head)
}

export function versionAt(createdMs: number, head: number): number {
  const hours = Math.max(0, Math.floor((createdMs - EPOCH_MS) / HOUR_MS))
  return hours * 2 ** 32 + head
}
