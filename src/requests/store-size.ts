import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { dueMerges } from '../store/compact.ts'
import { planPrune } from '../store/prune.ts'
import type { Store } from '../store/store.ts'
import { replacedOnDisk } from '../store/sweep.ts'
import { SHAPE } from './index-requests.ts'
import { storeBytes } from './overview.ts'
import { readyDays, settledDays } from './settled-days.ts'

/** What a store takes up on disk, in bytes, and what could be done about it. */
export interface StoreSize {
  readonly facts: number
  readonly links: number
  /** Earlier generations of links; kept until their day is pruned. */
  readonly earlierLinks: number
  readonly index: number
  readonly rejects: number
  readonly ledger: number
  /** Files of facts, and of index. */
  readonly segments: number
  readonly indexFiles: number
  /** Files that `store compact` would merge, and how many they would become. */
  readonly mergeable: number
  readonly merged: number
  /** Settled days whose requests are not ready for searches. */
  readonly notReady: number
  /** Files that were replaced or pruned and are still on disk. */
  readonly replaced: { readonly files: number; readonly bytes: number }
  /** What pruning by the configured retention would drop; absent without one. */
  readonly prunable?: { readonly before: string; readonly days: number; readonly bytes: number }
}

/** @param retainedFrom the first day that stays by the configured retention, `YYYY-MM-DD` */
export function storeSize(store: Store, retainedFrom?: string): StoreSize {
  const { state } = store
  const sum = (files: readonly { bytes: number }[]): number => files.reduce((total, f) => total + f.bytes, 0)
  const merges = dueMerges(state, { everything: true })
  const ready = readyDays(state, SHAPE)
  const plan = retainedFrom === undefined ? undefined : planPrune(state, retainedFrom)
  return {
    ...storeBytes(store),
    earlierLinks: sum([...state.days.values()].flatMap(d => d.earlierLinks)),
    rejects: sum(state.rejects),
    ledger: folderBytes(join(store.root, 'ledger')),
    segments: state.segments.length,
    indexFiles: state.indexes.length,
    mergeable: merges.reduce((total, m) => total + m.files.length, 0),
    merged: merges.length,
    notReady: settledDays(state).filter(day => !ready.has(day)).length,
    replaced: replacedOnDisk(store),
    ...(plan ? { prunable: { before: plan.before, days: plan.days.length, bytes: sum(plan.files) } } : {}),
  }
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0)
}
