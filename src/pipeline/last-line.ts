import type { SourceRecord } from '../ledger/entry.ts'
import type { Accounting, RejectReason } from '../model/source.ts'

/** What a last line without a line feed added to the accounting; undefined where there was none. */
export function lastLine(before: Accounting, after: Accounting): SourceRecord['torn'] {
  if (after.lines === before.lines) return undefined
  if (after.decoded > before.decoded) return 'decoded'
  if ((after.idle ?? 0) > (before.idle ?? 0)) return 'idle'
  if (after.directives > before.directives) return 'directive'
  const reasons = Object.keys(after.rejectedBy) as RejectReason[]
  return reasons.find(reason => after.rejectedBy[reason] !== before.rejectedBy[reason])
}

/** Takes a last line without a line feed out of the accounting: it is about to be read again. */
export function forgetLastLine(record: SourceRecord): void {
  const { accounting, torn } = record
  if (!torn) return
  accounting.lines--
  if (torn === 'decoded') accounting.decoded--
  else if (torn === 'directive') accounting.directives--
  else if (torn === 'idle') {
    accounting.directives--
    accounting.idle = (accounting.idle ?? 1) - 1
  } else {
    accounting.rejected--
    accounting.rejectedBy[torn] = (accounting.rejectedBy[torn] ?? 1) - 1
  }
  record.torn = undefined
}
