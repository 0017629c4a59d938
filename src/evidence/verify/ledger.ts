import { fromBase64, sameBytes, toHex, utf8 } from '../../ledger/bytes.ts'
import { type Checkpoint, originOf, parseCheckpoint } from '../../ledger/checkpoint.ts'
import type { Entry } from '../../ledger/entry.ts'
import { leafHash, TreeHasher } from '../../ledger/merkle.ts'
import { openNote } from '../../ledger/note.ts'
import { fingerprintOf, fromSpki, rotationText } from '../../ledger/public-key.ts'
import { applyEntry, emptyState, type LedgerState } from '../../ledger/state.ts'
import type { Findings } from './findings.ts'
import type { LineReader } from './lines.ts'
import type { Crypto } from './world.ts'

/** Names of the files. */
export const ENTRIES_FILE = 'proofs/entries.ndjson'
export const CHECKPOINT_FILE = 'proofs/checkpoint'

/** A key of the log. */
export interface LogKey {
  readonly publicKey: Uint8Array
  readonly fingerprint: string
  /** The entry that brought it. */
  readonly seq: number
  /** The key before it, where that one signed it. */
  readonly vouchedBy: LogKey | undefined
}

/** What the entries of a bundle add up to. */
export interface FoldedLedger {
  readonly state: LedgerState
  /** Entries. */
  readonly size: number
  readonly root: Uint8Array
  /** Keys in order. */
  readonly keys: readonly LogKey[]
  /** Root of the first entries, where somebody asked for it by their number. */
  readonly olderRoot: Uint8Array | undefined
}

type KeyEntry = Extract<Entry, { kind: 'key' }>

/**
 * Reads the entries of the ledger, checking that each continues the one before, and adds them up.
 *
 * @param olderSize entries of an older state whose root is wanted
 */
export async function foldLedger(
  reader: LineReader,
  { sha256, verify }: Crypto,
  findings: Findings,
  olderSize: number | undefined,
): Promise<FoldedLedger> {
  const state = emptyState()
  const tree = new TreeHasher(sha256)
  const keys: LogKey[] = []
  let before = '0'.repeat(64)
  let olderRoot: Uint8Array | undefined
  for (let line = await reader.next(); line; line = await reader.next()) {
    const where = `${ENTRIES_FILE} line ${line.no}`
    const digest = sha256(utf8(`${line.text}\n`))
    tree.add(leafHash(sha256, digest))
    if (tree.size === olderSize) olderRoot = tree.root()
    try {
      const entry = JSON.parse(line.text) as Entry
      if (entry.seq !== line.no - 1) findings.fail('integrity', where, `it says it is entry ${entry.seq}`)
      if (entry.prev !== before) findings.fail('integrity', where, 'it does not continue the entry before it')
      before = toHex(digest)
      applyEntry(state, entry, before)
      if (entry.kind === 'key') {
        const key = await readKey(entry, { storeId: state.storeId, seq: entry.seq }, keys.at(-1), {
          sha256,
          verify,
        })
        if (typeof key === 'string') findings.fail('integrity', where, key)
        else keys.push(key)
      }
    } catch {
      findings.fail('integrity', where, 'it is no entry of a ledger')
    }
  }
  return { state, size: tree.size, root: tree.root(), keys, olderRoot }
}

/** A key, or what is wrong with it. A later key that is not signed by the one before says that that one was lost. */
async function readKey(
  entry: KeyEntry,
  { storeId, seq }: { readonly storeId: string; readonly seq: number },
  before: LogKey | undefined,
  { sha256, verify }: Pick<Crypto, 'sha256' | 'verify'>,
): Promise<LogKey | string> {
  const spki = fromBase64(entry.publicKey)
  const publicKey = spki && fromSpki(spki)
  if (!publicKey) return 'its public key is none of Ed25519'
  const fingerprint = fingerprintOf(sha256, publicKey)
  if (fingerprint !== entry.fingerprint) return `the fingerprint of its key is ${fingerprint}`
  const { replaces, signature } = entry
  if (replaces === undefined || signature === undefined) return { publicKey, fingerprint, seq, vouchedBy: undefined }
  const text = rotationText(storeId, replaces, fingerprint)
  const isSigned = before?.fingerprint === replaces && (await verify(before.publicKey, text, fromBase64(signature) ?? new Uint8Array()))
  return isSigned ? { publicKey, fingerprint, seq, vouchedBy: before } : 'its key is not signed by the key before it'
} // biome-ignore format: one line each

/** Checks the signed checkpoint of a bundle against its entries. */
export async function checkCheckpoint(
  text: string,
  ledger: FoldedLedger,
  crypto: Crypto,
  findings: Findings,
): Promise<Checkpoint | undefined> {
  const fail = (what: string): undefined => void findings.fail('integrity', CHECKPOINT_FILE, what)
  const opened = await openCheckpoint(text, ledger, crypto)
  if (typeof opened === 'string') return fail(opened)
  if (opened.size !== ledger.size)
    return fail(`it has ${opened.size} entries, ${ENTRIES_FILE} has ${ledger.size}`)
  if (!sameBytes(opened.root, ledger.root)) return fail(`the entries in ${ENTRIES_FILE} have another root`)
  return opened
}

/** A checkpoint that a key of the log has signed, or what is wrong with it. */
export async function openCheckpoint(
  text: string,
  { keys, state }: FoldedLedger,
  { sha256, verify }: Crypto,
): Promise<Checkpoint | string> {
  const origin = originOf(state.storeId)
  const known = keys.map(({ publicKey }) => ({ name: origin, publicKey }))
  const opened = await openNote(sha256, text, known, verify)
  if ('problem' in opened) return opened.problem
  const checkpoint = parseCheckpoint(opened.text)
  if (!checkpoint) return 'its text is no checkpoint'
  return checkpoint.origin === origin
    ? checkpoint
    : `it is of ${checkpoint.origin}, the entries are of ${origin}`
}
