import type { Scrubber } from '../model/scrub.ts'
import type { Accounting } from '../model/source.ts'
import type { RowSink } from './chunk.ts'

/** The first bytes of a source after decompression, as detection sees them. */
export interface Head {
  readonly bytes: Buffer
  /** The same as text, bytes that are not UTF-8 replaced; without a byte order mark and NULs in front. */
  readonly text: string
  /** Whether these are all bytes of the source. */
  readonly complete: boolean
}

/** Which columns of a log carry an id or an identity; names compare without case, dash, underscore or dot. */
export interface FieldChoices {
  /** Fields that may hold a correlation id, best first. A name may end in `*`. */
  readonly correlation: readonly string[]
  /** Fields that may hold the subject, best first. A name may end in `*`. */
  readonly subject: readonly string[]
}

/** What a reader needs to know about its source and where its output goes. */
export interface ReaderContext {
  /** Number of the source in the store. */
  readonly sourceId: number
  /** Configured host name of the log's machine, where the log does not tell. */
  readonly host: string | undefined
  /** Configured site, where the log does not tell. */
  readonly site: string | undefined
  /** Host and site that the configuration gives a log that is wrapped in this source, by its path there. */
  readonly innerOrigin?: (path: string) => { readonly host?: string; readonly site?: string }
  /** Column names for W3C rows or delimited exports that have no header of their own. */
  readonly fields: readonly string[] | undefined
  readonly scrubber: Scrubber
  /** Blanks the fixed list of identity version 1, whatever the configuration adds or exempts. */
  readonly identityScrubber: Scrubber
  /** Keyed hash and last four characters of a credential. */
  readonly pseudonym: (secret: string) => string
  readonly gatewayFields: FieldChoices
  readonly appFields: FieldChoices
  readonly accounting: Accounting
  readonly sink: RowSink
}

/** Reader state that a later read of the same, grown source starts from. JSON-serialisable. */
export interface ReaderState {
  readonly lineNo: number
  readonly byteOffset: number
  /** The format's own state, such as the #Fields in force. */
  readonly format: Readonly<Record<string, unknown>>
}

export interface Reader {
  push(block: Buffer): void
  /** Ends the source; a last line without a line feed is decoded if it is whole. */
  end(): void
  /** State after the last line that ended with a line feed. */
  state(): ReaderState
}

export interface Format {
  /** Name as in docs and output. */
  readonly name: string
  readonly description: string
  /** Whether these first bytes are of this format. Never looks at a file name. */
  detect(head: Head): boolean
  open(context: ReaderContext, resume?: ReaderState): Reader
}
