import type { SourceRecord } from '../ledger/entry.ts'
import type { Accounting } from '../model/source.ts'
import { count, isRecording, measure } from '../telemetry/record.ts'

/** What became of lines since the entry before; each number may be negative where a last line was read again. */
interface LineChanges {
  readonly decoded: number
  readonly directive: number
  readonly rejected: readonly (readonly [reason: string, lines: number])[]
  readonly duplicates: number
  readonly bytes: number
}

/**
 * What sources have beyond what they had before. To be asked before their entry is applied, and counted once it is:
 * a commit that fails has read nothing.
 */
export function lineChanges(
  sources: readonly SourceRecord[],
  before: ReadonlyMap<number, SourceRecord>,
): readonly LineChanges[] {
  if (!isRecording()) return []
  return sources.map(({ id, accounting }) => changesOf(accounting, before.get(id)?.accounting))
}

function changesOf(now: Accounting, old: Accounting | undefined): LineChanges {
  const since = (name: 'decoded' | 'directives' | 'duplicates' | 'bytes'): number =>
    now[name] - (old?.[name] ?? 0)
  const reasons = new Set([...Object.keys(now.rejectedBy), ...Object.keys(old?.rejectedBy ?? {})])
  const rejected = [...reasons].map(key => {
    const reason = key as keyof Accounting['rejectedBy']
    return [key, (now.rejectedBy[reason] ?? 0) - (old?.rejectedBy[reason] ?? 0)] as const
  })
  const [decoded, directive] = [since('decoded'), since('directives')]
  return { decoded, directive, rejected, duplicates: since('duplicates'), bytes: since('bytes') }
}

/** Counts what an entry took in. */
export function countCommit(rows: number, changes: readonly LineChanges[], refused: number): void {
  measure('throughline.commit.rows', rows)
  count('throughline.files.refused', refused)
  countLines(changes)
}

/**
 * Counts lines as metrics. Counters only grow: a line that is counted otherwise now is taken back in a counter of its
 * own, so that lines read are decoded, directives and rejected together at any time.
 */
function countLines(changes: readonly LineChanges[]): void {
  for (const { decoded, directive, rejected, duplicates, bytes } of changes) {
    count('throughline.lines.decoded', decoded)
    count('throughline.lines.directives', directive)
    for (const [reason, lines] of rejected) count('throughline.lines.rejected', lines, reason)
    const results = { decoded: [decoded], directive: [directive], rejected: rejected.map(([, n]) => n) }
    for (const [result, parts] of Object.entries(results)) {
      for (const lines of parts) {
        count('throughline.lines.read', lines)
        count('throughline.lines.taken_back', -lines, result)
      }
    }
    count('throughline.lines.duplicate', duplicates)
    count('throughline.bytes.read', bytes)
  }
}
