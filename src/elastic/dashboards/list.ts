import { bindFilter, parseFilter } from '../../requests/filter/index.ts'
import { quoteIdentifier } from '../../store/query.ts'
import { type Query, toQuery } from '../query.ts'
import { timeRange } from './aggregation.ts'
import type { AskingOptions, PanelSql } from './asking.ts'
import { datasetFields, fieldOf } from './datasets.ts'
import type { ListPanel } from './description.ts'
import { SqlWriter, timeColumn } from './sql-writer.ts'

/** Rows that Discover asks for (its setting discover:sampleSize). */
export const LIST_ROWS = 500

/** The body of a search for documents. */
export interface ListSearch {
  readonly size: number
  readonly track_total_hits: true
  readonly _source: false
  readonly sort: readonly Readonly<Record<string, unknown>>[]
  readonly fields: readonly string[]
  readonly query: Query
}

/** The search that Discover would run for a list, for the columns that are shown. */
export function listSearchOf({ dataset, where = '*' }: ListPanel, options: AskingOptions): ListSearch {
  const query = toQuery(bindFilter(parseFilter(where), datasetFields(dataset), options.now))
  return {
    size: LIST_ROWS,
    track_total_hits: true,
    _source: false,
    sort: [{ '@timestamp': { order: 'desc' } }, { _doc: { order: 'desc' } }],
    fields: ['*'],
    query: { bool: { filter: options.period ? [query, timeRange(options.period)] : [query] } },
  }
}

/** The same for DuckDB: the time, then the columns, as text. */
export function listSqlOf(panel: ListPanel, { now, period }: AskingOptions): PanelSql {
  const { dataset, where = '*', columns } = panel
  const writer = new SqlWriter(dataset, now)
  const conditions = writer.conditions(where, period)
  const time = timeColumn(dataset)
  const shown = columns.map(
    c => `CAST(${quoteIdentifier(fieldOf(dataset, c).column)} AS VARCHAR) AS ${quoteIdentifier(c)}`,
  )
  const selected = [`strftime(${time}, '%Y-%m-%dT%H:%M:%S.%fZ') AS "@timestamp"`, ...shown]
  return {
    sql: `SELECT ${selected.join(', ')} FROM ${dataset} WHERE ${conditions} ORDER BY ${[`${time} DESC`, ...columns.map(quoteIdentifier)].join(', ')} LIMIT ${LIST_ROWS}`,
    params: writer.params,
  }
}
