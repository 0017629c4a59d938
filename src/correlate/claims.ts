import { addressMatcher } from '../model/address.ts'
import { HOT_ID_HOPS } from '../model/ids.ts'
import { MINUTE_US } from '../model/time.ts'
import { type Database, quoteText, sqlFile } from '../store/query.ts'
import { SHIPPED_FROM } from '../store/shipped.ts'
import { type Clocks, loadClocks, readClocks } from './clocks/clocks.ts'

const CLOCK_PAIRS = sqlFile('./clock_pairs.sql', import.meta.url)
const EQUAL = sqlFile('./candidates_equal.sql', import.meta.url)
const JUDGED = sqlFile('./judged_pairs.sql', import.meta.url)
const REUSED = sqlFile('./candidates_reused.sql', import.meta.url)
const OTHER = sqlFile('./candidates_other.sql', import.meta.url)
const VERDICTS = sqlFile('./verdicts.sql', import.meta.url)

/**
 * Prior of the test whether a proxy's paths (or target stamps) are evidence at all: so many agreeing pairs are
 * assumed. Where more pairs disagree than agree, the gateway's paths do not describe what the target sees.
 */
const AGREEING_PRIOR = 4

export interface ClaimsInput {
  /** FROM items of the facts around the day: gateway hops, and hops of IIS and HTTP.sys. */
  readonly gateway: string
  readonly server: string
  /** Whether hops of HTTP.sys are among them. */
  readonly hasKernel: boolean
  /** Whether lines may have been wrapped by a shipper, which tells where in their log they stood. */
  readonly hasShipped: boolean
  /** Half-open range of both sides, µs: the day and its two neighbours. */
  readonly fromUs: number
  readonly toUs: number
  readonly application: string
  /** Whether the store knows no other application. */
  readonly isOnlyApplication: boolean
  /** `YYYY-MM-DD` */
  readonly day: string
  /** Addresses or CIDR blocks of the gateway; empty: any peer. */
  readonly trustedProxies: readonly string[]
}

/** Hops this close to a day may be taken into account when its hops are linked without an id. */
export const NEAR_US = 20 * MINUTE_US

/**
 * Fills the temp table `verdicts` with what ids say about the pairs of one day and its surroundings. The windows and
 * the evidence tables stay until `dropWindows`.
 *
 * @returns the clocks of the hosts that log ids
 */
export async function judgeByIds(db: Database, input: ClaimsInput): Promise<Clocks> {
  await loadWindow(db, input)
  await findHotIds(db)
  await findUntrustedPeers(db, input.trustedProxies)
  await loadClocks(db, new Map())
  await db.run(`CREATE OR REPLACE TEMP TABLE pairs AS ${EQUAL}`)
  const { reused } = await db.row<{ reused: boolean }>('SELECT count(*) > 0 AS reused FROM reused_ids')
  if (reused) await db.run(`INSERT INTO pairs ${REUSED}`)
  await weighEvidence(db)
  await db.run(`CREATE OR REPLACE TEMP VIEW judged_pairs AS ${JUDGED}`)
  await db.run(`INSERT INTO pairs ${OTHER}`)
  await weighEvidence(db)
  const clocks = await readClocks(db, CLOCK_PAIRS, input)
  await loadClocks(db, clocks)
  await db.run(`CREATE OR REPLACE TEMP TABLE verdicts AS ${VERDICTS}`, {
    callouts: input.trustedProxies.length > 0,
  })
  return clocks
}

export async function dropWindows(db: Database): Promise<void> {
  await db.run(
    'DROP VIEW IF EXISTS judged_pairs; DROP TABLE IF EXISTS pairs; DROP TABLE IF EXISTS verdicts; DROP TABLE IF EXISTS gateway_window; DROP TABLE IF EXISTS app_window',
  )
}

async function loadWindow(db: Database, input: ClaimsInput): Promise<void> {
  const { gateway, server, fromUs, toUs, day, application, isOnlyApplication } = input
  const range = { from: BigInt(fromUs), to: BigInt(toUs) }
  const own = isOnlyApplication ? 'TRUE' : `application = ${quoteText(application)}`
  // Of other applications only lines with an id: a callout carries the id of the call that caused it.
  const withId = isOnlyApplication
    ? 'TRUE'
    : `(${own} OR correlation_id IS NOT NULL OR other_ids IS NOT NULL)`
  await db.run(
    `CREATE OR REPLACE TEMP TABLE gateway_window AS
     SELECT hop_id, start_ts, start_ts::DATE = $day::DATE AS in_day,
       start_ts >= $day::TIMESTAMP - to_microseconds(${NEAR_US}) AND start_ts < $day::TIMESTAMP + INTERVAL 1 DAY + to_microseconds(${NEAR_US}) AS near,
       proxy, method, path_key, target_called, correlation_id, correlation_field, message_id, other_ids,
       epoch_us(start_ts) AS start_us, epoch_us(end_ts) AS stop_us,
       epoch_us(coalesce(target_sent_start_ts, client_received_end_ts, start_ts)) AS sent_us,
       epoch_us(coalesce(target_received_end_ts, client_sent_start_ts, end_ts)) AS at_us,
       CASE WHEN target_received_end_ts IS NOT NULL OR target_status IS NOT NULL THEN at_us - sent_us END AS took_us,
       target_status, subject_kind, subject_issuer, subject_name, client_ip, user_agent, query, bytes_out, target_ip
     FROM ${gateway} WHERE ${own} AND start_ts >= make_timestamp($from::BIGINT) AND start_ts < make_timestamp($to::BIGINT)`,
    { ...range, day },
  )
  await db.run(
    `CREATE OR REPLACE TEMP TABLE app_window AS
     SELECT hop_id, ${own} AS same_application, end_ts, method, path_key, correlation_id, correlation_field, other_ids, peer_ip,
       coalesce(host, server_ip, '') AS clock_host, site, server_port, ${placeInLog(input)},
       epoch_us(end_ts) AS end_us, resolution_ms * 1000 AS resolution_us, duration_us AS took_us, status, handshake,
       subject_kind, subject_issuer, subject_name, client_ip, user_agent, query, bytes_out, kernel, server_ip
     FROM ${server} WHERE ${withId} AND NOT (kernel AND (method IS NULL OR path_key IS NULL)) AND end_ts >= make_timestamp($from::BIGINT) AND end_ts < make_timestamp($to::BIGINT)`,
    range,
  )
  if (input.hasKernel) await db.run(KERNEL_CLOCKS)
}

/** What a line's place is counted in, a source or a log inside of one, and the place: only order and equality count. */
function placeInLog({ hasShipped }: ClaimsInput): string {
  if (!hasShipped) return 'source_id AS piece_of, line_no'
  const { log, spot } = SHIPPED_FROM
  const source = "lpad(source_id::VARCHAR, 10, '0')"
  return `CASE WHEN ${spot} IS NULL THEN ${source} || coalesce(${log}, '') ELSE ${log} END AS piece_of, coalesce(${spot}::BIGINT, line_no) AS line_no`
}

/** HTTPERR seldom names its host: its clock is that of the IIS logs of the same address, where these have one. */
const KERNEL_CLOCKS = `
  UPDATE app_window SET clock_host = iis.clock_host
  FROM (SELECT server_ip, min(clock_host) AS clock_host FROM app_window WHERE NOT kernel
    GROUP BY server_ip HAVING min(clock_host) = max(clock_host)) AS iis
  WHERE app_window.kernel AND iis.server_ip = app_window.server_ip
    AND app_window.clock_host NOT IN (SELECT clock_host FROM app_window WHERE NOT kernel)`

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

/** What a person should know about the ids and the evidence of the window. */
export async function warningsOf(db: Database): Promise<string[]> {
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
