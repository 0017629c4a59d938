import { fromBase64, textOf } from '../../ledger/bytes.ts'
import { type Envelope, parseEnvelope } from '../../ledger/dsse.ts'

/** A kind of signed statement. */
export interface StatementKind<T> {
  /** The latest version of its format that this program reads. */
  readonly version: number
  /** What it is about, for those who are told that one is not. */
  readonly about: string
  /** May throw where members are missing. */
  readonly is: (statement: T) => boolean
}

/** A statement as it is written, nothing of it checked yet. */
export interface ReadStatement<T> {
  readonly envelope: Envelope
  readonly statement: T
}

/** @returns what is wrong where it is none of its kind, or of a newer version */
export function readStatement<T extends { readonly predicate: { readonly version: number } }>(
  bytes: Uint8Array,
  { version, about, is }: StatementKind<T>,
): ReadStatement<T> | { problem: string; isNewer: boolean } {
  const envelope = parseEnvelope(textOf(bytes) ?? '')
  const payload = envelope && fromBase64(envelope.payload)
  const text = payload && textOf(payload)
  if (!envelope || text === undefined)
    return { problem: 'it is no envelope as `evidence create` writes it', isNewer: false }
  try {
    const statement = JSON.parse(text) as T
    const found: unknown = statement.predicate?.version
    if (typeof found === 'number' && found > version)
      return { problem: `format version ${found}, this program reads up to ${version}`, isNewer: true }
    return is(statement)
      ? { envelope, statement }
      : { problem: `its statement is not about ${about}`, isNewer: false }
  } catch {
    return { problem: 'its statement is no JSON', isNewer: false }
  }
}
