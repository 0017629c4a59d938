import { dayKey } from '../../src/ledger/state.ts'
import { HOP_KINDS, type HopKind } from '../../src/model/hop.ts'
import { populationOf } from '../../src/requests/population.ts'
import { searchRequests } from '../../src/requests/search.ts'
import type { Store } from '../../src/store/store.ts'

/** What must not depend on how the same traffic was handed over. */
export interface Fingerprint {
  /** Every fact without its place in a source, in order. */
  readonly facts: readonly string[]
  /** Content hash of the links, by application and day; days without any are left out. */
  readonly links: Readonly<Record<string, string>>
  readonly requests: number
  readonly population: string
}

export async function fingerprint(store: Store): Promise<Fingerprint> {
  const { requests, sha256 } = await populationOf(store, { filter: '', nowMs: store.now() })
  const days = [...store.state.days.values()]
    .filter(d => d.link?.file)
    .sort((a, b) => (dayKey(a) < dayKey(b) ? -1 : 1))
  return {
    facts: (await Promise.all(HOP_KINDS.map(kind => facts(store, kind)))).flat(),
    links: Object.fromEntries(days.map(d => [dayKey(d), d.link?.contentHash ?? ''])),
    requests,
    population: sha256,
  }
}

/** All facts of a kind, two versions of one record included. */
export async function facts(store: Store, kind: HopKind): Promise<string[]> {
  const files = store.state.segments.filter(s => s.kind === kind).map(s => `'${store.file(s.path)}'`)
  if (files.length === 0) return []
  const rows = await store.db.rows(
    `SELECT * EXCLUDE (source_id, line_no, byte_offset) FROM read_parquet([${files.join(', ')}], hive_partitioning = false)`,
  )
  return rows.map(row => JSON.stringify(row)).sort()
}

/** All requests, oldest first. */
export async function requestsOf(store: Store): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = []
  for await (const rows of searchRequests(store, { filter: '', nowMs: store.now() })) all.push(...rows)
  return all
}
