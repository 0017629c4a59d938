import { concatBytes, fromBase64, fromHex, sameBytes, toBase64, toHex, utf8 } from './bytes.ts'
import type { Sha256 } from './merkle.ts'

/**
 * Signed notes (C2SP signed-note, https://c2sp.org/signed-note): a text, an empty line, and lines of signatures, each
 * `— name base64(key id || signature)`. Ed25519 only.
 */

/** The identifier of Ed25519 among the signature types. */
const ED25519 = Uint8Array.of(1)
const KEY_BYTES = 32
const ID_BYTES = 4
/** Signatures of a note that are looked at; clients must take 16 and should have a limit. */
const MOST_SIGNATURES = 100

export interface NoteKey {
  readonly name: string
  /** Ed25519 public key, 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array
}

export interface NoteSigner extends NoteKey {
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** May answer later: a browser's own Ed25519 does. */
export type Verify = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>

export interface NoteSignature {
  readonly name: string
  /** Key id, 8 hex digits. */
  readonly id: string
  readonly signature: Uint8Array
}

export interface Note {
  /** With its last line feed. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export type OpenedNote =
  | { readonly text: string; readonly signedBy: readonly NoteKey[] }
  | { readonly problem: string }

/** Key id of an Ed25519 key: the first four bytes of SHA-256(name || LF || 0x01 || key), in hex. */
export function noteKeyId(sha256: Sha256, { name, publicKey }: NoteKey): string {
  return toHex(sha256(concatBytes(utf8(`${name}\n`), ED25519, publicKey)).subarray(0, ID_BYTES))
}

/** A key as other programs take it: `name+id+base64(0x01 || key)`. */
export function formatVerifierKey(sha256: Sha256, key: NoteKey): string {
  return `${key.name}+${noteKeyId(sha256, key)}+${toBase64(concatBytes(ED25519, key.publicKey))}`
}

/** Undefined where a text is no verifier key of Ed25519, or its id is not that of its key. */
export function parseVerifierKey(sha256: Sha256, text: string): NoteKey | undefined {
  const [, name = '', id, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const bytes = fromBase64(encoded)
  if (!isKeyName(name) || bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519[0]) return undefined
  const key = { name, publicKey: bytes.subarray(1) }
  return noteKeyId(sha256, key) === id ? key : undefined
}

/** @param text ends with a line feed and has no other control characters */
export function signNote(sha256: Sha256, text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text))
    throw new RangeError('note: its text must end with a line feed, without control characters')
  const lines = signers.map(signer => {
    if (!isKeyName(signer.name)) throw new RangeError(`note: ${signer.name} is no key name`)
    const id = fromHex(noteKeyId(sha256, signer)) ?? new Uint8Array()
    return `— ${signer.name} ${toBase64(concatBytes(id, signer.sign(utf8(text))))}\n`
  })
  return `${text}\n${lines.join('')}`
}

/** Cuts a note into text and signatures, none of them checked; undefined where it is none. */
export function parseNote(note: string): Note | undefined {
  const cut = note.lastIndexOf('\n\n')
  if (cut < 0) return undefined
  const text = note.slice(0, cut + 1)
  const lines = note.slice(cut + 2).split('\n')
  if (!isNoteText(text) || lines.pop() !== '' || lines.length === 0 || lines.length > MOST_SIGNATURES)
    return undefined
  const signatures = lines.map(parseSignature)
  return signatures.every(s => s !== undefined) ? { text, signatures } : undefined
}

/**
 * Opens a note by keys that are known. Signatures of unknown keys are passed over; one of a known key that is wrong
 * makes the whole note wrong.
 */
export async function openNote(
  sha256: Sha256,
  note: string,
  keys: readonly NoteKey[],
  verify: Verify,
): Promise<OpenedNote> {
  const parsed = parseNote(note)
  if (!parsed) return { problem: 'it is no signed note' }
  const message = utf8(parsed.text)
  const signedBy: NoteKey[] = []
  for (const { name, id, signature } of parsed.signatures) {
    const key = keys.find(k => k.name === name && noteKeyId(sha256, k) === id)
    if (!key) continue
    if (!(await verify(key.publicKey, message, signature)))
      return { problem: `the signature by ${name} (key ${id}) is wrong` }
    if (!signedBy.some(k => sameBytes(k.publicKey, key.publicKey))) signedBy.push(key)
  }
  return signedBy.length > 0 ? { text: parsed.text, signedBy } : { problem: 'no known key has signed it' }
}

function parseSignature(line: string): NoteSignature | undefined {
  const [, name = '', encoded = ''] = /^— (\S+) (\S+)$/.exec(line) ?? []
  const bytes = fromBase64(encoded)
  if (!isKeyName(name) || !bytes || bytes.length <= ID_BYTES) return undefined
  return { name, id: toHex(bytes.subarray(0, ID_BYTES)), signature: bytes.subarray(ID_BYTES) }
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+\u0000-\u001f\u0085]/u.test(name)
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f\ufffd]/.test(text) && !/\p{Cs}/u.test(text)
}
