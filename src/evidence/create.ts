import { hash } from 'node:crypto'
import { join } from 'node:path'
import { toHex } from '../ledger/bytes.ts'
import { formatCheckpoint, originOf } from '../ledger/checkpoint.ts'
import { formatEnvelope, signEnvelope } from '../ledger/dsse.ts'
import { sha256 } from '../ledger/ed25519.ts'
import { signNote } from '../ledger/note.ts'
import type { Redactor } from '../model/redact.ts'
import { REQUEST_FIELDS } from '../requests/fields.ts'
import { bindFilter, canonicalBound, parseFilter } from '../requests/filter/index.ts'
import type { FindingsOfDays } from '../requests/findings-source.ts'
import type { Range } from '../store/facts.ts'
import type { Salts, SigningKey } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { BundleFolder } from './bundle-folder.ts'
import { controlTotals, type HandedIn } from './control-totals.ts'
import { copyEntries } from './entries.ts'
import { writeFacts } from './facts-file.ts'
import { redactFilter } from './filter-redaction.ts'
import { hopHours, requestHours } from './hours.ts'
import type { FoundFindings, FoundIncident } from './inputs.ts'
import { writeLinks } from './links-file.ts'
import { createPopulation } from './population.ts'
import { writePopulation } from './population-file.ts'
import { readmeText } from './readme.ts'
import { PSEUDONYM_COLUMNS, WITHHELD_COLUMNS } from './redaction.ts'
import { reportPage } from './report/report.ts'
import type {
  BundleFinding,
  Completeness,
  CoverageGap,
  Exception,
  Manifest,
  Query,
  Redaction,
  Sample,
} from './schema.ts'
import { daysOf, jsonFile, ledgerAccounts, periodExceptions, sourcesFile } from './verify/accounts.ts'
import {
  BUNDLE_VERSION,
  MANIFEST_FILE,
  PAYLOAD_TYPE,
  PREDICATE_TYPE,
  STATEMENT_TYPE,
} from './verify/format.ts'
import { CHECKPOINT_FILE } from './verify/ledger.ts'
import { stampText } from './verify/record-columns.ts'

/** What is asked, and by whom. Equal inputs on an equal store give equal bytes. */
export interface Question {
  readonly filter: string
  /** Half-open, both ends finite. */
  readonly range: Range
  readonly purpose: string
  readonly requester: string
  /** RFC 3339. */
  readonly requestedAt: string
  /** What `now` means in the filter, milliseconds since 1970. */
  readonly nowMs: number
}

export interface CreateOptions {
  /** Folder to make. */
  readonly folder: string
  readonly question: Question
  /** Stand-ins for people; undefined: they are named. */
  readonly redactor: Redactor | undefined
  readonly signing: SigningKey
  /** The secret of a name, with which leaves were salted; undefined: it is not here. */
  readonly saltsOf: (name: string) => Salts | undefined
  /** The programs that lie in the bundle. */
  readonly verifiers: { readonly node: Uint8Array; readonly page: Uint8Array }
  /** Program and version. */
  readonly by: string
  /** Which hours lack logs; null: it was not evaluated. */
  readonly coverage?: (store: Store, range: Range) => Promise<readonly CoverageGap[] | null>
  /** What rules say of the period; without it, they were not run. */
  readonly findings?: (store: Store, range: Range) => Promise<FoundFindings>
  /** Totals that Apigee counted. */
  readonly stats?: HandedIn | undefined
  /** Whether the store's whole table of aliases is disclosed, so that names can be checked. */
  readonly withAliases?: boolean
  /** What answers conditions on findings in the filter; without it they are refused. */
  readonly findingsOfDays?: FindingsOfDays
}

export interface Created {
  readonly counts: Manifest['predicate']['counts']
  readonly populationHash: string
  readonly checkpoint: { readonly size: number; readonly root: string }
  /** Exceptions by kind. */
  readonly exceptions: ReadonlyMap<Exception['kind'], number>
}

/**
 * Writes a bundle of evidence.
 *
 * @throws FILTER_SYNTAX, FILTER_FIELD, OUTPUT_EXISTS, OUTPUT_UNWRITABLE, KEY_REFUSED
 */
export async function createBundle(store: Store, options: CreateOptions): Promise<Created> {
  const folder = new BundleFolder(options.folder)
  return folder.filled(() => write(store, folder, options))
}

async function write(store: Store, folder: BundleFolder, options: CreateOptions): Promise<Created> {
  const { question, redactor, verifiers } = options
  const { state } = store
  const { range, nowMs } = question
  const bound = bindFilter(parseFilter(question.filter), REQUEST_FIELDS, new Date(nowMs))
  const filter = canonicalBound(bound)
  const query: Query = {
    version: BUNDLE_VERSION,
    filter: redactor ? canonicalBound(redactFilter(bound, redactor)) : filter,
    from: stampText(range.fromUs),
    to: stampText(range.toUs),
    purpose: question.purpose,
    requester: question.requester,
    requestedAt: question.requestedAt,
    role: redactor ? 'analyst' : 'auditor',
  }
  const redaction: Redaction = {
    version: BUNDLE_VERSION,
    redacted: redactor !== undefined,
    withheld: redactor ? [...WITHHELD_COLUMNS] : [],
    pseudonyms: redactor ? [...PSEUDONYM_COLUMNS] : [],
  }
  const queryText = jsonFile(query)
  folder.write('query.json', queryText)
  folder.write('redaction.json', jsonFile(redaction))
  const checkpoint = writeCheckpoint(store, folder, options.signing)
  const coverage = (await options.coverage?.(store, range)) ?? null
  const totals = options.stats ? await controlTotals(store, options.stats, range) : null
  const judged = await options.findings?.(store, range)
  const incidents = judged?.incidents ?? []
  const segments = await createPopulation(store, { filter, range, nowMs, findings: options.findingsOfDays })
  const hops = await hopHours(store, daysOf(range))
  const exceptions = periodExceptions(ledgerAccounts(state, range, new Map()), range, { hops, coverage: coverage && [...coverage], controlTotals: totals })
  const found = await writePopulation(store, folder, {
    redactor,
    exceptions,
    sampleSeed: hash('sha256', queryText, 'hex'),
    named: new Set(incidents.flatMap(i => i.requestIds)),
  })
  const facts = await writeFacts(store, folder, segments, options, found.sample)
  const links = await writeLinks(store, folder, options)
  const sample: Sample = {
    version: BUNDLE_VERSION,
    seed: hash('sha256', queryText, 'hex'),
    requests: found.sample.flatMap(id => facts.sample.get(id) ?? []),
  }
  folder.write('sample.json', jsonFile(sample))
  const sources = sourcesFile(state, range, facts.sources)
  folder.write('sources.json', jsonFile(sources))
  const days = [...new Set([...daysOf(range), ...[...found.hours.keys()].map(hour => hour.slice(0, 10))])].sort()
  const allHours = await requestHours(store, days)
  const completeness: Completeness = {
    version: BUNDLE_VERSION,
    ledger: ledgerAccounts(state, range, facts.sources),
    hops: days.length === daysOf(range).length ? hops : await hopHours(store, days),
    requests: [...new Set([...allHours.keys(), ...found.hours.keys()])]
      .sort()
      .map(hour => ({ hour, requests: allHours.get(hour) ?? 0, found: found.hours.get(hour) ?? 0 })),
    coverage: coverage === null ? null : [...coverage],
    controlTotals: totals,
    notEvaluated: judged ? [...judged.notEvaluated] : null,
  }
  folder.write('completeness.json', jsonFile(completeness))
  const findings = incidents.map(incident => bundleFinding(incident, found.met, redactor))
  folder.write('findings.ndjson', ndjson(findings))
  const counts = {
    requests: found.requests,
    hops: facts.hops,
    links,
    exceptions: found.exceptions,
    findings: findings.length,
    sources: sources.sources.length,
  }
  const about = { query, redaction, completeness, sources, findings, counts, checkpoint, populationHash: found.populationHash }
  folder.write('report.html', reportPage({ ...about, exceptions: found.exceptionKinds, tallies: found.tallies, fingerprint: options.signing.fingerprint, storeId: state.storeId, by: options.by }))
  folder.write('README.txt', readmeText(query, options.signing.fingerprint))
  folder.write('verify.mjs', verifiers.node)
  folder.write('verify.html', verifiers.page)
  const manifest: Manifest = {
    _type: STATEMENT_TYPE,
    subject: [...folder.digests].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, digest]) => ({ name, digest: { sha256: digest } })),
    predicateType: PREDICATE_TYPE,
    predicate: {
      version: BUNDLE_VERSION,
      tool: options.by,
      storeId: state.storeId,
      checkpoint,
      filterSha256: redactor ? null : hash('sha256', filter, 'hex'),
      redacted: redactor !== undefined,
      counts,
      populationHash: redactor ? null : found.populationHash,
    },
  }
  const { fingerprint, sign } = options.signing
  const envelope = signEnvelope(PAYLOAD_TYPE, Buffer.from(JSON.stringify(manifest)), [{ keyid: fingerprint, sign }])
  folder.write(MANIFEST_FILE, formatEnvelope(envelope))
  return { counts, populationHash: found.populationHash, checkpoint, exceptions: found.exceptionKinds }
} // biome-ignore format: one line each

/** An incident with those of its requests that were found. Its id and title say whom it is about. */
function bundleFinding({ requestIds, ruleTitle, ...incident }: FoundIncident, met: ReadonlySet<string>, redact: Redactor | undefined): BundleFinding {
  const requests = requestIds.filter(id => met.has(id))
  const others = requestIds.length - requests.length
  if (!redact) return { ...incident, requests, others }
  const { suppression } = incident
  const hidden = { incident: redact('subject', incident.incident), title: ruleTitle }
  const until = suppression ? { suppression: { until: suppression.until, at: suppression.at } } : {}
  return { ...incident, ...hidden, ...until, requests, others }
} // biome-ignore format: one line each

/** The entries, and a checkpoint of exactly these. */
function writeCheckpoint(store: Store, folder: BundleFolder, { publicKey, sign }: SigningKey): { origin: string; size: number; root: string } {
  const { state, root: path } = store
  const origin = originOf(state.storeId)
  const head = copyEntries(join(path, 'ledger'), state.head, folder)
  folder.write(CHECKPOINT_FILE, signNote(sha256, formatCheckpoint({ origin, ...head }), [{ name: origin, publicKey, sign }]))
  return { origin, size: head.size, root: toHex(head.root) }
} // biome-ignore format: one line each

function ndjson(rows: readonly unknown[]): string {
  return rows.map(row => `${JSON.stringify(row)}\n`).join('')
}
