import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { IndexRecord } from '../ledger/entry.ts'
import { publishFile } from '../store/commit.ts'
import { layout } from '../store/layout.ts'
import { parquetOptions } from '../store/parquet.ts'
import { quoteIdentifier, quoteText, quoteTexts } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { sweepReplaced } from '../store/sweep.ts'
import { readyDays, settledDays } from './settled-days.ts'
import { createDayRows, REQUEST_ROWS } from './view.ts'

/**
 * Columns of ready requests: those of request_rows.sql, ids as 128 bits. who: the name that counts, in lower case and before
 * aliases; the rows are sorted by it.
 */
const STORED = `* REPLACE (request_id::UUID AS request_id, gateway_hop_id IS NOT NULL AS gateway_hop_id,
  list_transform(app_hop_ids, id -> id::UUID) AS app_hop_ids),
  lower(CASE WHEN app_kind = 'user' AND gateway_kind IS DISTINCT FROM 'user' THEN app_subject
    ELSE coalesce(gateway_subject, app_subject) END) AS who`
const READ = `* EXCLUDE (who) REPLACE (hex_id(request_id) AS request_id,
  CASE WHEN gateway_hop_id THEN hex_id(request_id) END AS gateway_hop_id,
  list_transform(app_hop_ids, id -> hex_id(id)) AS app_hop_ids)`

/** Another statement makes other rows: files of an earlier one are not read. */
export const SHAPE = hash('sha256', `${REQUEST_ROWS}${STORED}`, 'hex')

/**
 * Puts the requests of settled days together, once, sorted by subject, for those who search them. Derived: facts and
 * links remain what counts, and a day whose links or hops change is read from these again.
 *
 * @param most days at most, so that a writer that follows logs is not kept from them
 * @returns the days that were made ready
 */
export async function indexRequests(
  store: Store,
  most: number = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const { state } = store
  const ready = readyDays(state, SHAPE)
  const days = settledDays(state)
    .filter(day => !ready.has(day))
    .slice(0, most)
  if (days.length === 0) return []
  const upTo = state.head
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const indexes: IndexRecord[] = []
  for (const day of days)
    indexes.push({ kind: 'requests', day, upTo, shape: SHAPE, ...(await write(store, day, name)) })
  const replaced = state.indexes.filter(i => i.kind === 'requests' && days.includes(i.day)).map(i => i.path)
  store.append({ kind: 'indexed', indexes, replaced })
  sweepReplaced(store)
  return days
}

async function write(store: Store, day: string, name: string) {
  const file = join(layout.temporary(store.root), `requests-${day}.parquet`)
  await createDayRows(store, new Set([day]), { aliases: false })
  const rows = await store.db.run(
    `COPY (SELECT ${STORED} FROM day_rows WHERE day = ${quoteText(day)}::DATE ORDER BY who, start_ts, request_id)
     TO ${quoteText(file)} (${parquetOptions.requests})`,
  )
  return publishFile(store, file, layout.index('requests', day, name), rows)
}

/**
 * Ready requests as a FROM item with the columns of request_rows.sql.
 *
 * @param names lower-case names before aliases, of which one must count; undefined: any
 * @param hasAliases whether the table subject_aliases is to be applied
 */
export function readyRelation(
  root: string,
  indexes: readonly IndexRecord[],
  names: readonly string[] | undefined,
  hasAliases: boolean,
): string {
  const files = quoteTexts(indexes.map(i => join(root, i.path)))
  const only = names ? ` WHERE who IN (${names.map(quoteText).join(', ')})` : ''
  const rows = `SELECT ${READ} FROM read_parquet(${files}, hive_partitioning = false)${only}`
  if (!hasAliases) return `(${rows})`
  const means = (
    side: 'gateway' | 'app',
    stamp: string,
  ): string => `LEFT JOIN subject_aliases AS ${side}_means
    ON ${side}_means.kind = r.${side}_kind AND ${side}_means.issuer = coalesce(r.${side}_issuer, '') AND ${side}_means.name = r.${side}_subject
      AND (${side}_means.from_day IS NULL OR ${stamp}::DATE >= ${side}_means.from_day) AND (${side}_means.to_day IS NULL OR ${stamp}::DATE < ${side}_means.to_day)`
  const columns = (['gateway', 'app'] as const).flatMap(side =>
    ['kind', 'issuer', 'subject'].map(part => {
      const column = quoteIdentifier(`${side}_${part}`)
      const source = quoteIdentifier(part === 'subject' ? 'subject_name' : `subject_${part}`)
      return `CASE WHEN ${side}_means.name IS NULL THEN r.${column} ELSE ${side}_means.${source} END AS ${column}`
    }),
  )
  return `(SELECT r.* REPLACE (${columns.join(', ')}) FROM (${rows}) AS r
    ${means('gateway', 'r.start_ts')} ${means('app', 'r.app_end_ts')})`
}
