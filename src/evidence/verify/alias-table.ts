import type { HopKind } from '../../model/hop.ts'
import type { Alias } from '../schema.ts'
import { type Facts, numberIn, textIn } from './facts.ts'
import { dayOf } from './record.ts'

/** What a name in a fact means for some days: a row of the store's table of aliases. */
export type AliasRow = Readonly<Alias>

/** What the store's own table says of a name on a day. */
export type TrueRow = (kind: string, issuer: string, name: string, day: string) => AliasRow | undefined

/** The rows of a bundle, and which of them were needed. */
export class AliasTable {
  /** The first name of a hop of which the store's table says otherwise, where that table is known. */
  wrong: string | undefined
  readonly #rows = new Map<string, { readonly row: AliasRow; isUsed: boolean }[]>()
  readonly #trueRow: TrueRow | undefined

  /** @param trueRow compares every name of a hop with the store's table; undefined: that is not known */
  constructor(rows: Iterable<AliasRow>, trueRow?: TrueRow) {
    this.#trueRow = trueRow
    for (const row of rows) {
      const key = keyOf(row.kind, row.issuer, row.name)
      const same = this.#rows.get(key)
      if (same) same.push({ row, isUsed: false })
      else this.#rows.set(key, [{ row, isUsed: false }])
    }
  }

  /** Whether names are compared with the store's own table. */
  get isCompared(): boolean {
    return this.#trueRow !== undefined
  }

  /** A hop with the subject that its name means on its day. */
  apply(facts: Facts, side: HopKind): Facts {
    if (this.#rows.size === 0 && !this.#trueRow) return facts
    const [kind, name] = [textIn(facts, 'subject_kind'), textIn(facts, 'subject_name')]
    if (kind === undefined || name === undefined) return facts
    const day = dayOf(numberIn(facts, side === 'gateway' ? 'start_ts' : 'end_ts')) ?? ''
    const issuer = textIn(facts, 'subject_issuer') ?? ''
    const found = this.#rows.get(keyOf(kind, issuer, name))?.find(({ row }) => holdsOn(row, day))
    if (this.#trueRow && !isSame(this.#trueRow(kind, issuer, name, day), found?.row)) this.wrong ??= name
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

/** Whether a row holds on a UTC day. */
export function holdsOn({ from, to }: AliasRow, day: string): boolean {
  return (from === undefined || day >= from) && (to === undefined || day < to)
}

function isSame(one: AliasRow | undefined, other: AliasRow | undefined): boolean {
  if (!one || !other) return one === other
  const members = ['from', 'to', 'subject_kind', 'subject_issuer', 'subject_name'] as const
  return members.every(member => one[member] === other[member])
}

function keyOf(kind: string, issuer: string, name: string): string {
  return JSON.stringify([kind, issuer, name])
}
