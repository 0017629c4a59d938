import type { LedgerState } from '../../ledger/state.ts'
import { jsonFile, type Period, sourcesFile } from './accounts.ts'
import type { Findings } from './findings.ts'
import { type BundleFinding, type Completeness, MANIFEST_FILE, type Manifest, type Sample } from './format.ts'
import type { Totals } from './totals.ts'
import type { Crypto } from './world.ts'

/** What a bundle says that was found. */
export interface Said {
  readonly manifest: Manifest
  readonly state: LedgerState
  readonly period: Period
  readonly sample: Sample
  /** SHA-256 of query.json. */
  readonly sampleSeed: string
  readonly found: readonly BundleFinding[]
  /** Text of sources.json. */
  readonly sources: string
  readonly completeness: Completeness
}

/** Compares it with what was found, and says what nobody can compare. */
export function checkSums(said: Said, totals: Totals, crypto: Crypto, findings: Findings): void {
  checkCounts(said, totals, findings)
  const hash = totals.hash?.digest(crypto.hasher()) ?? null
  const { populationHash } = said.manifest.predicate
  if (hash !== populationHash) findings.fail('soundness', MANIFEST_FILE, `its population hash is ${populationHash}, the records have ${hash}`)
  if (said.sources !== jsonFile(sourcesFile(said.state, said.period, totals.sources))) findings.fail('completeness', 'sources.json', 'the ledger says otherwise')
  checkSample(said, totals, findings)
  for (const { incident, requests } of said.found)
    for (const id of requests) if (!totals.met.has(id)) findings.fail('completeness', 'findings.ndjson', `incident ${incident}: request ${id} is not in population.ndjson`)
  sayUnchecked(said, findings)
} // biome-ignore format: one line each

function checkCounts({ manifest, state, period, found }: Said, totals: Totals, findings: Findings): void {
  const { requests, hops, links, exceptions } = totals
  const { sources } = sourcesFile(state, period, totals.sources)
  const counts = { requests, hops, links, exceptions, findings: found.length, sources: sources.length }
  for (const [name, count] of Object.entries(counts)) {
    const said = manifest.predicate.counts[name as keyof typeof counts]
    if (said !== count) findings.fail('completeness', MANIFEST_FILE, `it says ${said} ${name}, there are ${count}`)
  }
} // biome-ignore format: one line each

function checkSample({ sample: { requests, seed }, sampleSeed }: Said, totals: Totals, findings: Findings): void {
  const fail = (what: string): void => findings.fail('soundness', 'sample.json', what)
  if (seed !== sampleSeed) fail('its seed is not the SHA-256 of query.json')
  const ids = requests.map(r => r.request_id)
  if (JSON.stringify(ids) !== JSON.stringify(totals.sample.ids())) fail('it is not the sample that its rule chooses')
  for (const entry of requests)
    if (JSON.stringify(entry) !== JSON.stringify(totals.sampled.get(entry.request_id)))
      fail(`request ${entry.request_id}: its hops say otherwise`)
} // biome-ignore format: one line each

function sayUnchecked({ completeness }: Said, findings: Findings): void {
  findings.notChecked('soundness', 'that no further link concerns these hops: the absence of a link is the word of who made the bundle (--store checks it)')
  findings.notChecked('soundness', 'that report.html and README.txt say what the other files say: they are signed, not made again')
  if (completeness.notEvaluated !== null) findings.notChecked('soundness', 'which findings there are: rules judge more lines than these, by settings of who made the bundle')
  findings.notChecked('completeness', 'that no further request of the period fulfils the filter: other rows are not disclosed (--store checks it)')
} // biome-ignore format: long messages
