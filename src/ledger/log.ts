import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { fromBase64, fromHex, joinBytes, sameBytes, toHex } from './bytes.ts'
import { type Checkpoint, formatCheckpoint, originOf, parseCheckpoint } from './checkpoint.ts'
import { removeFolder, replace, writeDurably } from './durable.ts'
import { sha256, verifyEd25519 } from './ed25519.ts'
import { entryDigest } from './entry-file.ts'
import { HASH_BYTES, hashAt, leafHash, rootOf } from './merkle.ts'
import { type NoteKey, openNote, parseNote, signNote } from './note.ts'
import { fromSpki } from './public-key.ts'
import type { KeyRecord, LedgerState } from './state.ts'
import {
  allTiles,
  furtherTiles,
  readTile,
  removePartials,
  rootFromTiles,
  TILE_HASHES,
  writeTiles,
} from './tiles.ts'
import { writerName } from './writer.ts'

/** A checkpoint as it stands in the store. */
export interface SignedCheckpoint extends Checkpoint {
  /** The signed note. */
  readonly note: string
  /** Key that signed it. */
  readonly fingerprint: string
}

/** The folder of a store's log. */
export function logFolder(store: string): string {
  return join(store, 'ledger', 'log')
}

/** The key in force for a log of some size: the last one that an entry of it names. */
export function keyAt(keys: readonly KeyRecord[], size: number): KeyRecord | undefined {
  return keys.findLast(key => key.seq < size)
}

/** A key as its notes name it. */
export function noteKeyOf(storeId: string, { publicKey }: Pick<KeyRecord, 'publicKey'>): NoteKey {
  const key = fromSpki(fromBase64(publicKey) ?? new Uint8Array())
  return { name: originOf(storeId), publicKey: key ?? new Uint8Array() }
}

/**
 * Opens a note as a checkpoint of this store, signed by the key that was in force.
 *
 * @returns what is wrong with it, as text
 */
export async function openCheckpoint(
  note: string,
  { storeId, keys }: Pick<LedgerState, 'storeId' | 'keys'>,
): Promise<SignedCheckpoint | string> {
  const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '')
  if (!checkpoint) return 'it is no checkpoint'
  if (checkpoint.origin !== originOf(storeId))
    return `it is of another log (${checkpoint.origin}, this is ${originOf(storeId)})`
  const key = keyAt(keys, checkpoint.size)
  if (!key) return 'it has a size at which the store had no key'
  const opened = await openNote(sha256, note, [noteKeyOf(storeId, key)], verifyEd25519)
  return 'problem' in opened ? opened.problem : { ...checkpoint, note, fingerprint: key.fingerprint }
}

/** The text of the checkpoint in a store; undefined where there is none. */
export function readCheckpointNote(store: string): string | undefined {
  const path = checkpointPath(store)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

export function checkpointPath(store: string): string {
  return join(logFolder(store), 'checkpoint')
}

/**
 * Records of entries, the SHA-256 of the bytes of each, one behind the other; undefined where one is missing.
 */
export function recordsOf(store: string, from: number, to: number): Uint8Array | undefined {
  const records: Uint8Array[] = []
  for (let seq = from; seq < to; seq++) {
    const record = fromHex(entryDigest(join(store, 'ledger'), seq) ?? '')
    if (!record || record.length === 0) return undefined
    records.push(record)
  }
  return joinBytes(records)
}

/**
 * Brings tiles and checkpoint up to the last entry, and signs.
 *
 * @throws STORE_DAMAGED where the ledger contradicts what was signed before; STORE_WRITE
 */
export async function signLog(
  store: string,
  state: LedgerState,
  signer: {
    readonly publicKey: Uint8Array
    readonly fingerprint: string
    readonly sign: (m: Uint8Array) => Uint8Array
  },
): Promise<SignedCheckpoint> {
  const size = state.head + 1
  const folder = logFolder(store)
  const note = readCheckpointNote(store)
  const opened = note === undefined ? undefined : await openCheckpoint(note, state)
  const known = typeof opened === 'object' ? opened : undefined
  const tiles = tilesUpTo(store, state, known)
  if (known?.size === size && tiles.length === 0) return known
  writeTiles(folder, tiles)
  const root = rootFromTiles(sha256, size, tile => readTile(folder, tile)) ?? new Uint8Array()
  const checkpoint = { origin: originOf(state.storeId), size, root }
  const signed = signNote(sha256, formatCheckpoint(checkpoint), [{ ...signer, name: checkpoint.origin }])
  const temporary = join(folder, `.${writerName()}.tmp`)
  writeDurably(temporary, signed)
  replace(temporary, checkpointPath(store))
  removePartials(folder, tiles)
  return { ...checkpoint, note: signed, fingerprint: signer.fingerprint }
}

/** Removes all tiles, also those that longer ones have replaced: they can be made again from the entries. */
export function removeTiles(store: string): void {
  const folder = join(logFolder(store), 'tile')
  if (existsSync(folder)) removeFolder(folder)
}

/** Writes every tile of a checkpoint that is right, where the entries have its root. */
export function writeTilesOf(store: string, { size }: Checkpoint): void {
  const records = recordsOf(store, 0, size)
  if (records) writeTiles(logFolder(store), allTiles(sha256, records))
}

/** What is to be written: what came since the known checkpoint where its tiles are whole, else all there is. */
function tilesUpTo(store: string, state: LedgerState, known: SignedCheckpoint | undefined) {
  const size = state.head + 1
  if (known && known.size > size) throw contradicts(store, known, `the ledger has ${size} entries only`)
  const read = (tile: Parameters<typeof readTile>[1]) => readTile(logFolder(store), tile)
  const root = known && rootFromTiles(sha256, known.size, read)
  const isWhole = known && root && sameBytes(root, known.root)
  // Each entry holds the digest of the one before: where the last signed one is there, so are those before it.
  const isThere = isWhole && isLast(store, known.size, read({ level: 0, ...placeOf(known.size - 1) }))
  const since = isThere ? recordsOf(store, known.size, size) : undefined
  const further = known && since && furtherTiles(sha256, known.size, since, read)
  if (further) return further
  const records = recordsOf(store, 0, size)
  if (!records) throw contradicts(store, known, 'an entry is missing')
  if (known && !sameBytes(rootFromRecords(records, known.size), known.root))
    throw contradicts(store, known, 'its entries have another root')
  return allTiles(sha256, records)
}

/** Whether a tile ends with the hash of the last of some entries. */
function isLast(store: string, size: number, tile: Uint8Array | undefined): boolean {
  const record = recordsOf(store, size - 1, size)
  return (
    record !== undefined &&
    tile !== undefined &&
    sameBytes(leafHash(sha256, record), tile.subarray(-HASH_BYTES))
  )
}

/** The tile that ends with a hash of level 0. */
function placeOf(at: number): { index: number; width: number } {
  return { index: Math.floor(at / TILE_HASHES), width: (at % TILE_HASHES) + 1 }
}

/** Root of the log of the first of some records. */
export function rootFromRecords(records: Uint8Array, size: number): Uint8Array {
  const leaves = Array.from({ length: size }, (_, at) => leafHash(sha256, hashAt(records, at)))
  return rootOf(sha256, joinBytes(leaves))
}

function contradicts(store: string, known: SignedCheckpoint | undefined, why: string): ThroughlineError {
  const of = known
    ? `the checkpoint of ${known.size} entries (root ${toHex(known.root).slice(0, 16)}…)`
    : 'the log'
  return new ThroughlineError(
    'STORE_DAMAGED',
    `store ${store}: ${of} was signed, and ${why}; nothing is signed that contradicts it. Restore the ledger from a copy; throughline ledger verify shows what does not fit`,
    { path: checkpointPath(store), why },
  )
}
