import type { AskingOptions } from '../../../src/elastic/dashboards/asking.ts'
import type { AskingPanel, ListPanel } from '../../../src/elastic/dashboards/description.ts'
import { LIST_ROWS, listSqlOf } from '../../../src/elastic/dashboards/list.ts'
import { type AnswerRow, questionOf } from '../../../src/elastic/dashboards/question.ts'
import { sqlOf } from '../../../src/elastic/dashboards/sql.ts'
import { coverageMappings, requestMappings } from '../../../src/elastic/mapping.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Flat } from './dashboard-data.ts'

/** A row of a list: values as text by column, without those that are not there. */
export type ListRow = Readonly<Record<string, string>>

/** A call to a server that answers JSON. Throws what it says where it refuses. */
export async function call(address: string, method: string, body?: string): Promise<unknown> {
  const type = address.endsWith('_bulk') ? 'application/x-ndjson' : 'application/json'
  const answer = await fetch(address, { method, headers: { 'content-type': type }, body: body ?? null })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${address}: ${answer.status} ${text.slice(0, 2000)}`)
  return JSON.parse(text)
}

export async function duckDbRows(
  store: Store,
  panel: AskingPanel,
  options: AskingOptions,
): Promise<AnswerRow[]> {
  const { breakdowns, measures } = questionOf(panel)
  const { sql, params } = sqlOf(panel, options)
  const rows = await store.db.rows<Record<string, unknown>>(sql, params)
  return rows.map(row => ({
    keys: breakdowns.map((_, i) => String(row[`b${i + 1}`])),
    measures: measures.map((_, i) => (row[`m${i + 1}`] as number | null | undefined) ?? null),
  }))
}

export async function duckDbList(store: Store, panel: ListPanel, options: AskingOptions): Promise<ListRow[]> {
  const { sql, params } = listSqlOf(panel, options)
  const rows = await store.db.rows<Record<string, string | null>>(sql, params)
  return rows.map(row => listRow(panel, column => row[column]))
}

export function listRow({ columns }: ListPanel, value: (column: string) => unknown): ListRow {
  const all = ['@timestamp', ...columns].map(column => [column, value(column)] as const)
  const there = all.filter(([, v]) => v !== null && v !== undefined)
  return Object.fromEntries(there.map(([column, v]) => [column, textOf(column, v)]))
}

/** Either side writes times with as many digits as it likes, and whole numbers of a double in its own way. */
function textOf(column: string, value: unknown): string {
  if (column === 'confidence') return String(Number(value))
  const [, seconds, digits = ''] =
    (column === '@timestamp' && /^([^.]*)(?:\.(\d*))?Z$/.exec(String(value))) || []
  return seconds === undefined ? String(value) : `${seconds}.${digits.padEnd(6, '0').slice(0, 6)}`
}

/** Rows but for those of the last moment, of which a list may show any. */
export function decidedRows(rows: readonly ListRow[]): string[] {
  const last = rows.length < LIST_ROWS ? '' : rows.at(-1)?.['@timestamp']
  return rows
    .filter(r => r['@timestamp'] !== last)
    .map(r => JSON.stringify(r))
    .sort()
}

/** Rows in one order; those of values that nothing has are left out, as DuckDB leaves them out. */
export function comparable(rows: readonly AnswerRow[]): Map<string, readonly (number | null)[]> {
  const full = rows.filter(r => r.keys.length === 0 || r.measures.some(m => m !== 0 && m !== null))
  return new Map(
    full.map(r => [r.keys.join(' | '), r.measures] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** One index a day, as documents are kept in production. */
export async function index(
  server: string,
  prefix: string,
  dataset: string,
  documents: readonly Flat[],
): Promise<void> {
  const mappings = dataset === 'requests' ? requestMappings() : coverageMappings()
  const days = new Set(documents.map(d => String(d['@timestamp']).slice(0, 10)))
  const name = (day: string): string => `${prefix}-${dataset}-${day}`
  for (const day of days) {
    await fetch(`${server}/${name(day)}`, { method: 'DELETE' })
    await call(
      `${server}/${name(day)}`,
      'PUT',
      JSON.stringify({ settings: { number_of_shards: 2, number_of_replicas: 0 }, mappings }),
    )
  }
  for (let at = 0; at < documents.length; at += 2000) {
    const lines = documents
      .slice(at, at + 2000)
      .flatMap(d => [{ index: { _index: name(String(d['@timestamp']).slice(0, 10)) } }, d])
    const body = `${lines.map(line => JSON.stringify(line)).join('\n')}\n`
    const answer = (await call(`${server}/_bulk`, 'POST', body)) as { readonly errors: boolean }
    if (answer.errors) throw new Error(`${dataset}: not every document was taken`)
  }
  await call(`${server}/${prefix}-${dataset}-*/_refresh`, 'POST')
}
