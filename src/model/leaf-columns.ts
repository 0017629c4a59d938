import { FACT_COLUMNS, type HopKind } from './hop.ts'
import type { LeafColumn } from './leaf-text.ts'
import { PERSONAL_COLUMNS } from './personal-columns.ts'

/**
 * Columns that were added after leaves had been made. A row without them has the text it had before; a row with one of
 * them names it. A column that comes anew to hops is to be added here.
 */
const LATER: Readonly<Partial<Record<HopKind, readonly string[]>>> = {}

/** Columns of the personal part of a hop's leaf, in order. */
export function personalColumns(kind: HopKind): LeafColumn[] {
  return leafColumns(kind).filter(c => PERSONAL_COLUMNS.has(c.name))
}

/** Columns of the rest of it, with provenance and hop id. */
export function restColumns(kind: HopKind): LeafColumn[] {
  return leafColumns(kind).filter(c => !PERSONAL_COLUMNS.has(c.name))
}

function leafColumns(kind: HopKind): LeafColumn[] {
  const later = LATER[kind] ?? []
  return FACT_COLUMNS[kind].map(({ name, sql }) => ({
    name,
    sql,
    ...(later.includes(name) ? { isLater: true } : {}),
  }))
}
