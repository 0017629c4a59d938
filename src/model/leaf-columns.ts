import { FACT_COLUMNS, type HopKind } from './hop.ts'
import type { LeafColumn } from './leaf-text.ts'

/** What says who it was, or can: a disclosed hop may keep these to itself and prove the rest. */
const PERSONAL = new Set([
  'subject_issuer', 'subject_name', 'subject_raw', 'username', 'client_ip', 'peer_ip', 'user_agent', 'query', 'referer',
  'attributes', 'developer', 'developer_app', 'developer_email', 'client_id', 'access_token',
]) // biome-ignore format: a table

/**
 * Columns that were added after leaves had been made. A row without them has the text it had before; a row with one of
 * them names it. A column that comes anew to hops is to be added here.
 */
const LATER: Readonly<Partial<Record<HopKind, readonly string[]>>> = {}

/** Columns of the personal part of a hop's leaf, in order. */
export function personalColumns(kind: HopKind): LeafColumn[] {
  return leafColumns(kind).filter(c => PERSONAL.has(c.name))
}

/** Columns of the rest of it, with provenance and hop id. */
export function restColumns(kind: HopKind): LeafColumn[] {
  return leafColumns(kind).filter(c => !PERSONAL.has(c.name))
}

function leafColumns(kind: HopKind): LeafColumn[] {
  const later = LATER[kind] ?? []
  return FACT_COLUMNS[kind].map(({ name, sql }) => ({
    name,
    sql,
    ...(later.includes(name) ? { isLater: true } : {}),
  }))
}
