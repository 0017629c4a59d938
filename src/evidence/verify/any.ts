import { originOf, parseCheckpoint } from '../../ledger/checkpoint.ts'
import { parseNote } from '../../ledger/note.ts'
import { type Known, plainFingerprint } from './anchors.ts'
import { BundleReader } from './bundle-reader.ts'
import {
  type CheckedStore, COMBINED_KIND, checkFiles, checkStores, checkTotal, filesOfStore,
} from './combined.ts' // biome-ignore format: a list
import { Findings, PARTS, type Part, type PartResult } from './findings.ts'
import { COMBINED_FILE, type Combined, MANIFEST_FILE, type Query } from './format.ts'
import { MANIFEST_KIND } from './manifest.ts'
import type { Helpers } from './parts.ts'
import { partsTogether } from './parts-together.ts'
import type { RecordHashes } from './population-hash.ts'
import { readStatement } from './statement.ts'
import { type StoreVerification, type Taken, type Verification, verifyBundle } from './verify.ts'
import type { BundleFiles, Crypto } from './world.ts'

/** What the person who checks knows from elsewhere, of one store or several. */
export interface KnownOfAll {
  /** Fingerprints of keys, one a store. */
  readonly keys?: readonly string[]
  /** Texts of checkpoints that were kept elsewhere. */
  readonly checkpoints?: readonly string[]
  /** Stores that are at hand. */
  readonly stores?: readonly KnownStore[]
}

/** A store that is at hand. */
export interface KnownStore {
  readonly storeId: string
  /** Root of the first entries of its ledger; undefined where it has fewer. */
  readonly rootAt: (size: number) => Uint8Array | undefined
  /** Whether it gives the rows of a bundle again. */
  readonly agreement: (files: BundleFiles, verification: Verification) => Promise<PartResult | undefined>
  /** How many of its requests answer a question; undefined: it cannot be asked again. */
  readonly requests: (query: Query) => Promise<number | undefined>
}

/** Checks the bundle of one store, or those of several that are one answer. Never throws for what is in them. */
export async function verifyAny(files: BundleFiles, crypto: Crypto, known: KnownOfAll = {}, helpers?: Helpers): Promise<Verification> {
  if (files.names.includes(COMBINED_FILE)) return new CombinedCheck(files, crypto, known, helpers).run()
  const isBundle = files.names.includes(MANIFEST_FILE)
  const read = isBundle ? readStatement(await new BundleReader(files, crypto).bytes(MANIFEST_FILE), MANIFEST_KIND) : undefined
  const storeId = read && 'statement' in read ? read.statement.predicate.storeId : ''
  const { keys = [], checkpoints = [], stores = [] } = known
  // Where none of the stores at hand is its own, the first says so.
  const store = stores.find(it => it.storeId === storeId) ?? stores[0]
  const checkpoint = checkpoints.find(text => isOf(text, storeId)) ?? checkpoints[0]
  const about = { key: keys.length > 0 ? keys : undefined, checkpoint, rootAt: store?.rootAt }
  return agreed(await verifyBundle(files, crypto, about, helpers), files, store)
} // biome-ignore format: one line each

async function agreed(verification: Verification, files: BundleFiles, store: KnownStore | undefined): Promise<Verification> {
  const agreement = await store?.agreement(files, verification)
  return agreement ? { ...verification, parts: { ...verification.parts, agreement } } : verification
} // biome-ignore format: one line

/** Whether a checkpoint is of a store. */
function isOf(checkpoint: string, storeId: string): boolean {
  return parseCheckpoint(parseNote(checkpoint)?.text ?? '')?.origin === originOf(storeId)
}

/** Checks bundles of several stores, each by itself, and what they are together. */
class CombinedCheck {
  readonly #files: BundleFiles
  readonly #crypto: Crypto
  readonly #known: KnownOfAll
  readonly #helpers: Helpers | undefined
  readonly #findings = new Findings()
  readonly #checked: CheckedStore[] = []
  readonly #hashes: RecordHashes[] = []

  constructor(files: BundleFiles, crypto: Crypto, known: KnownOfAll, helpers: Helpers | undefined) {
    this.#files = files
    this.#crypto = crypto
    this.#known = known
    this.#helpers = helpers
  }

  async run(): Promise<Verification> {
    const read = readStatement(
      await new BundleReader(this.#files, this.#crypto).bytes(COMBINED_FILE),
      COMBINED_KIND,
    )
    if ('problem' in read) return this.#unread(read)
    const combined = read.statement
    for (const said of combined.predicate.stores) await this.#checkStore(said)
    await checkFiles(this.#files, combined, this.#crypto, this.#findings)
    await checkStores(read, this.#checked, await this.#digestOf(this.#files), this.#crypto, this.#findings)
    checkTotal(combined, this.#hashes, this.#crypto, this.#findings)
    const query = this.#checked.find(it => it.verification.query)?.verification.query
    this.#checkKnown(combined)
    if (query) await this.#checkLeftOut(combined, query)
    const newer = this.#checked.find(it => it.verification.unreadable?.includes('newer'))
    return { ...this.#together(newer?.verification.unreadable), query }
  }

  #unread({ problem, isNewer }: { problem: string; isNewer: boolean }): Verification {
    if (isNewer) return this.#together(`${COMBINED_FILE}: ${problem}; take a newer Throughline`)
    this.#findings.fail('integrity', COMBINED_FILE, problem)
    for (const part of ['soundness', 'completeness', 'agreement'] as const) this.#findings.skip(part, `${COMBINED_FILE} cannot be read`)
    return this.#together(undefined)
  } // biome-ignore format: one line each

  async #checkStore(said: CheckedStore['said']): Promise<void> {
    const files = filesOfStore(this.#files, said.name)
    const { keys = [], checkpoints = [], stores = [] } = this.#known
    const store = stores.find(it => it.storeId === said.storeId)
    const checkpoint = checkpoints.find(text => isOf(text, said.storeId))
    const known: Known = { key: keys.length > 0 ? keys : undefined, checkpoint, rootAt: store?.rootAt }
    const taken: Taken = {}
    const verification = await agreed(await verifyBundle(files, this.#crypto, known, this.#helpers, taken), files, store)
    if (verification.unreadable !== undefined) this.#findings.fail('integrity', `stores/${said.name}`, verification.unreadable)
    if (taken.hashes) this.#hashes.push(taken.hashes)
    this.#checked.push({ said, verification, publicKey: taken.publicKey, querySha256: await this.#digestOf(files) })
  } // biome-ignore format: one line each

  async #digestOf(files: BundleFiles): Promise<string | undefined> {
    return files.names.includes('query.json') ? new BundleReader(files, this.#crypto).digestOf('query.json') : undefined
  } // biome-ignore format: one line

  /** What the person knows of stores that the bundle does not have: such a store was left out, or is none of these. */
  #checkKnown({ predicate }: Combined): void {
    const { keys = [], checkpoints = [] } = this.#known
    const anchors = new Set(this.#checked.flatMap(it => it.verification.anchors))
    for (const key of keys.map(plainFingerprint))
      if (!anchors.has(`key ${key}`)) this.#findings.fail('integrity', 'key', `no store of the bundle has key ${key}`)
    for (const [i, text] of checkpoints.entries())
      if (!predicate.stores.some(it => isOf(text, it.storeId))) this.#findings.fail('integrity', 'known checkpoint', `number ${i + 1} is of no store of the bundle`)
  } // biome-ignore format: one line each

  /** Whether a store that is at hand, and of which there is no bundle, has an answer, too. */
  async #checkLeftOut({ predicate }: Combined, query: Query): Promise<void> {
    const others = (this.#known.stores ?? []).filter(it => !predicate.stores.some(own => own.storeId === it.storeId))
    for (const { storeId, requests } of others) {
      const found = predicate.redacted ? undefined : await requests(query)
      if (found === undefined) this.#findings.notChecked('agreement', `store ${storeId}, of which the bundle has nothing: it could not be asked`)
      else if (found > 0) this.#findings.fail('agreement', 'store', `the bundle has nothing of store ${storeId}, which has ${found} requests that answer the question`)
    }
  } // biome-ignore format: one line each

  #together(unreadable: string | undefined): Verification {
    const stores = this.#checked.map(it => ({ name: it.said.name, parts: it.verification.parts }))
    const result = (part: Part): PartResult => partsTogether(part, stores, this.#findings.result(part))
    const all = this.#checked.every(it => it.verification.anchors.length > 0)
    return {
      unreadable,
      parts: Object.fromEntries(PARTS.map(part => [part, result(part)])) as Record<Part, PartResult>,
      anchors: all && !this.#findings.hasFailed('integrity') ? [...new Set(this.#checked.flatMap(it => it.verification.anchors))] : [],
      manifest: undefined,
      query: undefined,
      fingerprint: undefined,
      stores: this.#checked.map(storeOf),
    }
  } // biome-ignore format: one line each
}

function storeOf({ said: { name, storeId, requests }, verification }: CheckedStore): StoreVerification {
  const { parts, fingerprint, anchors } = verification
  const verdicts = Object.fromEntries(PARTS.map(part => [part, parts[part].verdict]))
  return { name, storeId, requests, fingerprint, anchors, verdicts: verdicts as StoreVerification['verdicts'] }
} // biome-ignore format: one line each
