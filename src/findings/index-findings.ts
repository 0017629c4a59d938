import { hash } from 'node:crypto'
import { join } from 'node:path'
import { coverageReach } from '../coverage/block.ts'
import type { IndexRecord } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'
import { readyDays, settledDays } from '../requests/settled-days.ts'
import { publishFile } from '../store/commit.ts'
import { layout } from '../store/layout.ts'
import { parquetOptions } from '../store/parquet.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { sweepReplaced } from '../store/sweep.ts'
import { clearRequests } from './findings.ts'
import { judgeDay } from './judge-day.ts'
import { type FindingSettings, findingsDigest } from './settings.ts'

/** Files that were made by other rules or settings are not read. */
function shapeOf(settings: FindingSettings, state: LedgerState): string {
  return hash('sha256', `findings ${findingsDigest(settings, state)}`, 'hex')
}

/** Files of findings that still say what rules say, by day. */
export function readyFindings(
  settings: FindingSettings,
  state: LedgerState,
): Map<string, readonly IndexRecord[]> {
  return readyDays(state, shapeOf(settings, state), 'findings', coverageReach)
}

/**
 * Runs the rules over settled days, once, so that those who ask which requests they found need not. Derived: a day whose
 * links or hops change, or other settings, are judged again.
 *
 * @returns the days that were made ready
 */
export async function indexFindings(store: Store, settings: FindingSettings): Promise<string[]> {
  const { state } = store
  const ready = readyFindings(settings, state)
  const days = settledDays(state).filter(day => !ready.has(day))
  if (days.length === 0) return []
  const [upTo, shape] = [state.head, shapeOf(settings, state)]
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const indexes: IndexRecord[] = []
  for (const day of days) {
    await clearRequests(store)
    await judgeDay(store, day, settings, { openDays: false, nowMs: store.now() })
    indexes.push({ kind: 'findings', day, upTo, shape, ...(await write(store, day, name)) })
  }
  const replaced = state.indexes.filter(i => i.kind === 'findings' && days.includes(i.day)).map(i => i.path)
  store.append({ kind: 'indexed', indexes, replaced })
  sweepReplaced(store)
  return days
}

async function write(store: Store, day: string, name: string) {
  const file = join(layout.temporary(store.root), `findings-${day}.parquet`)
  const rows = await store.db.run(
    `COPY (SELECT request_id::UUID AS request_id, rule, incident FROM finding_requests ORDER BY request_id, rule, incident)
     TO ${quoteText(file)} (${parquetOptions.requests})`,
  )
  return publishFile(store, file, layout.index('findings', day, name), rows)
}
