import { fromHex } from '../../ledger/bytes.ts'
import { openEnvelope } from '../../ledger/dsse.ts'
import { BundleReader } from './bundle-reader.ts'
import type { Findings } from './findings.ts'
import {
  COMBINED_FILE, COMBINED_FILES, COMBINED_TYPE, COMBINED_VERSION, type Combined, MANIFEST_FILE, PAYLOAD_TYPE, STATEMENT_TYPE, STORES_FOLDER,
} from './format.ts' // biome-ignore format: a list
import { PopulationHash, type RecordHashes } from './population-hash.ts'
import type { ReadStatement, StatementKind } from './statement.ts'
import type { Verification } from './verify.ts'
import type { BundleFiles, Crypto } from './world.ts'

/** What combined.json says. */
export const COMBINED_KIND: StatementKind<Combined> = {
  version: COMBINED_VERSION,
  about: 'bundles of several stores',
  is: isCombined,
}

/** Names become folders: nothing that leads out of the bundle. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/

function isCombined({ _type, predicateType, subject, predicate }: Combined): boolean {
  const { stores, requests, populationHash, redacted } = predicate
  return (
    _type === STATEMENT_TYPE &&
    predicateType === COMBINED_TYPE &&
    Number.isSafeInteger(requests) &&
    typeof redacted === 'boolean' &&
    isHash(populationHash) &&
    stores.every(
      it => NAME.test(it.name) && typeof it.storeId === 'string' && isDigest(it.fingerprint) && Number.isSafeInteger(it.requests) && isHash(it.populationHash),
    ) &&
    subject.every(({ name, digest }) => typeof name === 'string' && isDigest(digest.sha256))
  )
} // biome-ignore format: one condition a line

const isDigest = (text: string): boolean => fromHex(text)?.length === 32
const isHash = (text: string | null): boolean => text === null || isDigest(text)

/** The files of one of the bundles. */
export function filesOfStore(files: BundleFiles, name: string): BundleFiles {
  const folder = `${STORES_FOLDER}${name}/`
  return {
    names: files.names.flatMap(path => (path.startsWith(folder) ? [path.slice(folder.length)] : [])),
    read: path => files.read(folder + path),
  }
}

/** Whether every file is one that the statement lists or that lies in a bundle that it lists, and each has its digest. */
export async function checkFiles(files: BundleFiles, { subject, predicate }: Combined, crypto: Crypto, findings: Findings): Promise<void> {
  const fail = (where: string, what: string): void => findings.fail('integrity', where, what)
  const manifests = predicate.stores.map(({ name }) => `${STORES_FOLDER}${name}/${MANIFEST_FILE}`)
  const wanted = [...COMBINED_FILES, ...manifests].sort()
  if (new Set(predicate.stores.map(s => s.name)).size < predicate.stores.length) fail(COMBINED_FILE, 'it names a bundle twice')
  if (new Set(predicate.stores.map(s => s.storeId)).size < predicate.stores.length) fail(COMBINED_FILE, 'it names a store twice')
  if (JSON.stringify(subject.map(s => s.name)) !== JSON.stringify(wanted)) fail(COMBINED_FILE, 'it does not list the files that it must')
  const folders = predicate.stores.map(({ name }) => `${STORES_FOLDER}${name}/`)
  for (const name of files.names)
    if (name !== COMBINED_FILE && !wanted.includes(name) && !folders.some(folder => name.startsWith(folder)))
      fail(name, `the file is not listed in ${COMBINED_FILE}`)
  const reader = new BundleReader(files, crypto)
  for (const { name, digest } of subject) {
    if (!wanted.includes(name)) continue
    if (!files.names.includes(name)) fail(name, 'the file is missing')
    else if ((await reader.digestOf(name)) !== digest.sha256) fail(name, `its SHA-256 is not that in ${COMBINED_FILE}`)
  }
} // biome-ignore format: one line each

/** A bundle of the statement, and what its own check said. */
export interface CheckedStore {
  readonly said: Combined['predicate']['stores'][number]
  readonly verification: Verification
  /** Its key, 32 bytes; undefined where its ledger names none. */
  readonly publicKey: Uint8Array | undefined
  /** SHA-256 of its query.json. */
  readonly querySha256: string | undefined
}

/** Whether each bundle is what the statement says of it, is about the same question, and has signed the statement. */
export async function checkStores({ envelope, statement: combined }: ReadStatement<Combined>, stores: readonly CheckedStore[], query: string | undefined, crypto: Crypto, findings: Findings): Promise<void> {
  for (const { said, verification, querySha256 } of stores) {
    const fail = (what: string): void => findings.fail('integrity', COMBINED_FILE, `store ${said.name}: ${what}`)
    const { manifest, fingerprint } = verification
    if (!manifest) continue
    const { storeId, counts, populationHash, redacted } = manifest.predicate
    if (storeId !== said.storeId) fail(`it says ${said.storeId}, the bundle is of ${storeId}`)
    if (fingerprint !== said.fingerprint) fail(`it says key ${said.fingerprint}, the bundle is signed with ${fingerprint ?? 'none'}`)
    if (counts.requests !== said.requests) fail(`it says ${said.requests} requests, the bundle ${counts.requests}`)
    if (populationHash !== said.populationHash) fail('it says another population hash than the bundle')
    if (redacted !== combined.predicate.redacted) fail('people are withheld in one of them only')
    if (querySha256 !== query) fail('its query.json is another one')
  }
  const keys = stores.flatMap(({ verification: { fingerprint: keyid }, publicKey }) => (keyid !== undefined && publicKey ? [{ keyid, publicKey }] : []))
  const opened = await openEnvelope(envelope, keys, crypto.verify)
  if ('problem' in opened) return findings.fail('integrity', COMBINED_FILE, opened.problem)
  if (opened.payloadType !== PAYLOAD_TYPE) findings.fail('integrity', COMBINED_FILE, `its payload is ${opened.payloadType}`)
  for (const { said, verification } of stores)
    if (!opened.keyids.includes(verification.fingerprint ?? '')) findings.fail('integrity', COMBINED_FILE, `the key of store ${said.name} has not signed it`)
} // biome-ignore format: one line each

/** Whether the populations add up to that of the statement, without a request that two of them hold. */
export function checkTotal({ predicate }: Combined, hashes: readonly RecordHashes[], crypto: Crypto, findings: Findings): void {
  const requests = predicate.stores.reduce((sum, store) => sum + store.requests, 0)
  if (requests !== predicate.requests) findings.fail('completeness', COMBINED_FILE, `it says ${predicate.requests} requests, its stores have ${requests}`)
  if (predicate.redacted) {
    if (predicate.populationHash !== null) findings.fail('soundness', COMBINED_FILE, 'it has a population hash, though people are withheld')
    return
  }
  if (hashes.length < predicate.stores.length) return findings.skip('soundness', 'the requests of a store could not be taken in')
  const all = new PopulationHash(crypto)
  for (const own of hashes) all.addAll(own)
  const twice = all.idTwice()
  if (twice !== undefined) findings.fail('soundness', COMBINED_FILE, `request ${twice} is in two of its stores`)
  const hash = all.digest(crypto.hasher())
  if (hash !== predicate.populationHash) findings.fail('soundness', COMBINED_FILE, `its population hash is ${predicate.populationHash}, the records have ${hash}`)
} // biome-ignore format: one line each
