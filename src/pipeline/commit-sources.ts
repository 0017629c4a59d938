import type { SourceRecord } from '../ledger/entry.ts'
import { type Batch, commitBatch } from '../store/commit.ts'
import type { Store } from '../store/store.ts'
import { countCommit, lineChanges } from './count-lines.ts'
import { addedBy, noCounts } from './counts.ts'
import { accountFor } from './duplicates.ts'
import type { Committed } from './intake.ts'

/**
 * Commits a batch with the sources that changed, which learn what of their rows became no facts, and counts it.
 *
 * @param rows of the batch, before duplicates are out
 */
export async function commitSources(
  store: Store,
  changed: ReadonlyMap<number, SourceRecord>,
  rows: number,
  batch: Omit<Batch, 'sources'>,
): Promise<Committed> {
  const before = store.state.sources
  let sources: SourceRecord[] = []
  let added = noCounts()
  let changes: ReturnType<typeof lineChanges> = []
  const days = await commitBatch(store, {
    ...batch,
    sources: (duplicates, late) => {
      accountFor(changed, duplicates, late)
      sources = [...changed.values()].map(record => structuredClone(record))
      added = addedBy(sources, before)
      changes = lineChanges(sources, before)
      return sources
    },
  })
  countCommit(rows, changes, batch.refused.length)
  return { sources, added, days }
}
