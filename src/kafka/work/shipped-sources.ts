import type { SourceRecord } from '../../ledger/entry.ts'
import type { LedgerState } from '../../ledger/state.ts'
import { emptyAccounting } from '../../model/source.ts'
import type { HopBatch, RejectBatch } from '../batch/header.ts'

type OfSource = HopBatch | RejectBatch

/** What was taken of an application of a source, as in the ledger: rows, and rejected lines. */
export interface TakenSoFar {
  rows: number
  rejects: number
  rowsTo?: number | undefined
  rejectsTo?: number | undefined
}

/** Sources that collectors read, as one store knows them. */
export class ShippedSources {
  /** Those that changed since the last entry. */
  changed = new Map<number, SourceRecord>()
  readonly #state: LedgerState
  /** Numbers that sources have in this store, by the ids of their collectors. */
  readonly #numbers = new Map<string, number>()
  #nextId = 0

  constructor(state: LedgerState) {
    this.#state = state
    for (const { id, shipped } of state.sources.values()) {
      this.#nextId = Math.max(this.#nextId, id + 1)
      if (!shipped) continue
      for (const read of [shipped.source, ...Object.keys(shipped.earlier ?? {})]) this.#numbers.set(read, id)
    }
  }

  /** The number of a source that is known, also by an earlier read of its file. */
  numberOf({ source, replaces }: OfSource): number | undefined {
    return this.#numbers.get(source) ?? (replaces === undefined ? undefined : this.#numbers.get(replaces))
  }

  /** The source of a message, to be changed. */
  of(batch: OfSource): SourceRecord {
    const { source, collector, record } = batch
    const current = this.#current(batch)
    const known = current && (this.changed.has(current.id) ? current : structuredClone(current))
    let own: SourceRecord
    if (!known) {
      const shipped = { collector, source, taken: {} }
      own = { ...record, id: this.#nextId++, accounting: emptyAccounting(), shipped }
    } else own = this.#numbers.has(source) ? known : readAgain(known, collector, source)
    this.#numbers.set(source, own.id)
    this.changed.set(own.id, own)
    return own
  }

  /** A source as it stands with what is in no entry yet. */
  #current(batch: OfSource): SourceRecord | undefined {
    const number = this.numberOf(batch)
    if (number === undefined) return undefined
    return this.changed.get(number) ?? this.#state.sources.get(number)
  }

  /** Byte offset of the last row that was taken of the source and application of a message, -1 before any. */
  rowsTo(batch: OfSource): number {
    return this.#current(batch)?.shipped?.taken[batch.application]?.rowsTo ?? -1
  }

  /** What was taken of the read and the application of a message, to be counted on. */
  takenOf({ shipped }: SourceRecord, { source, application }: OfSource): TakenSoFar {
    const taken: Record<string, TakenSoFar> =
      (shipped?.source === source ? shipped.taken : shipped?.earlier?.[source]) ?? {}
    const known = taken[application] ?? { rows: 0, rejects: 0 }
    taken[application] = known
    return known
  }

  /** The source as its collector had it, with what this store alone knows. */
  bringUpToDate(record: SourceRecord, { record: sent, source }: OfSource): void {
    const { shipped, id, accounting: own } = record
    if (shipped?.source !== source || sent.accounting.lines < own.lines) return
    const here = Object.values(shipped?.taken ?? {}).reduce((sum, { rows }) => sum + rows, 0)
    const elsewhere = Math.max(0, sent.accounting.decoded - here)
    const { duplicates, possibleDuplicates, pruned } = own
    Object.assign(record, sent, {
      id, shipped,
      accounting: {
        ...sent.accounting, duplicates, possibleDuplicates,
        ...(pruned === undefined ? {} : { pruned }),
        ...(elsewhere > 0 ? { elsewhere } : {}),
      },
    }) // biome-ignore format: one record
  }
}

/** A source whose lines come again, from the first, as another read of its file. */
function readAgain(before: SourceRecord, collector: string, source: string): SourceRecord {
  const { duplicates, possibleDuplicates } = before.accounting
  const accounting = { ...emptyAccounting(), duplicates, possibleDuplicates }
  const { shipped } = before
  const earlier = { ...shipped?.earlier, ...(shipped ? { [shipped.source]: shipped.taken } : {}) }
  return { ...before, accounting, shipped: { collector, source, taken: {}, earlier } }
}
