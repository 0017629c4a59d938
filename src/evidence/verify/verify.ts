import { sameBytes, textOf, toHex, utf8 } from '../../ledger/bytes.ts'
import { parseCheckpoint } from '../../ledger/checkpoint.ts'
import { openEnvelope } from '../../ledger/dsse.ts'
import { parseNote } from '../../ledger/note.ts'
import { REQUEST_FIELDS } from '../../requests/fields.ts'
import { type BoundFilter, bindFilter, canonicalBound, parseFilter } from '../../requests/filter/index.ts'
import { jsonFile, ledgerAccounts, type Period, periodExceptions, periodOf, sourcesFile } from './accounts.ts'
import { type AliasRow, AliasTable } from './alias-table.ts'
import { checkCompleteness } from './completeness.ts'
import { Findings, PARTS, type Part, type PartResult } from './findings.ts'
import {
  type BundleFinding, type Completeness, MANIFEST_FILE, type Manifest, PAYLOAD_TYPE, type Query, type Redaction, type Sample,
} from './format.ts' // biome-ignore format: a list
import {
  CHECKPOINT_FILE,
  checkCheckpoint,
  ENTRIES_FILE,
  type FoldedLedger,
  foldLedger,
  type LogKey,
  openCheckpoint,
} from './ledger.ts'
import { BadFile, LineReader, readAll } from './lines.ts'
import { type ReadManifest, readManifest } from './manifest.ts'
import type { Helpers } from './parts.ts'
import { checkRoots, LINKS_FILE, readProofs, SEGMENTS_FILE } from './proofs.ts'
import { RequestCheck, type RequestFiles, type RequestRules } from './requests.ts'
import { checkedTogether } from './together.ts'
import type { Totals } from './totals.ts'
import type { BundleFiles, Crypto, Hasher } from './world.ts'

/** What the person who checks knows from elsewhere. */
export interface Known {
  /** Fingerprint of the store's key: SHA-256 of its SPKI, hex. */
  readonly key?: string | undefined
  /** Text of a checkpoint of the same store that was kept elsewhere. */
  readonly checkpoint?: string | undefined
}

export interface Verification {
  /** Undefined: it could be read. */
  readonly unreadable: string | undefined
  readonly parts: Readonly<Record<Part, PartResult>>
  /** By what the bundle is tied to the world outside; empty: UNANCHORED. */
  readonly anchors: readonly string[]
  readonly manifest: Manifest | undefined
  readonly query: Query | undefined
  /** Fingerprint of the key that signed. */
  readonly fingerprint: string | undefined
}

/** Files of lines that are read side by side. */
const POPULATION = [
  'population.ndjson',
  'population.csv',
  'facts.ndjson',
  'links.ndjson',
  'exceptions.ndjson',
] as const
/** Every file that a bundle has beside the manifest. */
export const BUNDLE_FILES: readonly string[] = [
  'README.txt', 'aliases.ndjson', 'completeness.json', 'exceptions.ndjson', 'facts.ndjson', 'findings.ndjson', 'links.ndjson',
  'population.csv', 'population.ndjson', CHECKPOINT_FILE, ENTRIES_FILE, LINKS_FILE, SEGMENTS_FILE, 'query.json', 'redaction.json',
  'report.html', 'sample.json', 'sources.json', 'verify.html', 'verify.mjs',
] // biome-ignore format: a list

/**
 * Checks a bundle. Never throws for what is in it.
 *
 * @param helpers threads that check a large bundle together; without them it is checked here
 */
export async function verifyBundle(
  files: BundleFiles,
  crypto: Crypto,
  known: Known = {},
  helpers?: Helpers,
): Promise<Verification> {
  return new Check(files, crypto, known, helpers).run()
}

class Check {
  readonly #files: BundleFiles
  readonly #crypto: Crypto
  readonly #known: Known
  readonly #helpers: Helpers | undefined
  readonly #findings = new Findings()
  readonly #anchors: string[] = []
  readonly #hashers = new Map<string, Hasher>()
  #manifest: ReadManifest | undefined
  #query: Query | undefined
  #fingerprint: string | undefined
  /** The file that was opened last. */
  #reading = MANIFEST_FILE as string

  constructor(files: BundleFiles, crypto: Crypto, known: Known, helpers: Helpers | undefined) {
    this.#helpers = helpers
    this.#files = files
    this.#crypto = crypto
    this.#known = known
  }

  async run(): Promise<Verification> {
    let unreadable: string | undefined
    this.#findings.skip('agreement', 'asks the store again: give --store')
    try {
      unreadable = await this.#all()
    } catch (error) {
      this.#cannot(error)
    }
    const parts = Object.fromEntries(PARTS.map(part => [part, this.#findings.result(part)]))
    return {
      unreadable,
      parts: parts as Record<Part, PartResult>,
      anchors: this.#findings.hasFailed('integrity') ? [] : this.#anchors,
      manifest: this.#manifest?.manifest,
      query: this.#query,
      fingerprint: this.#fingerprint,
    }
  }

  /** Whatever is in a file, a check that cannot go on is a check that failed. What engines say of it differs. */
  #cannot(error: unknown): void {
    if (error instanceof BadFile) this.#fail('a file', error.message)
    else this.#fail(this.#reading, 'it is not written as it must be')
    for (const part of ['soundness', 'completeness'] as const)
      this.#findings.skip(part, 'a file could not be taken in')
    // What was read in part is read again for its digest.
    this.#hashers.clear()
  }

  async #all(): Promise<string | undefined> {
    const { names } = this.#files
    if (!names.includes(MANIFEST_FILE)) return `no ${MANIFEST_FILE} in it: it is no bundle`
    const read = readManifest(await readAll(this.#files.read(MANIFEST_FILE)))
    if ('problem' in read) {
      if (read.isNewer) return `${MANIFEST_FILE}: ${read.problem}; take a newer Throughline`
      this.#findings.fail('integrity', MANIFEST_FILE, read.problem)
      for (const part of ['soundness', 'completeness'] as const) this.#findings.skip(part, `${MANIFEST_FILE} cannot be read`)
      return undefined
    }
    this.#manifest = read
    if (!this.#hasAllFiles(read.manifest)) {
      for (const part of ['soundness', 'completeness'] as const) this.#findings.skip(part, 'files are missing')
      return undefined
    }
    await this.#contents(read)
    return undefined
  } // biome-ignore format: one line each

  /** Whether every file is there that the checks need. */
  #hasAllFiles({ subject }: Manifest): boolean {
    const listed = new Set(subject.map(s => s.name))
    const present = new Set(this.#files.names)
    const fail = (name: string, what: string): void => this.#findings.fail('integrity', name, what)
    if (listed.size !== subject.length) fail(MANIFEST_FILE, 'it lists a file twice')
    for (const name of this.#files.names)
      if (name !== MANIFEST_FILE && !listed.has(name))
        fail(name, `the file is not listed in ${MANIFEST_FILE}`)
    for (const name of listed) {
      if (!present.has(name)) fail(name, 'the file is missing')
      if (!BUNDLE_FILES.includes(name)) fail(name, 'no bundle has such a file')
    }
    for (const name of BUNDLE_FILES)
      if (!listed.has(name)) fail(name, `${MANIFEST_FILE} does not list the file`)
    return BUNDLE_FILES.every(name => present.has(name))
  }

  async #contents({ manifest, envelope }: ReadManifest): Promise<void> {
    const { predicate } = manifest
    const older = this.#known.checkpoint === undefined ? undefined : parseCheckpoint(parseNote(this.#known.checkpoint)?.text ?? '')
    const ledger = await foldLedger(this.#lines(ENTRIES_FILE), this.#crypto, this.#findings, older?.size)
    const note = await this.#text(CHECKPOINT_FILE)
    const checkpoint = await checkCheckpoint(note, ledger, this.#crypto, this.#findings)
    await this.#checkSignature(envelope, ledger)
    await this.#checkAnchors(ledger)
    const { origin, size, root } = predicate.checkpoint
    if (checkpoint && (origin !== checkpoint.origin || size !== checkpoint.size || root !== toHex(checkpoint.root)))
      this.#fail(MANIFEST_FILE, `it is about another checkpoint than ${CHECKPOINT_FILE}`)
    if (predicate.storeId !== ledger.state.storeId) this.#fail(MANIFEST_FILE, 'it is about another store')
    try {
      await this.#requests(manifest, ledger)
    } catch (error) {
      this.#cannot(error)
    }
    for (const name of BUNDLE_FILES) if (!this.#hashers.has(name)) await this.#text(name)
    for (const { name, digest } of manifest.subject) {
      const hasher = this.#hashers.get(name)
      if (hasher && toHex(hasher.digest()) !== digest.sha256) this.#fail(name, 'its SHA-256 is not that in manifest.json')
    }
  } // biome-ignore format: one line each

  async #checkSignature(envelope: ReadManifest['envelope'], { keys }: FoldedLedger): Promise<void> {
    const key = keys.at(-1)
    this.#fingerprint = key?.fingerprint
    if (!key) return this.#fail(ENTRIES_FILE, 'it has no key')
    const opened = await openEnvelope(envelope, [{ keyid: key.fingerprint, publicKey: key.publicKey }], this.#crypto.verify)
    if ('problem' in opened) this.#fail(MANIFEST_FILE, opened.problem)
    else if (opened.payloadType !== PAYLOAD_TYPE) this.#fail(MANIFEST_FILE, `its payload is ${opened.payloadType}`)
  } // biome-ignore format: one line each

  /** Ties the bundle to what the person who checks knows. */
  async #checkAnchors(ledger: FoldedLedger): Promise<void> {
    const { key, checkpoint } = this.#known
    const chain = vouching(ledger)
    if (key !== undefined) {
      const wanted = key.replace(/^sha256:/i, '').replaceAll(':', '').toLowerCase()
      if (chain.some(k => k.fingerprint === wanted)) this.#anchors.push(`key ${wanted}`)
      else this.#fail('key', `the bundle is signed with ${this.#fingerprint ?? 'no key'}, not with ${wanted}, nor with a key that it vouches for`)
    }
    if (checkpoint === undefined) return
    const where = 'known checkpoint'
    const opened = await openCheckpoint(checkpoint, ledger, this.#crypto)
    if (typeof opened === 'string') return this.#fail(where, opened)
    if (opened.size > ledger.size)
      return this.#fail(where, `it has ${opened.size} entries, the bundle ${ledger.size}: the bundle was made from an older state, or entries were cut off`)
    if (!ledger.olderRoot || !sameBytes(opened.root, ledger.olderRoot))
      return this.#fail(where, `the first ${opened.size} entries of the bundle are not those that it was made of`)
    if (chain.some(k => k.seq < opened.size)) this.#anchors.push(`checkpoint of ${opened.size} entries`)
    else this.#findings.notChecked('integrity', 'the known checkpoint is older than the key: it says nothing about the signature')
  } // biome-ignore format: one line each

  async #requests(manifest: Manifest, { state }: FoldedLedger): Promise<void> {
    const findings = this.#findings
    const queryText = await this.#text('query.json')
    const query = JSON.parse(queryText) as Query
    this.#query = query
    const period = periodOf(query)
    if (!(period.fromUs < period.toUs)) findings.fail('soundness', 'query.json', `no period: from ${query.from} to ${query.to}`)
    const redaction = JSON.parse(await this.#text('redaction.json')) as Redaction
    if (redaction.redacted !== manifest.predicate.redacted) this.#fail('redaction.json', `${MANIFEST_FILE} says otherwise`)
    const filter = this.#filter(query, manifest)
    const sample = JSON.parse(await this.#text('sample.json')) as Sample
    const found = await this.#records<BundleFinding>('findings.ndjson')
    const aliases = new AliasTable(await this.#records<AliasRow>('aliases.ndjson'))
    const segments = await readProofs(this.#lines(SEGMENTS_FILE), 'segments', state, findings)
    const generations = await readProofs(this.#lines(LINKS_FILE), 'links', state, findings)
    const named = new Set(found.flatMap(f => f.requests))
    const rules = {
      state, segments, generations, aliases, filter, period, redaction, crypto: this.#crypto, findings, named,
      sampleSeed: toHex(this.#crypto.sha256(utf8(queryText))),
      shown: new Set(sample.requests.map(r => r.request_id)),
    }
    const completeness = JSON.parse(await this.#text('completeness.json')) as Completeness
    const expected = periodExceptions(ledgerAccounts(state, period, new Map()), period, completeness.hops, completeness.coverage).map(exception => JSON.stringify(exception))
    const check = await this.#checkRequests(rules, expected, manifest.predicate.counts.requests)
    checkRoots(segments, this.#crypto, findings, 'hops')
    checkRoots(generations, this.#crypto, findings, 'links')
    checkCompleteness(completeness, state, period, check.totals, findings)
    await this.#sums(manifest, state, period, check.totals, { sample, found })
  } // biome-ignore format: long calls

  /** By helpers, where there are any and the bundle is large; line by line where that is not so, or anything is wrong. */
  async #checkRequests(rules: RequestRules, expected: readonly string[], requests: number): Promise<RequestCheck> {
    const readers = POPULATION.map(name => this.#lines(name))
    const helpers = this.#helpers
    if (helpers && requests >= helpers.least) {
      const check = new RequestCheck(filesOf(readers), rules)
      const isWell = await checkedTogether(check, filesOf(readers), rules, expected, helpers)
      for (const reader of readers) await reader.drain()
      if (isWell) {
        check.say()
        return check
      }
    }
    const again = helpers && requests >= helpers.least ? POPULATION.map(name => new LineReader(name, this.#files.read(name))) : readers
    const check = new RequestCheck(filesOf(again), rules)
    for (const text of expected) await check.expect(text)
    await check.run()
    for (const reader of again) await reader.finish()
    return check
  } // biome-ignore format: long calls

  /** What was found is compared with what the bundle says was found. */
  async #sums(
    { predicate }: Manifest,
    state: FoldedLedger['state'],
    period: Period,
    totals: Totals,
    { sample, found }: { readonly sample: Sample; readonly found: readonly BundleFinding[] },
  ): Promise<void> {
    const findings = this.#findings
    const { requests, hops, links, exceptions } = totals
    const counts = { requests, hops, links, exceptions, findings: found.length, sources: sourcesFile(state, period, totals.sources).sources.length }
    for (const [name, count] of Object.entries(counts)) {
      const said = predicate.counts[name as keyof typeof counts]
      if (said !== count) findings.fail('completeness', MANIFEST_FILE, `it says ${said} ${name}, there are ${count}`)
    }
    const hash = totals.hash?.digest(this.#crypto.hasher()) ?? null
    if (hash !== predicate.populationHash) findings.fail('soundness', MANIFEST_FILE, `its population hash is ${predicate.populationHash}, the records have ${hash}`)
    if ((await this.#text('sources.json')) !== jsonFile(sourcesFile(state, period, totals.sources)))
      findings.fail('completeness', 'sources.json', 'the ledger says otherwise')
    const ids = sample.requests.map(r => r.request_id)
    if (JSON.stringify(ids) !== JSON.stringify(totals.sample.ids())) findings.fail('soundness', 'sample.json', 'it is not the sample that its rule chooses')
    for (const entry of sample.requests)
      if (JSON.stringify(entry) !== JSON.stringify(totals.sampled.get(entry.request_id)))
        findings.fail('soundness', 'sample.json', `request ${entry.request_id}: its hops say otherwise`)
    for (const { incident, requests: ids } of found)
      for (const id of ids) if (!totals.met.has(id)) findings.fail('completeness', 'findings.ndjson', `incident ${incident}: request ${id} is not in population.ndjson`)
    findings.notChecked('soundness', 'that no further link concerns these hops: the absence of a link is the word of who made the bundle (--store checks it)')
    if (found.length > 0) findings.notChecked('soundness', 'that findings follow from their rules (--store checks it)')
    findings.notChecked('completeness', 'that no further request of the period fulfils the filter: other rows are not disclosed (--store checks it)')
  } // biome-ignore format: long messages

  /** The filter, where it is what was asked, in canonical form. */
  #filter(query: Query, { predicate }: Manifest): BoundFilter | undefined {
    const fail = (what: string): undefined => void this.#findings.fail('soundness', 'query.json', what)
    const digest = toHex(this.#crypto.sha256(utf8(query.filter)))
    if (predicate.filterSha256 !== (predicate.redacted ? null : digest)) fail(`${MANIFEST_FILE} is about another filter`)
    try {
      const bound = bindFilter(parseFilter(query.filter), REQUEST_FIELDS, new Date(0))
      return canonicalBound(bound) === query.filter ? bound : fail('its filter is not in canonical form')
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error))
    }
  } // biome-ignore format: one line each

  async #records<T>(name: string): Promise<T[]> {
    const reader = this.#lines(name)
    const records: T[] = []
    for (let line = await reader.next(); line; line = await reader.next())
      records.push(JSON.parse(line.text) as T)
    return records
  }

  #lines(name: string): LineReader {
    this.#reading = name
    const hasher = this.#crypto.hasher()
    this.#hashers.set(name, hasher)
    return new LineReader(name, this.#files.read(name), hasher)
  }

  async #text(name: string): Promise<string> {
    this.#reading = name
    const bytes = await readAll(this.#files.read(name))
    const hasher = this.#crypto.hasher()
    hasher.update(bytes)
    this.#hashers.set(name, hasher)
    const text = textOf(bytes)
    if (text === undefined) throw new BadFile(`${name}: bytes that are not UTF-8`)
    return text
  }

  #fail(where: string, what: string): void {
    this.#findings.fail('integrity', where, what)
  }
}

function filesOf(readers: readonly LineReader[]): RequestFiles {
  const [population, csv, facts, links, exceptions] = readers as [LineReader, LineReader, LineReader, LineReader, LineReader]
  return { population, csv, facts, links, exceptions }
} // biome-ignore format: one line

/** The key in force, the one that signed it, and so on: whoever knows one of them knows the first. */
function vouching({ keys }: FoldedLedger): LogKey[] {
  const chain: LogKey[] = []
  for (let key = keys.at(-1); key; key = key.vouchedBy) chain.push(key)
  return chain
}
