import { readFileSync } from 'node:fs'
import { type Reconciled, type Reconciliation, reconcile } from '../coverage/reconcile/reconcile.ts'
import { parseStats, type Stats, type StatsUnit } from '../coverage/reconcile/stats.ts'
import { ThroughlineError } from '../errors.ts'
import { DAY_US, HOUR_US, rfc3339 } from '../model/time.ts'
import type { Range } from '../store/facts.ts'
import type { Store } from '../store/store.ts'
import { count, type Output, safe, table } from './output.ts'

const MOST_ROWS = 30

/** Compares the totals of a file with the store. @returns the exit code: 1 where they differ or nothing is compared */
export async function printReconciliation(
  out: Output,
  store: Store,
  options: {
    readonly file: string
    readonly unit?: StatsUnit | undefined
    readonly range: Range
    readonly json: boolean
    readonly everything: boolean
  },
): Promise<number> {
  const stats = parseStats(
    readStats(options.file, '--reconcile').toString('utf8'),
    `--reconcile ${safe(options.file)}`,
    options.unit,
  )
  const result = await reconcile(store, stats, options.range)
  if (options.json) out.line(JSON.stringify(documentOf(stats, result), null, 2))
  else print(out, stats, result, options.everything)
  return exitCodeOf(result)
}

/** @throws SOURCE_NOT_FOUND */
export function readStats(file: string, option: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ThroughlineError(
      'SOURCE_NOT_FOUND',
      `${option} ${safe(file)}: cannot be read (${safe((cause as Error).message)}); name a file with an answer of the Stats API`,
      { file },
      cause,
    )
  }
}

function exitCodeOf({ rows }: Reconciliation): number {
  const isEqual = rows.some(r => r.verdict === 'equal') && rows.every(r => r.verdict === 'equal' || r.verdict === 'uncovered') // biome-ignore format: one line
  return isEqual ? 0 : 1
}

const proxyName = (proxy: string | undefined): string => safe(proxy ?? '(all proxies)')

function print(out: Output, stats: Stats, result: Reconciliation, everything: boolean): void {
  const { rows, compared, lengthUs } = result
  const span = lengthUs === DAY_US ? 'days' : 'hours'
  out.line(`totals     ${count(stats.totals.reduce((sum, t) => sum + t.calls, 0))} calls, ${time(stats.fromUs)} to ${time(stats.toUs)}`) // biome-ignore format: one line
  if (stats.notices.length > 0) out.line(`said       ${stats.notices.map(safe).join('; ')}`)
  for (const error of stats.errors) out.warn(`the totals report an error of their own: ${safe(error)}`)
  out.line(`compared   ${time(compared.fromUs)} to ${time(compared.toUs)}, by proxy and ${span.slice(0, -1)}; the first and the last may be cut by what was asked for (say it with --from and --to)`) // biome-ignore format: one line
  out.line()
  printProxies(out, rows, span)
  out.line()
  printApart(out, result, span)
  const differing = rows.filter(row => row.verdict === 'fewer' || row.verdict === 'more')
  if (differing.length > 0) return printDifferences(out, differing, lengthUs, everything)
  const isAny = rows.some(row => row.verdict === 'equal')
  out.line(isAny ? 'equal      every total that both have' : 'nothing could be compared: the totals and the store have no time in common') // biome-ignore format: one line
}

function printProxies(out: Output, rows: readonly Reconciled[], span: string): void {
  const proxies = new Map<string, Reconciled[]>()
  for (const row of rows) {
    const key = JSON.stringify([row.environment, row.proxy ?? null])
    proxies.set(key, [...(proxies.get(key) ?? []), row])
  }
  const right = (title: string) => ({ title, align: 'right' as const })
  const lines = [...proxies.values()].map(own => {
    const held = own.filter(row => row.verdict !== 'uncovered')
    const n = (verdict: Reconciled['verdict']): string =>
      count(own.filter(row => row.verdict === verdict).length)
    const sum = (side: 'stats' | 'store'): string => count(held.reduce((total, row) => total + row[side], 0))
    return [safe(own[0]?.environment), proxyName(own[0]?.proxy), n('equal'), n('fewer'), n('more'), n('uncovered'), sum('stats'), sum('store')] // biome-ignore format: one row
  })
  const columns = [
    { title: 'environment' },
    { title: 'proxy' },
    right(`${span} equal`),
    right('fewer in store'),
    right('more in store'),
    right('not in store'),
    right('calls in totals'),
    right('records in store'),
  ]
  for (const line of table(columns, lines.sort(), out)) out.line(line)
}

function printApart(
  out: Output,
  { rows, beyondStats, unknownEnvironments }: Reconciliation,
  span: string,
): void {
  const uncovered = rows.filter(row => row.verdict === 'uncovered')
  const calls = uncovered.reduce((sum, row) => sum + row.stats, 0)
  if (uncovered.length > 0)
    out.line(`apart      ${count(calls)} calls of the totals in ${span} that the store does not reach`)
  if (beyondStats > 0)
    out.line(`apart      ${count(beyondStats)} records of the store in ${span} that the totals do not cover`)
  if (unknownEnvironments.length > 0)
    out.line(`apart      the store has no record of ${unknownEnvironments.map(safe).join(', ')}`)
}

function printDifferences(
  out: Output,
  differing: readonly Reconciled[],
  lengthUs: number,
  everything: boolean,
): void {
  const shown = everything ? differing : differing.slice(0, MOST_ROWS)
  const right = (title: string) => ({ title, align: 'right' as const })
  const rows = shown.map(row => [
    safe(row.environment),
    proxyName(row.proxy),
    time(row.atUs),
    count(row.stats),
    count(row.store),
    `${row.store < row.stats ? '-' : '+'}${count(Math.abs(row.store - row.stats))}`,
  ])
  const columns = [{ title: 'environment' }, { title: 'proxy' }, { title: lengthUs === HOUR_US ? 'hour' : 'day' }, right('totals'), right('store'), right('store has')] // biome-ignore format: one list
  for (const line of table(columns, rows, out)) out.line(line)
  if (shown.length < differing.length)
    out.line(`and ${count(differing.length - shown.length)} more; --all lists them`)
}

function time(us: number): string {
  return rfc3339(us).slice(0, 16).replace('T', ' ')
}

function documentOf(stats: Stats, result: Reconciliation): Record<string, unknown> {
  return {
    version: 1,
    notices: stats.notices,
    errors: stats.errors,
    span_us: String(result.lengthUs),
    from: rfc3339(result.compared.fromUs),
    to: rfc3339(result.compared.toUs),
    records_beyond_totals: result.beyondStats,
    unknown_environments: result.unknownEnvironments,
    rows: result.rows.map(({ environment, proxy, atUs, stats: calls, store, verdict }) => ({
      environment,
      proxy: proxy ?? null,
      at: rfc3339(atUs),
      totals: calls,
      store,
      verdict,
    })),
  }
}
