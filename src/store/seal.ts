import {
  openCheckpoint,
  readCheckpointNote,
  removeTiles,
  type SignedCheckpoint,
  signLog,
  writeTilesOf,
} from '../ledger/log.ts'
import { absorbReads } from './reads.ts'
import type { Store } from './store.ts'

/** A writer that goes on signs at most so often. */
const SIGN_MS = 5_000

/**
 * Ends a writer's work: takes in what readers have recorded, and signs a checkpoint of the ledger as it is then.
 *
 * @returns undefined where the key is not here
 * @throws STORE_DAMAGED where the ledger contradicts what was signed before; STORE_WRITE
 */
export async function sealLedger(store: Store): Promise<SignedCheckpoint | undefined> {
  await absorbReads(store)
  const signing = store.keys?.signing
  if (!signing) return undefined
  SEALED.set(store, { head: store.state.head, atMs: store.now() })
  return signLog(store.root, store.state, signing)
}

/** The newest checkpoint of a store, if it is right. */
export async function newestCheckpoint({ root, state }: Store): Promise<SignedCheckpoint | undefined> {
  const note = readCheckpointNote(root)
  const opened = note === undefined ? undefined : await openCheckpoint(note, state)
  return typeof opened === 'object' ? opened : undefined
}

/**
 * Makes the tiles of the log again; a checkpoint that is not right is signed anew, where the key is here.
 *
 * @throws STORE_DAMAGED, STORE_WRITE
 */
export async function remakeLog(store: Store): Promise<void> {
  const checkpoint = await newestCheckpoint(store)
  removeTiles(store.root)
  if (checkpoint) writeTilesOf(store.root, checkpoint)
  else if (store.keys?.signing) await signLog(store.root, store.state, store.keys.signing)
}

const SEALED = new WeakMap<Store, { readonly head: number; readonly atMs: number }>()

/** The same while a writer goes on: once there is something new, and not too often. */
export async function sealWhereDue(store: Store): Promise<void> {
  const last = SEALED.get(store)
  if (last && (last.head === store.state.head || store.now() - last.atMs < SIGN_MS)) return
  await sealLedger(store)
}
