import { addressMatcher } from '../model/address.ts'
import { type Database, sqlFile } from '../store/query.ts'

const EQUAL = sqlFile('./candidates_equal.sql', import.meta.url)
const JUDGED = sqlFile('./judged_pairs.sql', import.meta.url)
const REUSED = sqlFile('./candidates_reused.sql', import.meta.url)
const OTHER = sqlFile('./candidates_other.sql', import.meta.url)
const CLAIMS = sqlFile('./claims.sql', import.meta.url)

/** Hops that may share an id before it counts as no id: a constant someone hard-coded. */
export const HOT_ID_HOPS = 1000

/**
 * Prior of the test whether a proxy's paths (or target stamps) are evidence at all: so many agreeing pairs are
 * assumed. Where more pairs disagree than agree, the gateway's paths do not describe what the target sees.
 */
const AGREEING_PRIOR = 4

export interface ClaimsInput {
  /** FROM items of the facts around the day. */
  readonly gateway: string
  readonly app: string
  /** Half-open range of both sides, µs: the day and its two neighbours. */
  readonly fromUs: number
  readonly toUs: number
  /** `YYYY-MM-DD` */
  readonly day: string
  /** Addresses or CIDR blocks of the gateway; empty: any peer. */
  readonly trustedProxies: readonly string[]
}

/** Fills the temp table `claims` with the claims of one day and returns what a person should know about it. */
export async function computeClaims(db: Database, input: ClaimsInput): Promise<string[]> {
  await loadWindow(db, input)
  await findHotIds(db)
  await findUntrustedPeers(db, input.trustedProxies)
  await db.run(`CREATE OR REPLACE TEMP TABLE pairs AS ${EQUAL}`)
  const { reused } = await db.row<{ reused: boolean }>('SELECT count(*) > 0 AS reused FROM reused_ids')
  if (reused) await db.run(`INSERT INTO pairs ${REUSED}`)
  await weighEvidence(db)
  await db.run(`CREATE OR REPLACE TEMP VIEW judged_pairs AS ${JUDGED}`)
  await db.run(`INSERT INTO pairs ${OTHER}`)
  await weighEvidence(db)
  await db.run(`CREATE OR REPLACE TEMP TABLE claims AS ${CLAIMS}`)
  const warnings = await warningsOf(db)
  await db.run('DROP VIEW judged_pairs; DROP TABLE pairs; DROP TABLE gateway_window; DROP TABLE app_window')
  return warnings
}

async function loadWindow(db: Database, { gateway, app, fromUs, toUs, day }: ClaimsInput): Promise<void> {
  const range = { from: BigInt(fromUs), to: BigInt(toUs) }
  await db.run(
    `CREATE OR REPLACE TEMP TABLE gateway_window AS
     SELECT hop_id, start_ts, start_ts::DATE = $day::DATE AS in_day, proxy, method, path_key, target_called,
       correlation_id, correlation_field, message_id, other_ids
     FROM ${gateway} WHERE start_ts >= make_timestamp($from::BIGINT) AND start_ts < make_timestamp($to::BIGINT)`,
    { ...range, day },
  )
  await db.run(
    `CREATE OR REPLACE TEMP TABLE app_window AS
     SELECT hop_id, end_ts, method, path_key, correlation_id, correlation_field, other_ids, peer_ip
     FROM ${app} WHERE end_ts >= make_timestamp($from::BIGINT) AND end_ts < make_timestamp($to::BIGINT)`,
    range,
  )
}

async function findHotIds(db: Database): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP TABLE hot_ids AS
     SELECT correlation_id AS id, count(*) AS hops FROM gateway_window WHERE correlation_id IS NOT NULL
       GROUP BY correlation_id HAVING count(*) > ${HOT_ID_HOPS}
     UNION
     SELECT correlation_id, count(*) FROM app_window WHERE correlation_id IS NOT NULL
       GROUP BY correlation_id HAVING count(*) > ${HOT_ID_HOPS}`,
  )
  await db.run(
    `CREATE OR REPLACE TEMP TABLE reused_ids AS
     SELECT correlation_id AS id FROM gateway_window WHERE correlation_id IS NOT NULL
     GROUP BY correlation_id HAVING count(*) > 1`,
  )
}

/** Notes app hops with several pairs, and by proxy whether paths and target stamps say anything. */
async function weighEvidence(db: Database): Promise<void> {
  await db.run(`CREATE OR REPLACE TEMP TABLE contested AS
    SELECT app_hop_id FROM pairs GROUP BY app_hop_id HAVING count(*) > 1`)
  await db.run(`CREATE OR REPLACE TEMP TABLE weak_evidence AS
    SELECT coalesce(proxy, '') AS proxy,
      count(*) FILTER (WHERE NOT same_path) > count(*) FILTER (WHERE same_path) + ${AGREEING_PRIOR} AS no_paths,
      count(*) FILTER (WHERE NOT target_called) > count(*) FILTER (WHERE target_called) + ${AGREEING_PRIOR} AS no_targets,
      count(*) AS pairs
    FROM pairs WHERE app_hop_id NOT IN (SELECT app_hop_id FROM contested) GROUP BY ALL`)
}

/** Peers outside the configured blocks; none where none are configured. */
async function findUntrustedPeers(db: Database, trusted: readonly string[]): Promise<void> {
  await db.run('CREATE OR REPLACE TEMP TABLE untrusted_peers (peer_ip VARCHAR, untrusted BOOLEAN)')
  if (trusted.length === 0) return
  const peers = await db.rows<{ peer: string }>(
    "SELECT DISTINCT coalesce(peer_ip, '') AS peer FROM app_window",
  )
  const isTrusted = addressMatcher(trusted)
  const strangers = peers.map(p => p.peer).filter(peer => !isTrusted(peer))
  await db.run(
    "INSERT INTO untrusted_peers SELECT unnest(string_split($peers, chr(10))), TRUE WHERE $peers <> '~'",
    {
      peers: strangers.length ? strangers.join('\n') : '~',
    },
  )
}

async function warningsOf(db: Database): Promise<string[]> {
  const hot = await db.rows<{ id: string; hops: string }>(
    'SELECT id, max(hops) AS hops FROM hot_ids GROUP BY id ORDER BY hops DESC, id LIMIT 5',
  )
  const weak = await db.rows<{ proxy: string; no_paths: boolean; no_targets: boolean; pairs: string }>(
    'SELECT proxy, no_paths, no_targets, pairs::VARCHAR AS pairs FROM weak_evidence WHERE no_paths OR no_targets ORDER BY proxy',
  )
  return [
    ...hot.map(h => `id ${h.id} stands on ${h.hops} hops: not used as an id`),
    ...weak.flatMap(w => [
      ...(w.no_paths
        ? [
            `proxy ${w.proxy || '(none)'}: most paths differ from what the target logs (${w.pairs} pairs): paths are no evidence here`,
          ]
        : []),
      ...(w.no_targets
        ? [
            `proxy ${w.proxy || '(none)'}: records show no target calls though their ids are logged: target stamps are no evidence here`,
          ]
        : []),
    ]),
  ]
}
