import { join } from 'node:path'
import { toHex } from '../ledger/bytes.ts'
import { sha256 } from '../ledger/ed25519.ts'
import { allEntries } from '../ledger/entry-file.ts'
import { leafHash, TreeHasher } from '../ledger/merkle.ts'
import { REQUEST_FIELDS } from '../requests/fields.ts'
import { bindFilter, parseFilter } from '../requests/filter/index.ts'
import { asksFindings } from '../requests/findings-source.ts'
import { countRequests } from '../requests/search.ts'
import { dayChanges } from '../requests/settled-days.ts'
import type { Store } from '../store/store.ts'
import { hopHours, requestHours } from './hours.ts'
import { createPopulation, likeJavaScript, populationRows } from './population.ts'
import type { Completeness, Manifest, Query } from './schema.ts'
import { daysOf, type Period, periodOf } from './verify/accounts.ts'
import { Findings, type PartResult } from './verify/findings.ts'
import { LineReader, readAll } from './verify/lines.ts'
import type { BundleFiles } from './verify/world.ts'

/** Whether a store gives the rows of a bundle again. */
export async function agreementOf(store: Store, files: BundleFiles, manifest: Manifest, query: Query): Promise<PartResult> {
  const findings = new Findings()
  const { predicate } = manifest
  const { state } = store
  const period = periodOf(query)
  if (predicate.storeId !== state.storeId) {
    findings.fail('agreement', 'store', `it is ${state.storeId}, the bundle was made from ${predicate.storeId}`)
    return findings.result('agreement')
  }
  const root = rootAt(store, predicate.checkpoint.size)
  if (!root || toHex(root) !== predicate.checkpoint.root) {
    findings.fail('agreement', 'store', `its first ${predicate.checkpoint.size} entries are not those of the bundle`)
    return findings.result('agreement')
  }
  const changed = changedSince(store, period, predicate.checkpoint.size)
  if (predicate.redacted) findings.skip('agreement', 'people are withheld: what was asked about them cannot be asked again')
  else if (changed !== undefined) findings.skip('agreement', changed)
  else {
    if (namesFindings(query)) findings.skip('agreement', 'the filter asks for findings, which depend on rules and settings: it was not asked again')
    else await compareRequests(store, files, query, period, findings)
    await compareHours(store, files, period, findings)
    if (predicate.counts.findings > 0) findings.notChecked('agreement', 'findings: the rules were not evaluated again')
  }
  return findings.result('agreement')
} // biome-ignore format: one line each

/** How many requests of a store answer the question of a bundle; undefined where its filter cannot be asked again. */
export async function requestsOf(store: Store, query: Query): Promise<number | undefined> {
  if (namesFindings(query)) return undefined
  return countRequests(store, { filter: query.filter, range: periodOf(query), nowMs: 0 })
}

function namesFindings({ filter }: Query): boolean {
  return asksFindings(bindFilter(parseFilter(filter), REQUEST_FIELDS, new Date(0)))
}

/** Root of the first entries of the store; undefined where it has fewer. */
export function rootAt({ root }: Pick<Store, 'root'>, size: number): Uint8Array | undefined {
  const tree = new TreeHasher(sha256)
  if (size === 0) return undefined
  for (const { digest } of allEntries(join(root, 'ledger'))) {
    tree.add(leafHash(sha256, Buffer.from(digest, 'hex')))
    if (tree.size === size) return tree.root()
  }
  return undefined
}

/** Why the store can give other rows by now; undefined where it must give the same. */
function changedSince({ state }: Store, period: Period, size: number): string | undefined {
  const days = daysOf(period)
  const { pruning } = state
  if (pruning && pruning.seq >= size && (days[0] ?? '') < pruning.before)
    return `the days before ${pruning.before} were pruned on ${pruning.at.slice(0, 10)} (ledger entry ${pruning.seq}), after the bundle was made`
  const changes = dayChanges(state)
  const changed = days.filter(day => changes(day).seq >= size)
  if (changed.length > 0)
    return `the store has taken in or linked more of ${changed.slice(0, 5).join(', ')}${changed.length > 5 ? ' and more days' : ''} since the bundle was made`
  const { subjects } = state
  return subjects && subjects.seq >= size ? `other aliases are in force since entry ${subjects.seq}` : undefined
} // biome-ignore format: long messages

/** Both are in order of start, so that a request that one of them lacks shows where it should be. */
async function compareRequests(store: Store, files: BundleFiles, { filter }: Query, range: Period, findings: Findings): Promise<void> {
  const reader = new LineReader('population.ndjson', files.read('population.ndjson'))
  const fail = (where: string, what: string): void => findings.fail('agreement', where, what)
  await createPopulation(store, { filter, range, nowMs: 0 })
  let said = await reader.next()
  for await (const rows of populationRows(store))
    for (const { line } of rows) {
      const own = recordPart(likeJavaScript(line))
      const id = idOf(own)
      while (said && recordPart(said.text) !== own && isBefore(said.text, own)) {
        fail(`population.ndjson line ${said.no}`, 'the store does not find this request')
        said = await reader.next()
      }
      if (said && recordPart(said.text) === own) said = await reader.next()
      else if (said && idOf(said.text) === id) {
        fail(`population.ndjson line ${said.no}`, `the store says otherwise of request ${id}`)
        said = await reader.next()
      } else fail('population.ndjson', `request ${id} is missing: the store finds it`)
    }
  for (; said; said = await reader.next()) fail(`population.ndjson line ${said.no}`, 'the store does not find this request')
} // biome-ignore format: one line each

/** A line without the places of its hops, which change when files are merged. */
function recordPart(line: string): string {
  return line.slice(0, line.lastIndexOf(',"hops":['))
}

function idOf(line: string): string {
  return /^\{"request_id":"([0-9a-f]{32})"/.exec(line)?.[1] ?? ''
}

function isBefore(a: string, b: string): boolean {
  const start = (line: string): string => /"start_ts":"([^"]+)"/.exec(line)?.[1] ?? ''
  return start(a) < start(b) || (start(a) === start(b) && idOf(a) < idOf(b))
}

async function compareHours(store: Store, files: BundleFiles, period: Period, findings: Findings): Promise<void> {
  const text = new TextDecoder().decode(await readAll(files.read('completeness.json')))
  const said = JSON.parse(text) as Completeness
  const days = [...new Set([...daysOf(period), ...said.requests.map(r => r.hour.slice(0, 10))])].sort()
  const fail = (where: string, what: string): void => findings.fail('agreement', `completeness.json ${where}`, what)
  if (said.coverage !== null) findings.notChecked('agreement', 'coverage: it was not evaluated again')
  if (JSON.stringify(await hopHours(store, days)) !== JSON.stringify(said.hops)) fail('hops', 'the store counts otherwise')
  const hours = await requestHours(store, days)
  for (const { hour, requests } of said.requests)
    if (requests !== (hours.get(hour) ?? 0)) fail(hour, `it says ${requests} requests, the store has ${hours.get(hour) ?? 0}`)
} // biome-ignore format: one line each
