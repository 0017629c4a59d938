import type { AskingOptions, PanelSql } from './asking.ts'
import type { AskingPanel } from './description.ts'
import { type Question, questionOf } from './question.ts'
import { SqlWriter } from './sql-writer.ts'

/**
 * The question of a panel for DuckDB: over the view `requests`, or over a relation `coverage` with a column for each of
 * COVERAGE_FIELDS. The same values are chosen and the same rows come back as from Elasticsearch, except that values
 * of filters and hours without any request are left out. Columns: b1, b2, … (text; times as ms since 1970), m1, m2, ….
 */
export function sqlOf(panel: AskingPanel, { now, period }: AskingOptions): PanelSql {
  const question = questionOf(panel)
  const writer = new SqlWriter(question.dataset, now)
  const where = writer.conditions(question.where, period)
  const keys = question.breakdowns.map((b, i) => `${writer.key(b)} AS k${i + 1}`)
  const parts = [
    `rows AS (SELECT ${['*', ...keys].join(', ')} FROM ${question.dataset} WHERE ${where})`,
    ...chosen(question, writer),
  ]
  return { sql: `WITH ${parts.join(',\n')}\n${outer(question, writer)}`, params: writer.params }
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

/** One relation a level: the combinations of values that are shown down to it. */
function chosen(question: Question, writer: SqlWriter): string[] {
  const [first] = question.measures
  if (first === undefined) return []
  return question.breakdowns.map((b, i) => {
    const keys = names('k', i + 1)
    const [outerKeys, key] = [names('k', i), `k${i + 1}`]
    const from = i === 0 ? 'rows' : `rows JOIN level${i} USING (${outerKeys.join(', ')})`
    const groups = `SELECT ${keys.join(', ')}, ${writer.measure(first)} AS m FROM ${from} WHERE ${key} IS NOT NULL GROUP BY ${keys.join(', ')}`
    if (b.kind !== 'values') return `level${i + 1} AS (SELECT ${keys.join(', ')} FROM (${groups}))`
    const order = b.order === 'value' ? key : `m DESC, ${key}`
    const partition = i === 0 ? '' : `PARTITION BY ${outerKeys.join(', ')} `
    const ranked = `SELECT *, row_number() OVER (${partition}ORDER BY ${order}) AS place FROM (${groups})`
    return `level${i + 1} AS (SELECT ${keys.join(', ')} FROM (${ranked}) WHERE place <= ${b.size})`
  })
}

function outer(question: Question, writer: SqlWriter): string {
  const depth = question.breakdowns.length
  const measures = question.measures.map((m, i) => `${writer.measure(m)} AS m${i + 1}`)
  if (depth === 0) return `SELECT ${measures.join(', ')} FROM rows`
  const keys = names('k', depth)
  const shown = keys.map((k, i) => `CAST(${k} AS VARCHAR) AS b${i + 1}`)
  const grouped = `SELECT ${[...keys, ...measures].join(', ')} FROM rows JOIN level${depth} USING (${keys.join(', ')}) GROUP BY ${keys.join(', ')}`
  const columns = [...shown, ...question.measures.map((_, i) => `m${i + 1}`)]
  return `SELECT ${columns.join(', ')} FROM (${grouped}) ORDER BY ${keys.join(', ')}`
}
