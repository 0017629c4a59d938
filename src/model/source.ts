/** Why a line could not be read. A closed list: each is explained in docs/formats.md. */
export const REJECT_REASONS = {
  'no-fields': 'a row before any #Fields directive; give --fields, or hand over the file from its beginning',
  'too-few-columns': 'the row has fewer columns than the #Fields or header in force',
  'too-many-columns':
    'the row has more columns than the #Fields or header in force (often a raw space in a value)',
  'no-date': 'neither a date column nor a #Date directive tells the day',
  'bad-date': 'the date or time does not exist or is not written YYYY-MM-DD HH:MM:SS',
  'bad-number': 'a numeric column holds something that is not an unsigned number',
  'nul-bytes': 'NUL bytes inside a row',
  'too-long': 'the line is longer than 1 MiB (the envelope of a line: than 8 MiB)',
  'bad-json': 'the line is not one JSON object',
  'no-message': 'an envelope without a line: neither message, event.original nor _raw is a text',
  'several-rows': 'an envelope with several rows; have the shipper send one line an envelope (no multiline)',
  'not-iis': 'a row inside an envelope whose directives are of FTP or another product',
  'bad-quotes': 'a quoted value is not closed or is followed by text (RFC 4180)',
  'no-timestamp': 'client_received_start_timestamp is missing, zero or not a time',
  truncated: 'the source ended in the row (no line feed), or the shipper cut it',
} as const

export type RejectReason = keyof typeof REJECT_REASONS

export interface Reject {
  /** 1-based number of the line in the decompressed source. */
  readonly lineNo: number
  /** Offset of the line's first byte in the decompressed source. */
  readonly byteOffset: number
  /** Length of the line in bytes, without its line end. */
  readonly length: number
  /** SHA-256 of the raw line, hex. */
  readonly sha256: string
  readonly reason: RejectReason
  /** What was found, in a few words. */
  readonly detail: string
  /** The line's first 200 characters after scrubbing. */
  readonly excerpt: string
  /** The log inside the source that the line is of, and its host, where a shipper wrapped it. */
  readonly log?: string | undefined
  readonly host?: string | undefined
}

/** What became of every line of a source. Always: lines = decoded + directives + rejected. */
export interface Accounting {
  lines: number
  decoded: number
  directives: number
  /** Of the directives, rows about connections that HTTP.sys closed as idle: they tell of no request. Absent: none. */
  idle?: number | undefined
  rejected: number
  rejectedBy: Partial<Record<RejectReason, number>>
  /** Decoded lines that the store already had (from another source or an earlier read). */
  duplicates: number
  /** Decoded lines of days that had been pruned: counted, not taken in. Absent: none. */
  pruned?: number | undefined
  /** Decoded lines of applications that stores of other partitions hold. Absent: none. */
  elsewhere?: number | undefined
  /** Of the duplicates, lines at the edge of two sources that may be two hops with equal text (a cut inside a second). */
  possibleDuplicates: number
  /** Secret values replaced before anything was written. */
  scrubbed: number
  /** Lines with bytes that are not UTF-8; kept with those bytes written as \xHH. */
  invalidUtf8: number
  /** Decompressed bytes read. */
  bytes: number
  /** First and last stamp (gateway: client_received_start; app: the logged second), µs; undefined without rows. */
  firstUs?: number | undefined
  lastUs?: number | undefined
  /** Rows that had a value, by id field of the source, in order of preference. */
  idFields: Record<string, number>
  /** Things a person should know about this source. */
  warnings: string[]
  /**
   * Stamps of the header blocks of an IIS log (#Date), seconds since 1970. Absent: not noted, as the log is of another
   * kind, was read before they were noted, or has too many.
   */
  headers?: number[] | undefined
}

/** A log with more header blocks than this is no log of IIS: one a quarter of an hour is the most that idling makes. */
const MOST_HEADERS = 2000

/** Notes the value of a #Date directive. A last line that is read twice is noted once. */
export function noteHeader(accounting: Accounting, value: string): void {
  const { headers } = accounting
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)$/.exec(value)
  const second = match ? Date.parse(`${match[1]}T${match[2]}Z`) / 1000 : Number.NaN
  if (!headers || Number.isNaN(second) || headers.at(-1) === second) return
  if (headers.length === MOST_HEADERS) accounting.headers = undefined
  else headers.push(second)
}

export function emptyAccounting(): Accounting {
  return {
    lines: 0,
    decoded: 0,
    directives: 0,
    rejected: 0,
    rejectedBy: {},
    duplicates: 0,
    possibleDuplicates: 0,
    scrubbed: 0,
    invalidUtf8: 0,
    bytes: 0,
    idFields: {},
    warnings: [],
  }
}

/** Counts a line that became a row stamped `us` µs since 1970. */
export function countDecoded(accounting: Accounting, us: number): void {
  accounting.lines++
  accounting.decoded++
  if (accounting.firstUs === undefined || us < accounting.firstUs) accounting.firstUs = us
  if (accounting.lastUs === undefined || us > accounting.lastUs) accounting.lastUs = us
}

/** Ends what is said of a last line that is read again once its source has grown. */
export const SOURCE_ENDS = '; the source ends here'
