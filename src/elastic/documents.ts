import type { Personal, Redactor } from '../model/redact.ts'
import type { FindingsOfDays } from '../requests/findings-source.ts'
import { RECORD_HASH } from '../requests/population.ts'
import { createRequestsOfDay } from '../requests/search-view.ts'
import { quoteIdentifier, quoteText } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { DOCUMENT_HASH, VALID_IP } from './document-sql.ts'

export interface DocumentOptions {
  /** Hides people from the receiver. */
  readonly redact?: Redactor | undefined
  /** What rules say of requests; without it documents say nothing of findings. */
  readonly findings?: FindingsOfDays | undefined
}

/** Columns with what a receiver that may not see people gets a stand-in for. */
const PERSONAL: Readonly<Record<string, Personal>> = {
  subject: 'subject',
  app_subject: 'subject',
  client_id: 'subject',
  developer_email: 'subject',
  client_ip: 'address',
  peer_ip: 'address',
}

/**
 * Creates the view documents over the requests of a day: the columns of the view requests, people hidden where they are
 * to be, and is_final, store_id, record_hash, document_hash; with the columns that `superseded` adds.
 */
export async function createDocuments(store: Store, day: string, options: DocumentOptions): Promise<void> {
  const { db, state } = store
  await options.findings?.(store, [day])
  await createRequestsOfDay(store, day)
  await db.run(VALID_IP)
  const from = options.redact ? await createHidden(store, options.redact) : 'requests'
  const closed = [...state.days.values()].filter(d => d.day === day && d.state === 'closed')
  const isFinal = closed.length
    ? `coalesce(application IN (${closed.map(d => quoteText(d.application)).join(', ')}), FALSE)`
    : 'FALSE'
  await db.run(`CREATE OR REPLACE TEMP VIEW live_rows AS
    SELECT r.* ${options.findings ? 'REPLACE (f.rules AS rules, f.incidents AS incidents), f.findings' : ', NULL::VARCHAR[] AS findings'}, ${isFinal} AS is_final, FALSE AS is_superseded, NULL::VARCHAR AS superseded_by,
      ${quoteText(state.storeId)} AS store_id, ${RECORD_HASH} AS record_hash
    FROM ${from} AS r ${options.findings ? 'LEFT JOIN request_findings AS f USING (request_id)' : ''}`)
  await db.run(
    `CREATE OR REPLACE TEMP VIEW documents AS SELECT *, ${DOCUMENT_HASH} AS document_hash FROM live_rows`,
  )
}

/**
 * Creates the view superseded: documents of app hops that were requests of their own and are part of another one by now.
 * They say no more than that.
 *
 * @param gone a FROM item with their request_id (UUID)
 */
export async function createSuperseded({ db, state }: Store, day: string, gone: string): Promise<void> {
  const start = `${quoteText(day)}::DATE`
  await db.run(`CREATE OR REPLACE TEMP VIEW superseded AS
    WITH claims AS (
      SELECT app_hop_id, min(hex_id(gateway_hop_id)) AS gateway_hop_id FROM link_rows
      WHERE verdict = 'linked' AND posterior >= 0.9 GROUP BY app_hop_id
    ), hops AS (SELECT hop_id, start_ts, end_ts, application FROM server_facts WHERE end_ts::DATE = ${start})
    SELECT * FROM live_rows WHERE FALSE
    UNION ALL BY NAME
    SELECT hex_id(g.request_id) AS request_id, coalesce(h.start_ts, ${start}::TIMESTAMP) AS start_ts, h.end_ts,
      ${start} AS day, coalesce(h.application, 'unknown') AS application, FALSE AS is_final, TRUE AS is_superseded,
      c.gateway_hop_id AS superseded_by, ${quoteText(state.storeId)} AS store_id
    FROM ${gone} AS g LEFT JOIN hops AS h ON h.hop_id = g.request_id LEFT JOIN claims AS c ON c.app_hop_id = g.request_id`)
  await db.run(
    `CREATE OR REPLACE TEMP VIEW superseded_documents AS SELECT *, ${DOCUMENT_HASH} AS document_hash FROM superseded`,
  )
}

const STAND_INS_AT_ONCE = 20_000

/** Creates the view hidden_requests, with stand-ins for the people of a day, and returns its name. */
async function createHidden({ db }: Store, redact: Redactor): Promise<string> {
  await db.run('CREATE OR REPLACE TEMP TABLE stand_ins (what VARCHAR, value VARCHAR, stand_in VARCHAR)')
  for (const what of ['subject', 'address'] as const) {
    const columns = Object.keys(PERSONAL).filter(column => PERSONAL[column] === what)
    const values = columns.map(c => `SELECT ${quoteIdentifier(c)} AS value FROM requests`).join(' UNION ')
    const found = await db.rows<{ value: string }>(`SELECT value FROM (${values}) WHERE value IS NOT NULL`)
    for (let at = 0; at < found.length; at += STAND_INS_AT_ONCE) {
      const some = found.slice(at, at + STAND_INS_AT_ONCE)
      const json = JSON.stringify(some.map(({ value }) => ({ what, value, stand_in: redact(what, value) })))
      await db.run(
        `INSERT INTO stand_ins SELECT o.what, o.value, o.stand_in FROM (SELECT unnest(from_json($json,
          '[{"what":"VARCHAR","value":"VARCHAR","stand_in":"VARCHAR"}]')) AS o)`,
        { json },
      )
    }
  }
  const joins = Object.entries(PERSONAL).map(
    ([column, what]) =>
      `LEFT JOIN stand_ins AS s_${column} ON s_${column}.what = ${quoteText(what)} AND s_${column}.value = r.${column}`,
  )
  const columns = Object.keys(PERSONAL).map(column => `s_${column}.stand_in AS ${column}`)
  await db.run(
    `CREATE OR REPLACE TEMP VIEW hidden_requests AS SELECT r.* REPLACE (${columns.join(', ')}) FROM requests AS r ${joins.join(' ')}`,
  )
  return 'hidden_requests'
}
