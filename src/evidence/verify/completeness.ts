import type { LedgerState } from '../../ledger/state.ts'
import type { Completeness } from '../schema.ts'
import { daysOf, ledgerAccounts, type Period } from './accounts.ts'
import { checkControlTotals } from './control-totals.ts'
import type { Findings } from './findings.ts'
import type { Totals } from './totals.ts'

const FILE = 'completeness.json'

/** Whether what was read, stored, linked and found adds up, in both directions. */
export function checkCompleteness(
  said: Completeness,
  state: LedgerState,
  period: Period,
  { sources, hours }: Pick<Totals, 'sources' | 'hours'>,
  findings: Findings,
): void {
  const fail = (where: string, what: string): void => findings.fail('completeness', `${FILE} ${where}`, what)
  const ledger = ledgerAccounts(state, period, sources)
  for (const part of Object.keys(ledger) as (keyof typeof ledger)[])
    if (JSON.stringify(said.ledger[part]) !== JSON.stringify(ledger[part]))
      fail(`ledger.${part}`, 'the ledger says otherwise')
  for (const { id, lines, decoded, directives, rejected } of said.ledger.sources)
    if (lines !== decoded + directives + rejected)
      fail(`source ${id}`, `${lines} lines, but ${decoded} decoded, ${directives} directives and ${rejected} rejected`)
  checkRows(said, state, period, fail)
  checkLinks(said, state, fail)
  checkRequests(said, hours, fail)
  checkControlTotals(said, period, findings)
  if (said.coverage !== null) findings.notChecked('completeness', 'which hours of logs are whole: that is the word of who made the bundle')
  if (said.notEvaluated === null) findings.notChecked('completeness', 'whether anything is wrong by the rules: findings were not evaluated')
  if (said.coverage === null) findings.notChecked('completeness', 'whether logs are missing: coverage was not evaluated')
} // biome-ignore format: one line each

type Fail = (where: string, what: string) => void

/** Every row of a file of facts is counted in some hour. */
function checkRows(said: Completeness, state: LedgerState, period: Period, fail: Fail): void {
  const counted = new Map<string, number>()
  for (const { side, hour, rows } of said.hops) add(counted, `${side} ${hour.slice(0, 10)}`, rows)
  const stored = new Map<string, number>()
  for (const { kind, day, rows } of state.segments) add(stored, `${kind} ${day}`, rows)
  for (const day of daysOf(period))
    for (const side of new Set(state.segments.map(s => s.kind)))
      if (!counted.has(`${side} ${day}`) && stored.has(`${side} ${day}`)) counted.set(`${side} ${day}`, 0)
  for (const [key, rows] of counted)
    if (rows !== (stored.get(key) ?? 0)) fail(key, `${rows} hops by the hour, the ledger has ${stored.get(key) ?? 0} rows`)
} // biome-ignore format: one line each

/** The links of a day are those of its gateway hops. */
function checkLinks({ hops }: Completeness, state: LedgerState, fail: Fail): void {
  const counted = new Map<string, number>()
  for (const { side, hour, links } of hops) if (side === 'gateway') add(counted, hour.slice(0, 10), links)
  const stored = new Map<string, number>()
  for (const { day, link } of state.days.values()) add(stored, day, link?.counts.linked ?? 0)
  for (const [day, links] of counted)
    if (links !== (stored.get(day) ?? 0)) fail(day, `${links} links by the hour, the ledger has ${stored.get(day) ?? 0}`)
} // biome-ignore format: one line each

/** Each hop is in one request, and each request that was found is counted. */
function checkRequests({ hops, requests }: Completeness, found: ReadonlyMap<string, number>, fail: Fail): void {
  const expected = new Map<string, number>()
  for (const { side, hour, rows, versions, links, unasked } of hops)
    add(expected, hour, side === 'gateway' ? rows - versions : rows - links - unasked)
  const isCounted = new Set(requests.map(r => r.hour))
  for (const { hour, requests: all, found: some } of requests) {
    if (all !== (expected.get(hour) ?? 0)) fail(hour, `${all} requests, its hops and links make ${expected.get(hour) ?? 0}`)
    if (some !== (found.get(hour) ?? 0)) fail(hour, `${some} requests found, population.ndjson has ${found.get(hour) ?? 0}`)
    if (some > all) fail(hour, `${some} of ${all} requests found`)
  }
  // An hour of application lines that all belong to earlier calls has no request of its own.
  const needed = [...expected].flatMap(([hour, n]) => (n === 0 ? [] : [hour]))
  for (const hour of [...needed, ...found.keys()]) if (!isCounted.has(hour)) fail(hour, 'the hour is left out')
} // biome-ignore format: one line each

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}
