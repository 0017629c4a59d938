import type { SourceRecord } from '../ledger/entry.ts'

const COUNTED = ['lines', 'decoded', 'directives', 'rejected', 'duplicates', 'scrubbed', 'bytes'] as const

/** Lines, and what became of them. */
export type Counts = { -readonly [Name in (typeof COUNTED)[number]]: number }

export function noCounts(): Counts {
  return { lines: 0, decoded: 0, directives: 0, rejected: 0, duplicates: 0, scrubbed: 0, bytes: 0 }
}

export function addCounts(to: Counts, more: Counts): void {
  for (const name of COUNTED) to[name] += more[name]
}

/** What sources have beyond what they had before. */
export function addedBy(sources: readonly SourceRecord[], before: ReadonlyMap<number, SourceRecord>): Counts {
  const added = noCounts()
  for (const { id, accounting } of sources) {
    const old = before.get(id)?.accounting
    for (const name of COUNTED) added[name] += accounting[name] - (old?.[name] ?? 0)
  }
  return added
}
