import type { HopKind } from '../../model/hop.ts'
import type { Alias } from '../schema.ts'
import { type Facts, numberIn, textIn } from './facts.ts'
import { dayOf } from './record.ts'

/** What a name in a fact means for some days: a row of the store's table of aliases. */
export type AliasRow = Readonly<Alias>

/** The rows of a bundle, and which of them were needed. */
export class AliasTable {
  readonly #rows = new Map<string, { readonly row: AliasRow; isUsed: boolean }[]>()

  constructor(rows: Iterable<AliasRow>) {
    for (const row of rows) {
      const key = keyOf(row.kind, row.issuer, row.name)
      const same = this.#rows.get(key)
      if (same) same.push({ row, isUsed: false })
      else this.#rows.set(key, [{ row, isUsed: false }])
    }
  }

  /** A hop with the subject that its name means on its day. */
  apply(facts: Facts, side: HopKind): Facts {
    const [kind, name] = [textIn(facts, 'subject_kind'), textIn(facts, 'subject_name')]
    if (kind === undefined || name === undefined || this.#rows.size === 0) return facts
    const day = dayOf(numberIn(facts, side === 'gateway' ? 'start_ts' : 'end_ts')) ?? ''
    const found = this.#rows
      .get(keyOf(kind, textIn(facts, 'subject_issuer') ?? '', name))
      ?.find(({ row: { from, to } }) => (from === undefined || day >= from) && (to === undefined || day < to))
    if (!found) return facts
    found.isUsed = true
    const { subject_kind, subject_issuer, subject_name } = found.row
    return { ...facts, subject_kind, subject_issuer, subject_name }
  }

  /** Rows that no fact needed. */
  unused(): AliasRow[] {
    return [...this.#rows.values()].flat().flatMap(({ row, isUsed }) => (isUsed ? [] : [row]))
  }
}

function keyOf(kind: string, issuer: string, name: string): string {
  return JSON.stringify([kind, issuer, name])
}
