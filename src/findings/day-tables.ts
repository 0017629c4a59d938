import { coverageAround } from '../coverage/block.ts'
import { createCoverageHours } from '../coverage/hours-table.ts'
import type { LedgerState } from '../ledger/state.ts'
import { addressMatcher } from '../model/address.ts'
import { fieldKey } from '../model/ids.ts'
import { KERNEL_REASONS } from '../model/kernel-reasons.ts'
import { DAY_US, dayNumber, dayText, MINUTE_US } from '../model/time.ts'
import { wrappedLayouts, wrapsKernelRows, wrapsLines } from '../model/wrapped.ts'
import { createRequestsOfDay } from '../requests/search-view.ts'
import { factsOfDays } from '../store/facts.ts'
import { type Params, quoteText, sqlFile } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import type { FindingSettings } from './settings.ts'

const table = (name: string): string => sqlFile(`./tables/${name}.sql`, import.meta.url)
const TABLES = {
  hostClocks: table('host_clocks'),
  coverageWorst: table('coverage_worst'),
  coverageSpans: table('coverage_spans'),
  timedCalls: table('timed_calls'),
  askedHours: table('asked_hours'),
  alikeNames: table('alike_names'),
  calls: table('calls'),
  lines: table('lines'),
}

/** Tokens of so many days before are looked at, whatever their lifetime. */
const MOST_TOKEN_DAYS = 7

/** An application whose requests of a day are to be judged. */
export interface JudgedApplication {
  readonly application: string
  /** Its day is open. */
  readonly provisional: boolean
}

/** Creates the tables that rules read, for one day. */
export async function createDayTables(
  store: Store,
  day: string,
  applications: readonly JudgedApplication[],
  settings: FindingSettings,
): Promise<void> {
  const { db } = store
  await createCoverageHours(db, await coverageAround(store, day))
  await createRequestsOfDay(store, day)
  await createList(store, 'judged_days', { application: 'VARCHAR', provisional: 'BOOLEAN' }, applications)
  await db.run(`CREATE OR REPLACE TEMP TABLE host_clocks AS ${TABLES.hostClocks}`, { day })
  await db.run(`CREATE OR REPLACE TEMP TABLE coverage_worst AS ${TABLES.coverageWorst}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE coverage_spans AS ${TABLES.coverageSpans}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE timed_calls AS ${TABLES.timedCalls}`, { day })
  await db.run(`CREATE OR REPLACE TEMP TABLE asked_hours AS ${TABLES.askedHours}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE alike_names AS ${TABLES.alikeNames}`)
  await db.run(`CREATE OR REPLACE TEMP VIEW calls AS ${TABLES.calls}`)
  await createPeers(store, settings)
  await createMutualTls(store, settings)
  await db.run(`CREATE OR REPLACE TEMP TABLE server_lines AS ${TABLES.lines}`, certificatePattern(settings))
  await db.run('CREATE OR REPLACE TEMP VIEW lines AS SELECT * FROM server_lines WHERE NOT kernel')
  await createKernelReasons(store)
  await createList(store, 'public_paths', { path: 'VARCHAR' }, settings.publicPaths.map(path => ({ path: likeOf(path) })))
  await createTokenUses(store, day, settings)
  await db.run(NETWORK_OF)
} // biome-ignore format: one step a line

/** The values that rules name as parameters. */
export function ruleParams(state: LedgerState, day: string, settings: FindingSettings): Params {
  return {
    day,
    kernel_logs: String(hasKernelLogs(state, day)),
    clock_ahead_us: String(Math.round(settings.clockAheadSeconds * 1e6)),
    networks: String(settings.networks),
    token_lifetime_us: String(Math.round((settings.tokenLifetimeMinutes ?? 0) * MINUTE_US)),
  }
}

/** Whether a log of HTTP.sys is there that tells of the week around a day; one without a row has no time of its own. */
function hasKernelLogs({ sources }: LedgerState, day: string): boolean {
  const near = (us: number): boolean => Math.abs(us / DAY_US - dayNumber(day)) <= 7
  return [...sources.values()].some(({ format, state, accounting: { firstUs, lastUs } }) => {
    if (format !== 'iis-httperr' && !(wrapsLines(format) && wrapsKernelRows(state.format))) return false
    if (firstUs === undefined || lastUs === undefined) return true
    return (
      near(firstUs) || near(lastUs) || (firstUs < dayNumber(day) * DAY_US && lastUs > dayNumber(day) * DAY_US)
    )
  })
}

/** The network of an address: /24 of IPv4, /48 of IPv6; NULL for anything else. */
const NETWORK_OF = `CREATE OR REPLACE TEMP MACRO network_of(ip) AS
  CASE
    WHEN regexp_full_match(ip, '\\d+\\.\\d+\\.\\d+\\.\\d+') THEN regexp_extract(ip, '^(\\d+\\.\\d+\\.\\d+)', 1)
    WHEN contains(ip, ':') THEN lower(concat_ws(':', split_part(ip, ':', 1), coalesce(nullif(split_part(ip, ':', 2), ''), '0'),
      CASE WHEN split_part(ip, ':', 2) = '' THEN '0' ELSE coalesce(nullif(split_part(ip, ':', 3), ''), '0') END))
  END`

/** Which peers are the gateway, and which may come without it. */
async function createPeers(store: Store, { trustedProxies, expectedDirect }: FindingSettings): Promise<void> {
  const peers = await store.db.rows<{ peer: string }>(
    "SELECT DISTINCT coalesce(peer_ip, '') AS peer FROM server_facts",
  )
  const isTrusted = trustedProxies.length > 0 ? addressMatcher(trustedProxies) : undefined
  const rows = peers.map(({ peer }) => ({ peer_ip: peer, trusted: isTrusted?.(peer) ?? null }))
  await createList(store, 'peers', { peer_ip: 'VARCHAR', trusted: 'BOOLEAN' }, rows)
  const expected = expectedDirect.flatMap(({ peers: blocks, paths = ['*'] }) => {
    const isOne = addressMatcher(blocks)
    const own = peers.filter(({ peer }) => isOne(peer))
    return own.flatMap(({ peer }) => paths.map(path => ({ peer_ip: peer, path: likeOf(path) })))
  })
  await createList(store, 'expected_direct', { peer_ip: 'VARCHAR', path: 'VARCHAR' }, expected)
}

/** Sites that want a client certificate, and sources whose log has a field for it. */
async function createMutualTls(store: Store, { mutualTls }: FindingSettings): Promise<void> {
  const pattern = (globs: readonly string[] | undefined): string | null => globs?.map(regexOf).join('|') ?? null
  const sites = mutualTls.map(it => ({ sites: pattern(it.sites), host_headers: pattern(it.hostHeaders), hosts: pattern(it.hosts) }))
  await createList(store, 'mutual_tls_sites', { sites: 'VARCHAR', host_headers: 'VARCHAR', hosts: 'VARCHAR' }, sites)
  const wanted = new Set(certificateNames(mutualTls).map(fieldKey))
  const sources = [...store.state.sources.values()].filter(({ state }) => {
    const { fields } = state.format as { fields?: readonly string[] }
    // Of the logs that a shipper wrapped all must have it: one that has none says nothing of certificates.
    const lists = fields ? [fields] : (wrappedLayouts(state.format) ?? [])
    return lists.length > 0 && lists.every(names => names.some(name => wanted.has(fieldKey(name))))
  })
  await createList(store, 'certificate_sources', { source_id: 'INTEGER' }, sources.map(s => ({ source_id: s.id })))
} // biome-ignore format: one step a line

function certificateNames(mutualTls: FindingSettings['mutualTls']): string[] {
  return mutualTls.flatMap(it => it.fields)
}

/** Members of the attributes that hold a certificate, in any case, as they stand in the JSON text. */
function certificatePattern({ mutualTls }: FindingSettings): Params {
  const names = certificateNames(mutualTls).map(escapeRegex).join('|') || '(?:[^\\s\\S])'
  return { certificate: `(?i)[{,]"(?:${names})":"[^"]` }
}

async function createKernelReasons(store: Store): Promise<void> {
  const rows = Object.entries(KERNEL_REASONS).map(([reason, { blames }]) => ({ reason, blames }))
  await createList(store, 'kernel_reasons', { reason: 'VARCHAR', blames: 'VARCHAR' }, rows)
}

/** Uses of access tokens up to a day, one row a token and day. */
async function createTokenUses(store: Store, day: string, { tokenLifetimeMinutes }: FindingSettings): Promise<void> {
  const lifetimeDays = tokenLifetimeMinutes === undefined ? 0 : Math.ceil((tokenLifetimeMinutes * MINUTE_US) / DAY_US)
  const back = Math.min(MOST_TOKEN_DAYS, lifetimeDays)
  const days = Array.from({ length: back + 1 }, (_, n) => dayText(dayNumber(day) - n))
  const facts = factsOfDays(store.state, store.root, 'gateway', new Set(tokenLifetimeMinutes === undefined ? [] : days))
  await store.db.run(`CREATE OR REPLACE TEMP TABLE token_uses AS
    SELECT access_token, min(start_ts) AS first_ts, max(start_ts) AS last_ts,
      arg_min(concat_ws(chr(31), subject_name, client_id, client_ip, user_agent), start_ts) AS device
    FROM ${facts} WHERE access_token IS NOT NULL AND start_ts::DATE <= ${quoteText(day)}::DATE
    GROUP BY access_token, start_ts::DATE`)
} // biome-ignore format: one step a line

async function createList(
  store: Store,
  name: string,
  columns: Readonly<Record<string, string>>,
  rows: readonly object[],
): Promise<void> {
  const names = Object.keys(columns)
  const shape = JSON.stringify([columns])
  await store.db.run(
    `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT ${names.map(n => `o.${n} AS ${n}`).join(', ')}
     FROM (SELECT unnest(from_json($json, ${quoteText(shape)})) AS o)`,
    { json: JSON.stringify(rows) },
  )
}

/** A glob as a pattern of LIKE, in lower case. */
function likeOf(glob: string): string {
  return glob
    .toLowerCase()
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('*', '%')
}

function regexOf(glob: string): string {
  return glob.toLowerCase().split('*').map(escapeRegex).join('.*')
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
