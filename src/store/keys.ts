import { createHmac, hash, type KeyObject } from 'node:crypto'
import { KeyFiles } from '../config/signing-key.ts'
import { toBase64 } from '../ledger/bytes.ts'
import { ed25519Signer, publicKeyOf, sha256 } from '../ledger/ed25519.ts'
import { fingerprintOf, spkiOf } from '../ledger/public-key.ts'
import type { KeyRecord, LedgerState } from '../ledger/state.ts'
import type { Store } from './store.ts'

/** What a store's leaves are salted with: whoever lacks it cannot confirm a guess about a row that was not disclosed. */
export interface Salts {
  /** Tells which secret it is, without telling the secret: 16 hex digits. */
  readonly id: string
  readonly secret: Uint8Array
}

/** The key that a store's checkpoints and bundles are signed with. */
export interface SigningKey {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  /** SHA-256 of the public key (SPKI DER), hex. */
  readonly fingerprint: string
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** What a process has of a store's keys; either may be on another machine. */
export interface StoreKeys {
  readonly signing: SigningKey | undefined
  readonly salts: Salts | undefined
  /** Why one of them is not here; undefined where both are. */
  readonly problem: string | undefined
}

/**
 * The keys of a store that is read, as its ledger names them.
 *
 * @param folder of the keys of all stores
 * @throws KEY_REFUSED
 */
export function keysOf(state: LedgerState, folder: string): StoreKeys {
  const record = state.keys.at(-1)
  if (!record) return { signing: undefined, salts: undefined, problem: 'the store has no key yet' }
  const files = new KeyFiles(folder, state.storeId)
  const key = files.readSigningKey(record.fingerprint)
  const signing = key && signingKey(key)
  const salts = saltsOf(state, folder, record.salts)
  const missing = [
    ...(signing ? [] : [files.signingKeyFile(record.fingerprint)]),
    ...(salts ? [] : [files.saltsFile(record.salts)]),
  ]
  return { signing, salts, problem: missing.length > 0 ? `${missing.join(' and ')} not found` : undefined }
}

/**
 * A secret by its name; undefined where it is not here.
 *
 * @throws KEY_REFUSED
 */
export function saltsOf(state: LedgerState, folder: string, id: string): Salts | undefined {
  const secret = new KeyFiles(folder, state.storeId).readSalts(id)
  return secret && { id, secret }
}

/**
 * The keys of a store that is written; made on first use, with an entry that names them.
 *
 * @throws KEY_REFUSED
 */
export function keysOfWriter(store: Store, folder: string): StoreKeys {
  if (store.state.keys.length > 0) return keysOf(store.state, folder)
  const files = new KeyFiles(folder, store.state.storeId)
  let made: { signing: SigningKey; salts: Salts }
  try {
    made = makeKeys(files)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return {
      signing: undefined,
      salts: undefined,
      problem: `no key could be made: ${(error as Error).message}`,
    }
  }
  store.append({ kind: 'key', ...namesOf(made.signing), salts: made.salts.id })
  return { ...made, problem: undefined }
}

/** A new signing key and, where the old one is not here, a new secret. */
export function makeKeys(files: KeyFiles, known?: Salts): { signing: SigningKey; salts: Salts } {
  const salts = known ?? newSalts(files)
  const key = files.makeSigningKey(made => fingerprintOf(sha256, publicKeyOf(made)))
  return { signing: signingKey(key), salts }
}

function newSalts(files: KeyFiles): Salts {
  const secret = files.makeSalts(saltsId)
  return { id: saltsId(secret), secret }
}

function signingKey(key: KeyObject): SigningKey {
  const publicKey = publicKeyOf(key)
  return { publicKey, fingerprint: fingerprintOf(sha256, publicKey), sign: ed25519Signer(key) }
}

/** A key as its entry names it. */
export function namesOf({
  publicKey,
  fingerprint,
}: SigningKey): Pick<KeyRecord, 'publicKey' | 'fingerprint'> {
  return { publicKey: toBase64(spkiOf(publicKey)), fingerprint }
}

/** The name of a secret: equal for the same one. */
export function saltsId(secret: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from('throughline salts 1 '), secret]), 'hex').slice(0, 16)
}

/**
 * The key of the leaves of one UTC day, hex: files of a day can be merged, and what one day discloses says nothing of
 * another.
 *
 * @param what hops, or links
 */
export function dayKey({ secret }: Salts, what: 'leaf' | 'link', day: string): string {
  return createHmac('sha256', secret).update(`throughline ${what} 1 ${day}`).digest('hex')
}
