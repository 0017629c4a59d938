import type { SegmentRecord } from '../../ledger/entry.ts'
import { FACT_COLUMNS, type HopKind } from '../../model/hop.ts'
import { standingName } from '../../model/name-pattern.ts'
import type { Subject } from '../../model/subject.ts'
import { spelled } from '../../model/subject-text.ts'
import { dayNumber, dayText } from '../../model/time.ts'
import { daysWithHops } from '../../requests/settled-days.ts'
import { loadAliases, withAliases } from '../../requests/subjects.ts'
import { createDayRows, createRequests, linksOfDays } from '../../requests/view.ts'
import { quoteIdentifier, quoteText, quoteTexts } from '../../store/query.ts'
import { wholeFiles } from '../../store/records.ts'
import type { Store } from '../../store/store.ts'
import { MENTION_COLUMNS } from './columns.ts'
import type { Person } from './person.ts'

/** Rows of a segment that a person stands in. */
export interface Affected {
  readonly segment: SegmentRecord
  /** Rows of the person's own requests. */
  readonly own: number
  /** Rows of requests of others that mention the person. */
  readonly mentions: number
}

const KINDS = Object.keys(FACT_COLUMNS) as HopKind[]
/** Kinds whose lines name somebody. */
const NAMING = ['gateway', 'app'] as const

/**
 * Finds a person's hops: the tables erased_hops (kind, hop_id, how: own or mention) and erased_requests (request_id), the
 * requests that have such a hop. A hop is the person's own where it names him or belongs to a request whose subject he is.
 *
 * @returns names that facts have for the person, besides those that aliases tell
 */
export async function findOwnHops(store: Store, { subject }: Person): Promise<string[]> {
  const { db, state } = store
  await db.run(
    `CREATE OR REPLACE TEMP TABLE erased_hops (kind VARCHAR, hop_id UUID, how VARCHAR);
     CREATE OR REPLACE TEMP TABLE erased_requests (request_id VARCHAR)`,
  )
  const aliases = await loadAliases(store)
  await createNames(store, subject, aliases)
  const named = await daysNaming(store)
  for (const kind of NAMING) await insertNaming(store, kind, named, aliases)
  const known = new Set(daysWithHops(state))
  const near = [...around(named, 1)].filter(day => known.has(day)).sort()
  for (const day of near) await insertRequests(store, day, aliases)
  const rows = await db.rows<{ name: string }>('SELECT DISTINCT name FROM person_names ORDER BY name')
  return rows.map(row => row.name)
}

/** Creates person_ends, what the person's names mean, and person_names, what facts may name him. */
async function createNames({ db }: Store, subject: Subject, aliases: boolean): Promise<void> {
  const row = ({ kind, issuer, name }: Subject): string =>
    `(${[kind, issuer, name].map(quoteText).join(', ')})`
  const logged = { ...subject, issuer: spelled(subject.issuer), name: spelled(subject.name) }
  await db.run(
    `CREATE OR REPLACE TEMP TABLE person_ends AS
     SELECT DISTINCT * FROM (VALUES ${row(subject)}, ${row(logged)}) AS v (kind, issuer, name)`,
  )
  const meaning = aliases
    ? `UNION SELECT s.kind, s.issuer, s.name FROM subject_aliases AS s
       SEMI JOIN person_ends AS e ON e.kind = s.subject_kind AND e.issuer = s.subject_issuer AND e.name = s.subject_name`
    : ''
  await db.run(`CREATE OR REPLACE TEMP TABLE person_names AS SELECT * FROM person_ends ${meaning}`)
}

/** Days in which facts name the person, by the subject index. */
async function daysNaming({ db, state, root }: Store): Promise<string[]> {
  const indexes = state.indexes.filter(i => i.kind === 'subject')
  const isIndexed = new Set(indexes.map(i => i.day))
  const days = daysWithHops(state).filter(day => !isIndexed.has(day))
  if (indexes.length === 0) return days
  const paths = wholeFiles(root, indexes)
  const dayOf = new Map(indexes.map((index, i) => [paths[i] ?? '', index.day]))
  const rows = await db.rows<{ filename: string }>(
    `SELECT DISTINCT filename FROM read_parquet(${quoteTexts(paths)}, hive_partitioning = false, filename = true) AS f
     SEMI JOIN person_names AS n ON ${isNamed('f', 'n')}`,
  )
  return [...new Set([...days, ...rows.map(row => dayOf.get(row.filename) ?? '')])]
}

/** A subject of facts is one of a table of subjects. */
function isNamed(facts: string, table: string): string {
  return `${table}.kind = ${facts}.subject_kind AND ${table}.issuer = coalesce(${facts}.subject_issuer, '') AND ${table}.name = ${facts}.subject_name`
}

/** Both versions of a record count: either may name the person. */
async function insertNaming(store: Store, kind: (typeof NAMING)[number], days: readonly string[], aliases: boolean): Promise<void> {
  const segments = store.state.segments.filter(s => s.kind === kind && days.includes(s.day))
  if (segments.length === 0) return
  const facts = filesOf(store, segments)
  await store.db.run(
    `INSERT INTO erased_hops SELECT DISTINCT ${quoteText(kind)}, f.hop_id, 'own'
     FROM ${aliases ? withAliases(`(SELECT * FROM ${facts})`, kind) : facts} AS f SEMI JOIN person_ends AS e ON ${isNamed('f', 'e')}`,
  )
} // biome-ignore format: a signature

async function insertRequests(store: Store, day: string, aliases: boolean): Promise<void> {
  const { db } = store
  await createDayRows(store, new Set([day]), { aliases })
  await db.run(
    `CREATE OR REPLACE TEMP VIEW request_rows AS SELECT * FROM day_rows WHERE day = ${quoteText(day)}::DATE`,
  )
  await createRequests(store)
  await db.run(
    `CREATE OR REPLACE TEMP TABLE person_requests AS
     SELECT r.request_id, r.gateway_hop_id::UUID AS gateway_hop_id, r.app_hop_ids, e.kind IS NOT NULL AS is_own
     FROM requests AS r LEFT JOIN (SELECT DISTINCT kind, issuer, lower(name) AS name FROM person_ends) AS e
       ON e.kind = r.subject_kind AND e.issuer = coalesce(r.subject_issuer, '') AND e.name = r.subject;
     CREATE OR REPLACE TEMP TABLE person_request_hops AS
     SELECT request_id, is_own, 'gateway' AS kind, gateway_hop_id AS hop_id FROM person_requests WHERE gateway_hop_id IS NOT NULL
     UNION ALL SELECT u.request_id, u.is_own, CASE WHEN s.kernel THEN 'kernel' ELSE 'app' END, u.hop_id
       FROM (SELECT request_id, is_own, unnest(app_hop_ids)::UUID AS hop_id FROM person_requests) AS u
       LEFT JOIN server_facts AS s ON s.hop_id = u.hop_id;
     INSERT INTO erased_requests SELECT DISTINCT request_id FROM person_request_hops
       WHERE is_own OR hop_id IN (SELECT hop_id FROM erased_hops);
     INSERT INTO erased_hops SELECT DISTINCT kind, hop_id, 'own' FROM person_request_hops
       WHERE is_own AND hop_id NOT IN (SELECT hop_id FROM erased_hops)`,
  )
}

/** A name that stands in requests of others. */
export interface Mention {
  readonly name: string
  readonly hops: number
}

/**
 * Finds where else the person is mentioned: in paths, queries and the like of requests of others.
 *
 * @param erased names that are to be erased there, too: these hops join erased_hops, and their requests erased_requests
 */
export async function findMentions(
  store: Store,
  names: readonly string[],
  erased: readonly string[],
): Promise<Mention[]> {
  const { db, state } = store
  await db.run('CREATE OR REPLACE TEMP TABLE mentions (kind VARCHAR, hop_id UUID, text VARCHAR)')
  for (const kind of KINDS) {
    const segments = state.segments.filter(s => s.kind === kind)
    const columns = FACT_COLUMNS[kind].filter(c => MENTION_COLUMNS.has(c.name)).map(c => quoteIdentifier(c.name))
    if (segments.length === 0) continue
    await db.run(
      `INSERT INTO mentions SELECT ${quoteText(kind)}, hop_id, concat_ws(chr(31), ${columns.join(', ')}) FROM ${filesOf(store, segments)}
       WHERE ${isMentioned(`concat_ws(chr(31), ${columns.join(', ')})`, names)}
         AND hop_id NOT IN (SELECT hop_id FROM erased_hops)`,
    )
  }
  const found: Mention[] = []
  for (const name of names) {
    const { n } = await db.row<{ n: string }>(
      `SELECT count(DISTINCT hop_id)::VARCHAR AS n FROM mentions WHERE ${isMentioned('text', [name])}`,
    )
    if (n !== '0') found.push({ name, hops: Number(n) })
  }
  if (erased.length > 0) await addMentions(store, erased)
  return found
} // biome-ignore format: a signature

function isMentioned(text: string, names: readonly string[]): string {
  return `regexp_matches(${text}, ${quoteText(standingName(names))}, 'i')`
}

async function addMentions({ db, state, root }: Store, names: readonly string[]): Promise<void> {
  await db.run(
    `DELETE FROM mentions WHERE NOT ${isMentioned('text', names)};
     INSERT INTO erased_hops SELECT DISTINCT kind, hop_id, 'mention' FROM mentions;
     INSERT INTO erased_requests SELECT DISTINCT hex_id(coalesce(l.gateway_hop_id, m.hop_id))
       FROM mentions AS m LEFT JOIN (SELECT app_hop_id, gateway_hop_id FROM ${linksOfDays(state, root, () => true)}
         WHERE verdict = 'linked' AND posterior >= 0.9) AS l ON l.app_hop_id = m.hop_id`,
  )
}

/** The segments that hold hops of erased_hops. */
export async function affectedSegments(store: Store): Promise<Affected[]> {
  const { db, state } = store
  const affected: Affected[] = []
  for (const kind of KINDS) {
    const segments = state.segments.filter(s => s.kind === kind)
    if (segments.length === 0) continue
    const rows = await db.rows<{ filename: string; own: string; mentions: string }>(
      `SELECT filename, count(*) FILTER (WHERE how = 'own')::VARCHAR AS own, count(*) FILTER (WHERE how = 'mention')::VARCHAR AS mentions
       FROM ${filesOf(store, segments, 'filename = true')} AS f
       JOIN (SELECT * FROM erased_hops WHERE kind = ${quoteText(kind)}) AS e ON e.hop_id = f.hop_id GROUP BY filename`,
    )
    const byFile = new Map(rows.map(row => [row.filename, row]))
    for (const segment of segments) {
      const row = byFile.get(store.file(segment.path))
      if (row) affected.push({ segment, own: Number(row.own), mentions: Number(row.mentions) })
    }
  }
  return affected
}

/** Segments as a FROM item, row by row as they are. */
function filesOf({ root }: Store, segments: readonly SegmentRecord[], more = ''): string {
  const options = ['hive_partitioning = false', 'union_by_name = true', ...(more ? [more] : [])]
  return `read_parquet(${quoteTexts(wholeFiles(root, segments))}, ${options.join(', ')})`
}

/** Days and those within so many of them. */
export function around(days: readonly string[], reach: number): Set<string> {
  const shifts = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach)
  return new Set(days.flatMap(day => shifts.map(shift => dayText(dayNumber(day) + shift))))
}
