import { HOP_KINDS, type HopKind } from '../model/hop.ts'
import { DAY_US, micros } from '../model/time.ts'
import { factsRelation, type Range } from '../store/facts.ts'
import { quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { Sample } from './schema.ts'
import type { Facts } from './verify/facts.ts'
import { sampleEntry } from './verify/sample-entry.ts'
import type { SideFacts } from './verify/sample-spans.ts'

/** Columns that an entry of sample.json is made of; columns of all kinds come first. */
const STAMPS: Readonly<Record<HopKind, readonly string[]>> = {
  gateway: ['start_ts', 'end_ts', 'target_sent_start_ts', 'target_received_end_ts'],
  app: ['start_ts', 'end_ts'],
  kernel: ['end_ts'],
}
const PLAIN: Readonly<Record<HopKind, readonly string[]>> = {
  gateway: ['status', 'proxy', 'target_called', 'target_host', 'target', 'target_status'],
  app: ['status', 'site', 'host'],
  kernel: ['status', 'site', 'host'],
}
const PLACE = ['source_id', 'line_no', 'byte_offset']

type Row = Readonly<Record<string, string | number | boolean | null>> & {
  readonly id: string
  readonly k: number
}

/** What sample.json says of some requests, by request. */
export async function sampledRequests({ db, state, root }: Store, range: Range, ids: readonly string[]): Promise<Map<string, Sample['requests'][number]>> {
  if (ids.length === 0) return new Map()
  const wide = { fromUs: range.fromUs - DAY_US, toUs: range.toUs + DAY_US }
  await db.run(
    `CREATE OR REPLACE TEMP TABLE sampled_hops AS SELECT p.request_id AS id, h.k, h.kind, h.hop_id
     FROM placed_hops AS h JOIN population AS p USING (n) WHERE p.request_id IN (${ids.map(quoteText).join(', ')})`,
  )
  const hops = new Map<string, (SideFacts & { readonly k: number })[]>()
  for (const side of HOP_KINDS) {
    const columns = [...PLACE.map(c => `${c}::DOUBLE AS ${c}`), ...STAMPS[side], ...PLAIN[side]].join(', ')
    const rows = await db.rows<Row>(
      `SELECT id, k, ${columns} FROM (SELECT * FROM sampled_hops WHERE kind = '${side}') AS h JOIN ${factsRelation(state, root, side, wide)} AS f USING (hop_id)`,
    )
    for (const row of rows) hops.set(row.id, [...(hops.get(row.id) ?? []), { side, facts: factsOf(row, side), k: row.k }])
  }
  return new Map(ids.map(id => [id, sampleEntry(id, (hops.get(id) ?? []).sort((a, b) => a.k - b.k), state)]))
} // biome-ignore format: long statements

function factsOf(row: Row, side: HopKind): Facts {
  const plain = [...PLACE, ...PLAIN[side]].map(name => [name, row[name] ?? undefined])
  return Object.fromEntries([...plain, ...STAMPS[side].map(name => [name, micros(row[name])])])
}
