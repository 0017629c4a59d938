// Makes a store of N requests without reading logs: facts, index and links are made by SQL and enter through the
// store's own doors. The same N gives the same rows. What the store holds is as compaction leaves it: one file a day and side.
import { join } from 'node:path'
import { FACT_COLUMNS } from '../dist/model/hop.js'
import { LINK_COLUMNS } from '../dist/requests/view.js'
import { applicationsOf, publishFile, publishIndexes } from '../dist/store/commit.js'
import { layout } from '../dist/store/layout.js'
import { sealOf } from '../dist/store/leaves.js'
import { linksRoot } from '../dist/store/link-leaves.js'
import { parquetOptions } from '../dist/store/parquet.js'
import { quoteText } from '../dist/store/query.js'
import { Store } from '../dist/store/store.js'

export const SUBJECTS = 20_000
const FIRST_DAY = Date.UTC(2026, 5, 1)

export const dayOf = n => new Date(FIRST_DAY + n * 86_400_000).toISOString().slice(0, 10)
export const subjectName = k => `user${String(k).padStart(5, '0')}@corp.example`

/** Random numbers in [0, 1) by request number: u1, u2, ... */
const u = k => `((hash(n * 64 + ${k}) >> 11)::DOUBLE / 9007199254740992)`

const WHO = `'user' || lpad(who::VARCHAR, 5, '0') || '@corp.example'`
const PATHS =
  "['/payroll/v1/slips/','/payroll/v1/salaries/','/orders/v2/orders/','/orders/v2/carts/','/hr/v1/people/','/hr/v1/absences/','/stock/v3/items/','/stock/v3/moves/','/auth/v1/token','/reports/v1/daily/']"
const PATH = `list_extract(${PATHS}, 1 + (hash(n * 64 + 9) % 10)::INTEGER) || (hash(n * 64 + 10) % 50000)::VARCHAR`
const STATUS = `CASE WHEN ${u(11)} < 0.93 THEN 200 WHEN ${u(11)} < 0.96 THEN 404 WHEN ${u(11)} < 0.98 THEN 403 WHEN ${u(11)} < 0.99 THEN 401 ELSE 500 END`
const AGENT = "'Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+build/' || (hash(n * 64 + 12) % 300)::VARCHAR"
const CLIENT = "'client-' || (hash(n * 64 + 13) % 60)::VARCHAR"
const ID = "md5('c' || n)"
const IP = "'10.' || (who % 200)::VARCHAR || '.' || (who % 251)::VARCHAR || '.7'"

/** What each column of a side holds; those not named are NULL. */
const GATEWAY = {
  hop_id: "md5('g' || n)::UUID", field_count: '40', source_id: '0', line_no: 'n', byte_offset: 'n * 900',
  start_ts: 'ts', end_ts: 'ts + to_microseconds(took)', client_received_start_ts: 'ts', client_received_end_ts: 'ts + to_microseconds(300)',
  target_sent_start_ts: 'ts + to_microseconds(2000)', target_sent_end_ts: 'ts + to_microseconds(2300)',
  target_received_start_ts: 'ts + to_microseconds(took - 3000)', target_received_end_ts: 'ts + to_microseconds(took - 2500)',
  client_sent_start_ts: 'ts + to_microseconds(took - 1000)', client_sent_end_ts: 'ts + to_microseconds(took)', stamp_rule: "'ms'",
  resolution_ms: '1', clock: "'gateway'", target_called: 'TRUE', obfuscated: 'FALSE', organization: "'corp'", environment: "'prod'",
  gateway_source: "'message_processor'", message_id: "'rrt-' || md5('m' || n)[:16] || '-c-geu-1-' || n", proxy: "'proxy-' || (hash(n * 64 + 9) % 10)::VARCHAR",
  proxy_revision: "'7'", product: "'product-' || (hash(n * 64 + 9) % 4)::VARCHAR", developer_app: `'app-' || (hash(n * 64 + 13) % 60)::VARCHAR`,
  client_id: CLIENT, application: "'default'", method: `CASE WHEN ${u(14)} < 0.8 THEN 'GET' ELSE 'POST' END`, path: PATH, path_key: PATH,
  query: "'page=' || (hash(n * 64 + 15) % 40)::VARCHAR", proxy_basepath: "'/api'", status: STATUS, target_status: STATUS, target: "'default'",
  target_host: "'app.corp.example'", target_url: "'https://app.corp.example'", cache_hit: 'FALSE', is_error: 'FALSE', policy_error: 'FALSE', target_error: 'FALSE',
  total_ms: 'took // 1000', target_ms: 'took // 1000 - 4', correlation_id: ID, correlation_field: "'dc_correlation_id'",
  subject_kind: "CASE WHEN gateway_names THEN 'user' ELSE 'client' END", subject_name: `CASE WHEN gateway_names THEN ${WHO} ELSE ${CLIENT} END`,
  subject_raw: `CASE WHEN gateway_names THEN ${WHO} ELSE ${CLIENT} END`, peer_ip: IP, client_ip: IP, user_agent: AGENT,
  bytes_in: 'hash(n * 64 + 16) % 3000', bytes_out: 'hash(n * 64 + 17) % 90000', attributes: "'{\"ax_geo_city\":\"city ' || (hash(n * 64 + 18) % 90)::VARCHAR || '\"}'",
} // biome-ignore format: a table
const APP = {
  hop_id: "md5('a' || n)::UUID", source_id: '1', line_no: 'n', byte_offset: 'n * 300', start_ts: 'ts + to_microseconds(2300)', end_ts: "date_trunc('second', ts + to_microseconds(took))",
  duration_us: 'took - 5000', resolution_ms: '1000', clock: "'web-' || (n % 4)", host: "'web-' || (n % 4)", site: "'W3SVC1'", server_ip: "'10.0.0.' || (n % 4)", server_port: '443',
  host_header: "'app.corp.example'", application: "'default'", method: `CASE WHEN ${u(14)} < 0.8 THEN 'GET' ELSE 'POST' END`, path: PATH, path_key: PATH,
  query: "'page=' || (hash(n * 64 + 15) % 40)::VARCHAR", status: STATUS, substatus: '0', win32_status: '0', handshake: 'FALSE', correlation_id: ID,
  correlation_field: "'X-Correlation-ID'", username: `CASE WHEN app_names THEN ${WHO} END`, subject_kind: "CASE WHEN app_names THEN 'user' END",
  subject_name: `CASE WHEN app_names THEN ${WHO} END`, subject_raw: `CASE WHEN app_names THEN ${WHO} END`, peer_ip: "'10.30.0.5'", client_ip: IP, user_agent: AGENT,
  bytes_in: 'hash(n * 64 + 16) % 3000', bytes_out: 'hash(n * 64 + 17) % 90000',
} // biome-ignore format: a table
const LINK = {
  app_hop_id: "md5('a' || n)::UUID", gateway_hop_id: "md5('g' || n)::UUID", app_day: "date_trunc('second', ts + to_microseconds(took))::DATE", near_midnight: 'FALSE',
  verdict: "'linked'", method: "'id'", posterior: '1.0', runner_up: '0.0', candidates: '1', gateway_field: "'dc_correlation_id'", app_field: "'X-Correlation-ID'", how: "'equal'",
  duration_residual_us: 'hash(n * 64 + 19) % 900', ahead_us: 'hash(n * 64 + 20) % 900000', clock_low_us: '-900', clock_high_us: '1100', calibrated: 'TRUE',
} // biome-ignore format: a table

const select = (columns, values) =>
  columns.map(c => `(${values[c.name] ?? 'NULL'})::${c.sql} AS "${c.name}"`).join(', ')

/**
 * Makes the store and returns it open for writing.
 *
 * @param keyFolder folder of keys; undefined: nothing is sealed
 */
export async function makeStore({ path, requests, days, onDay, memoryMiB = 2048, keyFolder }) {
  const store = await Store.write({ path, memoryMiB }, { now: () => FIRST_DAY + days * 86_400_000, newId: () => 'bench', by: 'bench', keyFolder })
  const perDay = Math.ceil(requests / days)
  for (let d = 0; d < days; d++) {
    await makeDay(store, dayOf(d), d * perDay, Math.min(perDay, requests - d * perDay))
    onDay?.(dayOf(d))
  }
  return store
} // biome-ignore format: one call

async function makeDay(store, day, from, count) {
  const { db, root } = store
  // Two thirds of the gateway's records name the person, four fifths of the lines do; a few people make most requests.
  await db.run(`CREATE OR REPLACE TEMP VIEW made AS SELECT n, who, ts, took, gateway_names, app_names FROM (
    SELECT range AS n, floor(${SUBJECTS} * ${u(1).replace('n *', 'range *')} * ${u(1).replace('n *', 'range *')})::INTEGER AS who,
      '${day}'::TIMESTAMP + to_microseconds((${(86_399 * 1e6) / count} * (range - ${from}))::BIGINT) AS ts,
      8000 + (hash(range * 64 + 2) % 400000)::BIGINT AS took,
      hash(range * 64 + 3) % 100 < 70 AS gateway_names, hash(range * 64 + 4) % 100 < 80 AS app_names
    FROM range(${from}, ${from + count}))`)
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const staged = []
  for (const [kind, values] of [['gateway', GATEWAY], ['app', APP]]) {
    const file = join(layout.temporary(root), `${kind}.parquet`)
    const rows = await db.run(`COPY (SELECT ${select(FACT_COLUMNS[kind], values)} FROM made ORDER BY ${parquetOptions.order[kind]}) TO ${quoteText(file)} (${parquetOptions.facts})`)
    const stamp = kind === 'app' ? 'end_ts' : 'start_ts'
    const { a, b } = await db.row(`SELECT epoch_us(min(${stamp}))::VARCHAR AS a, epoch_us(max(${stamp}))::VARCHAR AS b FROM read_parquet(${quoteText(file)})`)
    staged.push({ kind, day, file, rows, firstUs: Number(a), lastUs: Number(b) })
  } // biome-ignore format: one statement a line
  const indexes = await publishIndexes(store, staged, name)
  const segments = []
  for (const { file, rows, ...s } of staged) {
    const applications = await applicationsOf(store, file)
    const seal = await sealOf(store.db, { ...s, file }, store.keys?.salts)
    segments.push({ ...s, ...seal, applications, versions: 0, ...(await publishFile(store, file, layout.segment(s.kind, day, `${name}-0000`), rows)) })
  } // biome-ignore format: one segment
  const config = '0'.repeat(64)
  store.append({ kind: 'ingest', sources: [], refused: [], segments, indexes, rejects: [], config })
  const links = join(layout.temporary(root), 'links.parquet')
  const rows = await db.run(
    `COPY (SELECT ${select(LINK_COLUMNS, LINK)} FROM made ORDER BY gateway_hop_id, app_hop_id) TO ${quoteText(links)} (${parquetOptions.links})`,
  )
  const salts = store.keys?.salts
  const seal = salts ? { root: await linksRoot(store.db, { file: links, day, columns: LINK_COLUMNS }, salts), salts: salts.id } : {}
  const file = await publishFile(store, links, layout.links('default', day, 1), rows)
  store.append({ kind: 'link', application: 'default', day, generation: 1, file, ...seal, contentHash: config, counts: { linked: rows }, warnings: [], method: 'throughline/2', config })
  store.append({ kind: 'linked', application: 'default', days: [day] })
  store.append({ kind: 'day', application: 'default', day, state: 'closed', reason: 'both sides covered' })
} // biome-ignore format: one entry a line
