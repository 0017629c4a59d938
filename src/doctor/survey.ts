import type { Config } from '../config/schema.ts'
import { type FieldPair, fieldPairs, type JoinShare, joinShare } from '../requests/overview.ts'
import { createRequestsView } from '../requests/view.ts'
import type { Store } from '../store/store.ts'
import { type HostClock, hostClocks } from './clocks.ts'
import { type AppLog, appLogs, type ProxyLog, proxyLogs } from './logs.ts'
import { type Origins, proposeOrigins } from './origins.ts'
import { type SubjectSurvey, subjectSurvey } from './subjects.ts'

/** What can be seen in a store about how it was logged. */
export interface Survey {
  readonly share: JoinShare
  readonly pairs: readonly FieldPair[]
  readonly appLogs: readonly AppLog[]
  readonly proxyLogs: readonly ProxyLog[]
  readonly clocks: readonly HostClock[]
  readonly peers: readonly Peer[]
  readonly subjects: SubjectSurvey
  readonly repeatedIds: readonly RepeatedId[]
  readonly origins: Origins
}

/** An address that app hops came from. */
export interface Peer {
  readonly address: string
  readonly lines: number
  readonly linked: number
}

/** An id that more hops share than retries explain: a constant. */
export interface RepeatedId {
  readonly side: 'gateway' | 'app'
  readonly field: string
  readonly id: string
  readonly hops: number
}

/** A peer with this share of linked lines, and so many, calls as the gateway. */
const GATEWAY_SHARE = 0.99
const LEAST_LINES = 20

/** Hops and share of a side's ids from which an id that is shared is none. */
const REPEATED_HOPS = 20
const REPEATED_SHARE = 0.01

export async function surveyStore(store: Store, config: Pick<Config, 'subjects'>): Promise<Survey> {
  await createRequestsView(store)
  return {
    share: await joinShare(store),
    pairs: await fieldPairs(store),
    appLogs: await appLogs(store),
    proxyLogs: await proxyLogs(store),
    clocks: await hostClocks(store),
    peers: await peersOf(store),
    subjects: await subjectSurvey(store, config.subjects),
    repeatedIds: [...(await repeatedIds(store, 'gateway')), ...(await repeatedIds(store, 'app'))],
    origins: await proposeOrigins(store),
  }
}

/** Peers that bring calls of the gateway and hardly anything else. */
export function gatewayPeers(peers: readonly Peer[]): Peer[] {
  return peers.filter(peer => peer.lines >= LEAST_LINES && peer.linked >= GATEWAY_SHARE * peer.lines)
}

async function peersOf({ db }: Store): Promise<Peer[]> {
  return db.rows<{ address: string; lines: number; linked: number }>(
    `SELECT peer_ip AS address, count(*)::INTEGER AS lines,
       count(*) FILTER (WHERE hop_id IN (SELECT app_hop_id FROM link_rows WHERE verdict = 'linked'))::INTEGER AS linked
     FROM app_facts WHERE peer_ip IS NOT NULL GROUP BY peer_ip ORDER BY linked DESC, lines DESC, peer_ip LIMIT 1000`,
  )
}

async function repeatedIds({ db }: Store, side: 'gateway' | 'app'): Promise<RepeatedId[]> {
  const facts = side === 'gateway' ? 'gateway_facts' : 'app_facts'
  const rows = await db.rows<{ id: string; field: string; hops: number }>(
    `SELECT correlation_id AS id, min(correlation_field) AS field, count(*)::INTEGER AS hops FROM ${facts}
     WHERE correlation_id IS NOT NULL GROUP BY correlation_id
     HAVING count(*) >= greatest($hops, $share * (SELECT count(correlation_id) FROM ${facts}))
     ORDER BY hops DESC, id LIMIT 5`,
    { hops: REPEATED_HOPS, share: REPEATED_SHARE },
  )
  return rows.map(row => ({ side, ...row }))
}
