import type { HopKind } from '../model/hop.ts'
import { wrapsLines } from '../model/wrapped.ts'
import { ALWAYS, factsRelation } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { linksRelation } from './view.ts'

/** How far the two sides were joined. Counts are hops. */
export interface JoinShare {
  readonly gatewayHops: number
  readonly targetCalled: number
  /** With a hop of IIS or HTTP.sys. */
  readonly gatewayJoined: number
  readonly appHops: number
  readonly appJoined: number
  /** Of HTTPERR, and those of them that tell of a connection only: no request. */
  readonly kernelHops: number
  readonly kernelConnections: number
  readonly kernelJoined: number
}

/** A pair of fields that links were made by. */
export interface FieldPair {
  readonly gatewayField: string
  readonly appField: string
  /** equal, segment of a composite id, or cut at the capture limit. */
  readonly how: string
  readonly links: number
}

export async function joinShare({ db, state, root }: Store): Promise<JoinShare> {
  const linked = `${linksRelation(state, root, ALWAYS)} WHERE verdict = 'linked'`
  const kernel = factsRelation(state, root, 'kernel')
  const row = await db.row<Record<string, string>>(
    `SELECT
       (SELECT count(*) FROM ${kernel})::VARCHAR AS kernel_hops,
       (SELECT count(*) FROM ${kernel} WHERE method IS NULL AND path IS NULL AND status IS NULL)::VARCHAR AS kernel_connections,
       (SELECT count(*) FROM ${kernel} WHERE hop_id IN (SELECT app_hop_id FROM ${linked}))::VARCHAR AS kernel_joined,
       (SELECT count(*) FROM ${factsRelation(state, root, 'gateway')})::VARCHAR AS gateway_hops,
       (SELECT count(*) FROM ${factsRelation(state, root, 'gateway')} WHERE target_called)::VARCHAR AS target_called,
       (SELECT count(*) FROM ${factsRelation(state, root, 'app')})::VARCHAR AS app_hops,
       (SELECT count(DISTINCT gateway_hop_id) FROM ${linked})::VARCHAR AS gateway_joined,
       (SELECT count(*) FROM ${linked})::VARCHAR AS all_joined`,
  )
  return {
    gatewayHops: Number(row.gateway_hops),
    targetCalled: Number(row.target_called),
    gatewayJoined: Number(row.gateway_joined),
    appHops: Number(row.app_hops),
    appJoined: Number(row.all_joined) - Number(row.kernel_joined),
    kernelHops: Number(row.kernel_hops),
    kernelConnections: Number(row.kernel_connections),
    kernelJoined: Number(row.kernel_joined),
  }
}

export async function fieldPairs({ db, state, root }: Store): Promise<FieldPair[]> {
  const rows = await db.rows<{ gateway_field: string; app_field: string; how: string; links: string }>(
    `SELECT gateway_field, app_field, how, count(*)::VARCHAR AS links FROM ${linksRelation(state, root, ALWAYS)}
     WHERE verdict = 'linked' AND gateway_field IS NOT NULL AND app_field IS NOT NULL
     GROUP BY ALL ORDER BY count(*) DESC, gateway_field, app_field, how`,
  )
  return rows.map(r => ({
    gatewayField: r.gateway_field,
    appField: r.app_field,
    how: r.how,
    links: Number(r.links),
  }))
}

/** Links that no id decided alone, by method and what the app hop is to the gateway hop. */
export interface MethodCount {
  /** id-time, subject or time. */
  readonly method: string
  /** answer, handshake or retry. */
  readonly how: string
  readonly links: number
  /** Of these, as sure as evidence asks for. */
  readonly evidence: number
}

/** Posterior that evidence asks for; requests and traces use links from 0.9 on. */
export const EVIDENCE_POSTERIOR = 0.99

export async function linksWithoutIds({ db, state, root }: Store): Promise<MethodCount[]> {
  const rows = await db.rows<{ method: string; how: string; links: string; evidence: string }>(
    `SELECT method, how, count(*)::VARCHAR AS links,
       (count(*) FILTER (WHERE posterior >= ${EVIDENCE_POSTERIOR}))::VARCHAR AS evidence
     FROM ${linksRelation(state, root, ALWAYS)} WHERE verdict = 'linked' AND method <> 'id'
     GROUP BY method, how ORDER BY method, how`,
  )
  return rows.map(r => ({
    method: r.method,
    how: r.how,
    links: Number(r.links),
    evidence: Number(r.evidence),
  }))
}

/** Which kind of hops a format holds; of envelopes, which may hold both kinds of a server, the one of IIS. */
export function sideOfFormat(format: string): HopKind {
  if (format === 'iis-httperr') return 'kernel'
  return wrapsLines(format) || format.startsWith('iis') ? 'app' : 'gateway'
}

/** Rows that had a value, by side and id field, over all sources. */
export function idFieldRows({ state }: Store): { side: HopKind; field: string; rows: number; of: number }[] {
  const totals = new Map<string, { side: HopKind; field: string; rows: number }>()
  const decoded = { gateway: 0, app: 0, kernel: 0 }
  for (const source of state.sources.values()) {
    const side = sideOfFormat(source.format)
    decoded[side] += source.accounting.decoded
    for (const [field, rows] of Object.entries(source.accounting.idFields)) {
      const key = `${side} ${field}`
      const total = totals.get(key) ?? { side, field, rows: 0 }
      totals.set(key, { ...total, rows: total.rows + rows })
    }
  }
  return [...totals.values()].map(t => ({ ...t, of: decoded[t.side] })).sort((a, b) => b.rows - a.rows)
}

/** Bytes of the files that the ledger names, by purpose. */
export function storeBytes({ state }: Store): { facts: number; links: number; index: number } {
  const sum = (files: readonly { bytes: number }[]): number => files.reduce((total, f) => total + f.bytes, 0)
  const links = [...state.days.values()].flatMap(d => (d.link?.file ? [d.link.file] : []))
  return { facts: sum(state.segments), links: sum(links), index: sum(state.indexes) }
}
