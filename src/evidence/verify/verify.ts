import { toHex, utf8 } from '../../ledger/bytes.ts'
import { parseCheckpoint } from '../../ledger/checkpoint.ts'
import { type Envelope, openEnvelope } from '../../ledger/dsse.ts'
import { parseNote } from '../../ledger/note.ts'
import { REQUEST_FIELDS } from '../../requests/fields.ts'
import { type BoundFilter, bindFilter, canonicalBound, parseFilter } from '../../requests/filter/index.ts'
import { ledgerAccounts, periodExceptions, periodOf } from './accounts.ts'
import { checkAnchors, type Known } from './anchors.ts'
import { BundleReader } from './bundle-reader.ts'
import { checkCompleteness } from './completeness.ts'
import { Findings, PARTS, type Part, type PartResult, type Verdict } from './findings.ts'
import {
  type BundleFinding, type Completeness, MANIFEST_FILE, type Manifest, PAYLOAD_TYPE, type Query, type Redaction, type Sample,
} from './format.ts' // biome-ignore format: a list
import { CHECKPOINT_FILE, checkCheckpoint, ENTRIES_FILE, type FoldedLedger, foldLedger } from './ledger.ts'
import { BadFile, LineReader } from './lines.ts'
import { MANIFEST_KIND } from './manifest.ts'
import type { Helpers } from './parts.ts'
import type { RecordHashes } from './population-hash.ts'
import { checkRoots, LINKS_FILE, readProofs, SEGMENTS_FILE } from './proofs.ts'
import { RequestCheck, type RequestFiles, type RequestRules } from './requests.ts'
import { type ReadStatement, readStatement } from './statement.ts'
import { checkAliases, readAliases, SUBJECTS_FILE } from './subject-proof.ts'
import { checkSums } from './sums.ts'
import { checkedTogether } from './together.ts'
import type { BundleFiles, Crypto } from './world.ts'

export type { Known } from './anchors.ts'

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
  /** The bundles of several stores that are one answer; absent: the bundle of one. */
  readonly stores?: readonly StoreVerification[]
}

/** One of the bundles of several stores. */
export interface StoreVerification {
  readonly name: string
  readonly storeId: string
  readonly requests: number
  readonly fingerprint: string | undefined
  readonly anchors: readonly string[]
  readonly verdicts: Readonly<Record<Part, Verdict>>
}

/** Every file that a bundle has beside the manifest. */
export const BUNDLE_FILES: readonly string[] = [
  'README.txt', 'aliases.ndjson', 'completeness.json', 'exceptions.ndjson', 'facts.ndjson', 'findings.ndjson', 'links.ndjson',
  'population.csv', 'population.ndjson', CHECKPOINT_FILE, ENTRIES_FILE, LINKS_FILE, SEGMENTS_FILE, SUBJECTS_FILE, 'query.json', 'redaction.json',
  'report.html', 'sample.json', 'sources.json', 'verify.html', 'verify.mjs',
] // biome-ignore format: a list

/**
 * Checks a bundle. Never throws for what is in it.
 *
 * @param helpers threads that check a large bundle together; without them it is checked here
 * @param taken is filled with what the check of several bundles needs of it
 */
export async function verifyBundle(
  files: BundleFiles,
  crypto: Crypto,
  known: Known = {},
  helpers?: Helpers,
  taken: Taken = {},
): Promise<Verification> {
  return new Check(files, crypto, known, helpers, taken).run()
}

/** What is taken from a bundle by those who check it with others. */
export interface Taken {
  /** Of its records; undefined where people are withheld, or not all could be read. */
  hashes?: RecordHashes
  /** The key in force of its ledger, 32 bytes. */
  publicKey?: Uint8Array
}

class Check {
  readonly #files: BundleFiles
  readonly #crypto: Crypto
  readonly #known: Known
  readonly #reader: BundleReader
  readonly #helpers: Helpers | undefined
  readonly #taken: Taken
  readonly #findings = new Findings()
  #anchors: readonly string[] = []
  #manifest: ReadStatement<Manifest> | undefined
  #query: Query | undefined
  #fingerprint: string | undefined

  constructor(files: BundleFiles, crypto: Crypto, known: Known, helpers: Helpers | undefined, taken: Taken) {
    this.#helpers = helpers
    this.#taken = taken
    this.#files = files
    this.#crypto = crypto
    this.#known = known
    this.#reader = new BundleReader(files, crypto)
  }

  async run(): Promise<Verification> {
    let unreadable: string | undefined
    this.#findings.skip('agreement', 'needs the store: throughline evidence verify FOLDER --store STORE')
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
      manifest: this.#manifest?.statement,
      query: this.#query,
      fingerprint: this.#fingerprint,
    }
  }

  /** Whatever is in a file, a check that cannot go on is a check that failed. What engines say of it differs. */
  #cannot(error: unknown): void {
    if (error instanceof BadFile) this.#fail('a file', error.message)
    else this.#fail(this.#reader.reading, 'it is not written as it must be')
    this.#skip('a file could not be taken in')
    this.#reader.forget()
  }

  #skip(why: string): void {
    for (const part of ['soundness', 'completeness'] as const) this.#findings.skip(part, why)
  }

  async #all(): Promise<string | undefined> {
    if (!this.#files.names.includes(MANIFEST_FILE)) return `no ${MANIFEST_FILE} in it: it is no bundle`
    const read = readStatement(await this.#reader.bytes(MANIFEST_FILE), MANIFEST_KIND)
    if ('problem' in read) {
      if (read.isNewer) return `${MANIFEST_FILE}: ${read.problem}; take a newer Throughline`
      this.#fail(MANIFEST_FILE, read.problem)
      this.#skip(`${MANIFEST_FILE} cannot be read`)
      return undefined
    }
    this.#manifest = read
    if (this.#hasAllFiles(read.statement)) await this.#contents(read)
    else this.#skip('files are missing')
    return undefined
  }

  /** Whether every file is there that the checks need. */
  #hasAllFiles({ subject }: Manifest): boolean {
    const listed = new Set(subject.map(s => s.name))
    const present = new Set(this.#files.names)
    if (listed.size !== subject.length) this.#fail(MANIFEST_FILE, 'it lists a file twice')
    for (const name of this.#files.names)
      if (name !== MANIFEST_FILE && !listed.has(name))
        this.#fail(name, `the file is not listed in ${MANIFEST_FILE}`)
    for (const name of listed) {
      if (!present.has(name)) this.#fail(name, 'the file is missing')
      if (!BUNDLE_FILES.includes(name)) this.#fail(name, 'no bundle has such a file')
    }
    for (const name of BUNDLE_FILES)
      if (!listed.has(name)) this.#fail(name, `${MANIFEST_FILE} does not list the file`)
    return BUNDLE_FILES.every(name => present.has(name))
  }

  async #contents({ statement: manifest, envelope }: ReadStatement<Manifest>): Promise<void> {
    const [reader, findings, { predicate }] = [this.#reader, this.#findings, manifest]
    const known = this.#known.checkpoint
    const older = known === undefined ? undefined : parseCheckpoint(parseNote(known)?.text ?? '')
    const ledger = await foldLedger(reader.lines(ENTRIES_FILE), this.#crypto, findings, older?.size)
    const note = await reader.text(CHECKPOINT_FILE)
    const checkpoint = await checkCheckpoint(note, ledger, this.#crypto, findings)
    await this.#checkSignature(envelope, ledger)
    this.#anchors = await checkAnchors(this.#known, ledger, this.#crypto, findings)
    const { origin, size, root } = predicate.checkpoint
    if (checkpoint && (origin !== checkpoint.origin || size !== checkpoint.size || root !== toHex(checkpoint.root)))
      this.#fail(MANIFEST_FILE, `it is about another checkpoint than ${CHECKPOINT_FILE}`)
    if (predicate.storeId !== ledger.state.storeId) this.#fail(MANIFEST_FILE, 'it is about another store')
    try {
      await this.#requests(manifest, ledger)
    } catch (error) {
      this.#cannot(error)
    }
    for (const { name, digest } of manifest.subject)
      if (BUNDLE_FILES.includes(name) && (await reader.digestOf(name)) !== digest.sha256)
        this.#fail(name, `its SHA-256 is not that in ${MANIFEST_FILE}`)
  } // biome-ignore format: one line each

  async #checkSignature(envelope: Envelope, { keys }: FoldedLedger): Promise<void> {
    const key = keys.at(-1)
    this.#fingerprint = key?.fingerprint
    if (!key) return this.#fail(ENTRIES_FILE, 'it has no key')
    this.#taken.publicKey = key.publicKey
    const opened = await openEnvelope(envelope, [{ keyid: key.fingerprint, publicKey: key.publicKey }], this.#crypto.verify)
    if ('problem' in opened) this.#fail(MANIFEST_FILE, opened.problem)
    else if (opened.payloadType !== PAYLOAD_TYPE) this.#fail(MANIFEST_FILE, `its payload is ${opened.payloadType}`)
  } // biome-ignore format: one line each

  async #requests(manifest: Manifest, { state }: FoldedLedger): Promise<void> {
    const [reader, findings, crypto] = [this.#reader, this.#findings, this.#crypto]
    const queryText = await reader.text('query.json')
    const query = JSON.parse(queryText) as Query
    this.#query = query
    const period = periodOf(query)
    if (!(period.fromUs < period.toUs)) findings.fail('soundness', 'query.json', `no period: from ${query.from} to ${query.to}`)
    const redaction = JSON.parse(await reader.text('redaction.json')) as Redaction
    if (redaction.redacted !== manifest.predicate.redacted) this.#fail('redaction.json', `${MANIFEST_FILE} says otherwise`)
    const filter = this.#filter(query, manifest)
    const sample = JSON.parse(await reader.text('sample.json')) as Sample
    const found = await reader.records<BundleFinding>('findings.ndjson')
    const aliases = await readAliases(reader, state, crypto, findings, redaction.redacted)
    const segments = await readProofs(reader.lines(SEGMENTS_FILE), 'segments', state, findings)
    const generations = await readProofs(reader.lines(LINKS_FILE), 'links', state, findings)
    const completeness = JSON.parse(await reader.text('completeness.json')) as Completeness
    const named = new Set(found.flatMap(f => f.requests))
    const shown = new Set(sample.requests.map(r => r.request_id))
    const sampleSeed = toHex(crypto.sha256(utf8(queryText)))
    const rules = { state, segments, generations, aliases, filter, period, redaction, crypto, findings, named, shown, sampleSeed }
    const exceptions = periodExceptions(ledgerAccounts(state, period, new Map()), period, completeness)
    const check = await this.#checkRequests(rules, exceptions.map(exception => JSON.stringify(exception)), manifest.predicate.counts.requests)
    checkRoots(segments, crypto, findings, 'hops')
    checkRoots(generations, crypto, findings, 'links')
    checkAliases(aliases, findings)
    checkCompleteness(completeness, state, period, check.totals, findings)
    const sources = await reader.text('sources.json')
    checkSums({ manifest, state, period, sample, sampleSeed, found, sources, completeness }, check.totals, crypto, findings)
    if (check.totals.hash) this.#taken.hashes = check.totals.hash.parts
  } // biome-ignore format: long calls

  /** By helpers, where there are any and the bundle is large; line by line where that is not so, or anything is wrong. */
  async #checkRequests(rules: RequestRules, expected: readonly string[], requests: number): Promise<RequestCheck> {
    const helpers = this.#helpers
    const files = filesOf(name => this.#reader.lines(name))
    // Helpers do not have the store's table of aliases.
    const isShared = helpers !== undefined && requests >= helpers.least && !rules.aliases.isCompared
    if (isShared) {
      const check = new RequestCheck(files, rules)
      const isWell = await checkedTogether(check, files, rules, expected, helpers)
      for (const reader of Object.values(files)) await reader.drain()
      if (isWell) {
        check.say()
        return check
      }
    }
    const again = isShared ? filesOf(name => new LineReader(name, this.#files.read(name))) : files
    const check = new RequestCheck(again, rules)
    for (const text of expected) await check.expect(text)
    await check.run()
    for (const reader of Object.values(again)) await reader.finish()
    return check
  } // biome-ignore format: long calls

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

  #fail(where: string, what: string): void {
    this.#findings.fail('integrity', where, what)
  }
}

function filesOf(open: (name: string) => LineReader): RequestFiles & Readonly<Record<string, LineReader>> {
  const [population, csv, facts, links, exceptions] = [open('population.ndjson'), open('population.csv'), open('facts.ndjson'), open('links.ndjson'), open('exceptions.ndjson')]
  return { population, csv, facts, links, exceptions }
} // biome-ignore format: one line
