import { type Command, Option } from 'commander'
import { nearest } from '../config/nearest.ts'
import { ThroughlineError } from '../errors.ts'
import { REQUEST_FIELDS } from '../requests/fields.ts'
import { populationOf } from '../requests/population.ts'
import { countRequests, periodOfSearch, type Search, searchRequests } from '../requests/search.ts'
import type { Given } from '../store/reads.ts'
import type { Store } from '../store/store.ts'
import { type Context, type StoreFlags, storeOptions } from './context.ts'
import { withReaders } from './opening.ts'
import { count, duration, safe, type TableColumn, table } from './output.ts'
import { parsePeriod } from './period.ts'
import { prunedNote } from './pruned.ts'
import { recorded } from './reads.ts'
import { findingsFor } from './request-findings.ts'
import { csvLine, jsonRow } from './rows.ts'
import { wholeNumber } from './whole-number.ts'

interface Flags extends StoreFlags {
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly format: 'table' | 'json' | 'ndjson' | 'csv'
  readonly columns?: string
  readonly count?: boolean
  readonly hash?: boolean
  readonly fields?: boolean
}

const TABLE_LIMIT = 50

export function queryCommand(program: Command, context: Context): void {
  storeOptions(program.command('query'), { several: true })
    .summary('find requests')
    .description('Finds requests with a filter, oldest first. See docs/filter.md for the language.')
    .argument('[filter]', 'such as: subject:"alice" and path:/payroll/* and status >= 400', '')
    .option('--from <time>', 'first moment, UTC: a date, an RFC 3339 time, or now-7d')
    .option('--to <time>', 'moment after the last, likewise')
    .option('--limit <n>', `at most so many requests (default: ${TABLE_LIMIT} in a table, else all)`)
    .addOption(
      new Option('--format <format>', 'how to print')
        .choices(['table', 'json', 'ndjson', 'csv'])
        .default('table'),
    )
    .option('--columns <names>', 'columns to print, separated by commas')
    .option('--count', 'print only how many there are')
    .option('--hash', 'print only their number and population hash: equal requests, equal hash')
    .option('--fields', 'list the fields that filters and columns may name')
    .addHelpText(
      'after',
      "\nExamples:\n  throughline query 'subject:\"alice.meyer@corp.example\" and path:/payroll/*' --from 2026-07-01 --to 2026-10-01\n  throughline query 'status >= 400 and decided_by:gateway-policy' --format csv",
    )
    .action(async (filter: string, flags: Flags) => {
      if (flags.fields) return printFields(context)
      const range = parsePeriod(flags, context.now())
      const limit = flags.limit === undefined ? undefined : wholeNumber('--limit', flags.limit)
      const columns = flags.columns?.split(',').map(columnOf)
      await withReaders(context, flags, async (store, { config }) => {
        const findings = findingsFor(context, config)
        const search: Search = { filter, range, limit, columns, nowMs: context.now(), findings }
        const pruned = prunedNote(store, periodOfSearch(search))
        if (pruned) context.out.warn(pruned)
        const what = {
          filter,
          range,
          limit,
          columns,
          count: flags.count,
          hash: flags.hash,
          format: flags.format,
        }
        await recorded(context, store, { command: 'query', what }, () =>
          answer(context, store, search, flags),
        )
      })
    })
}

async function answer(context: Context, store: Store, search: Search, flags: Flags): Promise<Given> {
  if (flags.hash) {
    const { requests, sha256 } = await populationOf(store, search)
    context.out.line(`${requests} ${sha256}`)
    return { rows: requests, population: sha256 }
  }
  if (flags.count) {
    const rows = await countRequests(store, search)
    context.out.line(String(rows))
    return { rows }
  }
  if (flags.format === 'table') return { rows: await printTable(context, store, search) }
  return { rows: await printRows(context, store, search, flags.format) }
}

function columnOf(name: string): string {
  const wanted = name.trim()
  const field = REQUEST_FIELDS.find(f => f.name === wanted || f.aliases.includes(wanted))
  if (field) return field.column
  const guess = nearest(
    wanted,
    REQUEST_FIELDS.map(f => f.name),
  )
  throw new ThroughlineError(
    'USAGE',
    `--columns ${wanted}: unknown column${guess ? `; did you mean ${guess}?` : ''} (throughline query --fields lists them)`,
  )
}

function printFields({ out }: Context): void {
  const rows = REQUEST_FIELDS.map(f => [f.name, f.type, f.aliases.join(', '), f.description])
  for (const line of table(
    [{ title: 'field' }, { title: 'type' }, { title: 'also' }, { title: 'meaning' }],
    rows,
    out,
  ))
    out.line(line)
}

const COLUMNS: readonly (TableColumn & { readonly cell: (row: Row) => string })[] = [
  { title: 'started (UTC)', cell: row => String(row.start_ts).slice(0, 23).padEnd(19) },
  { title: 'state', cell: row => String(row.state) },
  { title: 'method', cell: row => safe(row.method) },
  { title: 'path', most: 48, cell: row => safe(row.path) },
  { title: 'status', align: 'right', cell: row => String(row.status ?? '-') },
  { title: 'decided by', cell: row => [row.decided_by ?? '-', row.decided_detail].filter(Boolean).map(safe).join(' '), most: 36 },
  { title: 'subject', most: 32, cell: row => safe(row.subject ?? '-') },
  { title: 'duration', align: 'right', cell: row => (row.duration_us === null ? '-' : duration(Number(row.duration_us))) },
  { title: 'request', cell: row => String(row.request_id) },
] // biome-ignore format: a table

type Row = Record<string, unknown>

async function printTable({ out }: Context, store: Store, search: Search): Promise<number> {
  const limit = search.limit ?? TABLE_LIMIT
  const rows: Row[] = []
  for await (const batch of searchRequests(store, { ...search, limit: limit + 1 })) rows.push(...batch)
  const shown = rows.slice(0, limit)
  if (shown.length === 0) {
    out.line('no requests match; throughline status shows the period that the store covers')
    return 0
  }
  const columns = search.columns
    ? search.columns.map(name => ({ title: name, cell: (row: Row) => safe(row[name] ?? '-') }))
    : COLUMNS
  for (const line of table(
    columns,
    shown.map(row => columns.map(c => c.cell(row))),
    out,
  ))
    out.line(line)
  if (rows.length <= limit) {
    out.line(`\n${count(shown.length)} ${shown.length === 1 ? 'request' : 'requests'}`)
    return shown.length
  }
  const total = await countRequests(store, search)
  out.line(`\n${count(shown.length)} of ${count(total)} requests, the oldest; --limit shows more`)
  return shown.length
}

async function printRows(
  { out }: Context,
  store: Store,
  search: Search,
  format: 'json' | 'ndjson' | 'csv',
): Promise<number> {
  let rows = 0
  if (format === 'json') await out.write('{"version":1,"requests":[')
  for await (const batch of searchRequests(store, search)) {
    for (const row of batch) {
      if (format === 'csv')
        await out.write(
          `${rows === 0 ? csvLine(Object.keys(row)) : ''}${csvLine(Object.values(jsonRow(row)))}`,
        )
      else if (format === 'ndjson') await out.write(`${JSON.stringify(jsonRow(row))}\n`)
      else await out.write(`${rows === 0 ? '\n' : ',\n'}${JSON.stringify(jsonRow(row))}`)
      rows++
    }
  }
  if (format === 'json') await out.write('\n]}\n')
  return rows
}
