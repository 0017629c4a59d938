import { z } from 'zod'
import { ERASED_NAME } from '../model/erased.ts'
import { HOP_KINDS } from '../model/hop.ts'
import { REJECT_REASONS, type RejectReason } from '../model/source.ts'

/** Version of the store's layout and of these entries. A store with a higher one is not touched. */
export const STORE_VERSION = 1

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const reason = z.enum(Object.keys(REJECT_REASONS) as [RejectReason, ...RejectReason[]])

/** A file of the store as the entry that made it visible names it. */
export const FILE = z.strictObject({
  /** Path below the store, with `/`. */
  path: z.string(),
  sha256: digest,
  bytes: count,
  rows: count,
})

const saltsName = z.string().regex(/^[0-9a-f]{16}$/)

/** The tree over the rows of a file. Absent where the secret of the salts was not at hand, and in older entries. */
const SEAL = {
  /** Root of the tree, SHA-256. */
  root: digest.optional(),
  /** Which secret the leaves are salted with. */
  salts: saltsName.optional(),
}

export const SEGMENT = FILE.extend({
  kind: z.enum(HOP_KINDS),
  day,
  /** Applications with rows in it. */
  applications: z.array(z.string()),
  /** Smallest and largest stamp, µs: gateway client_received_start, else the logged second. */
  firstUs: z.number().int(),
  lastUs: z.number().int(),
  /** Rows whose id another row has with other content (two versions of one gateway record). */
  versions: count,
  ...SEAL,
})

export const INDEX = FILE.extend({
  kind: z.enum(['id', 'subject', 'requests', 'findings']),
  day,
  /** Requests and findings only: the last entry that they take into account, and a digest of what made them. */
  upTo: count.optional(),
  shape: digest.optional(),
})

export const ACCOUNTING = z.strictObject({
  lines: count,
  decoded: count,
  directives: count,
  /** Of these, rows about connections that HTTP.sys closed as idle. Absent: none. */
  idle: count.optional(),
  rejected: count,
  rejectedBy: z.partialRecord(reason, count),
  duplicates: count,
  /** Decoded lines of days that had been pruned: counted, not taken in. Absent: none. */
  pruned: count.optional(),
  /** Decoded lines of applications that stores of other partitions hold. Absent: none. */
  elsewhere: count.optional(),
  possibleDuplicates: count,
  scrubbed: count,
  invalidUtf8: count,
  bytes: count,
  firstUs: z.number().int().optional(),
  lastUs: z.number().int().optional(),
  idFields: z.record(z.string(), count),
  warnings: z.array(z.string()),
  /** #Date of the header blocks of an IIS log, seconds since 1970. Absent: not noted. */
  headers: z.array(z.number().int()).optional(),
})

const READER_STATE = z.strictObject({
  lineNo: count,
  byteOffset: count,
  format: z.record(z.string(), z.unknown()),
})

/** How a source came that a collector read: lines are counted by what it has sent, so that none is taken twice or left out. */
const TAKEN = z.record(
  z.string(),
  z.strictObject({
    rows: count,
    rejects: count,
    /** Byte offsets of the last of them: tell which of those that come again were taken. */
    rowsTo: count.optional(),
    rejectsTo: count.optional(),
  }),
)
const SHIPPED = z.strictObject({
  collector: z.string(),
  /** Id of the source, made by its collector. */
  source: z.string(),
  /** What was taken of each application: rows, and rejected lines. */
  taken: TAKEN,
  /** The same of earlier reads of the file that did not come to their end, by their ids. */
  earlier: z.record(z.string(), TAKEN).optional(),
})

export const SOURCE = z.strictObject({
  id: count,
  path: z.string(),
  format: z.string(),
  gzip: z.boolean(),
  host: z.string().optional(),
  site: z.string().optional(),
  /** SHA-256 and size of the raw bytes that were read. Empty digest while the source is only partly read. */
  sha256: z.string(),
  rawBytes: count,
  /** SHA-256 of the first KiB: finds a file that grew under another name. */
  head: z.string(),
  /** Device and inode, `dev:ino`: a hint where a renamed file went, never proof. Only of files that were followed. */
  identity: z.string().optional(),
  /** NULs behind what was read, bytes: room for rows that IIS had not written yet. */
  padding: count.optional(),
  state: READER_STATE,
  accounting: ACCOUNTING,
  /** complete; partial: more of it follows in a later entry; failed: reading stopped before its end. */
  status: z.enum(['complete', 'partial', 'failed']),
  problem: z.string().optional(),
  /** How a last line without a line feed was counted; it is read again when the source grows. */
  torn: z.union([z.enum(['decoded', 'directive', 'idle']), reason]).optional(),
  /** Absent: this process read it itself. */
  shipped: SHIPPED.optional(),
})

/** How far a partition of a topic was read. */
const OFFSET = z.strictObject({
  topic: z.string(),
  partition: count,
  /** How many partitions the topic had. */
  partitions: count,
  /** Offset of the first message that was not read. */
  next: count,
  /** Digest of the one before it: tells a topic that was made anew from the one that was read. */
  mark: z.string().optional(),
})

/** Until when the gateway or a host has written lines, whatever their application. */
export const SEEN = z.strictObject({
  side: z.enum(['gateway', 'app']),
  /** Empty of the gateway, and of logs that do not name theirs. */
  host: z.string(),
  /** Largest stamp, µs since 1970. */
  us: z.number().int(),
})

export const REFUSED = z.strictObject({ path: z.string(), name: z.string(), advice: z.string() })

/** A file that was pruned, as its tombstone names it. */
export const PRUNED_FILE = FILE.extend({
  what: z.enum(['facts', 'index', 'links', 'rejects', 'reads']),
  /** Absent: rejects and records of reads, which belong to no day. */
  day: day.optional(),
})

/** A file that another one took the place of, with the root of its tree where it had one. */
const REWRITTEN = z.strictObject({ old: FILE.extend({ root: digest.optional() }), new: SEGMENT })

const REWRITTEN_FILE = z.strictObject({ old: FILE, new: FILE })

const APPLICATION_DAY = z.strictObject({ application: z.string(), day })

/** Links of a day in a file of their own. */
export const DAY_LINKS = FILE.extend({ application: z.string(), day })

const BASE = {
  version: z.literal(STORE_VERSION),
  seq: count,
  /** SHA-256 of the bytes of the entry before; 64 zeros for the first. */
  prev: digest,
  /** When the entry was made, RFC 3339 UTC. */
  at: z.string(),
  by: z.string(),
}

export const ENTRY = z.discriminatedUnion('kind', [
  z.strictObject({ ...BASE, kind: z.literal('created'), storeId: z.string() }),
  z.strictObject({
    ...BASE,
    kind: z.literal('config'),
    digest,
    parts: z.record(z.string(), digest),
    changed: z.array(z.string()),
  }),
  z.strictObject({
    ...BASE,
    kind: z.literal('ingest'),
    sources: z.array(SOURCE),
    refused: z.array(REFUSED),
    segments: z.array(SEGMENT),
    indexes: z.array(INDEX),
    rejects: z.array(FILE),
    config: digest,
    /** Messages that it takes into account, of topics of Kafka: all before `next`. */
    consumed: z.array(OFFSET).optional(),
    /** How far logs have come whose lines other stores may hold. */
    seen: z.array(SEEN).optional(),
  }),
  /** The same hops in new files, with what the configuration derives from them: applications, ids, subjects. */
  z.strictObject({
    ...BASE,
    kind: z.literal('rederived'),
    segments: z.array(SEGMENT),
    indexes: z.array(INDEX),
    /** Paths that these files replace. */
    replaced: z.array(z.string()),
    config: digest,
  }),
  /** The same rows in fewer, larger files. Days, links and accounting stay as they are. */
  z.strictObject({
    ...BASE,
    kind: z.literal('compacted'),
    segments: z.array(SEGMENT),
    indexes: z.array(INDEX),
    /** Paths that these files replace. */
    replaced: z.array(z.string()),
    /** SHA-256 over the identities of the hops in the new segments, in any order; the files before gave the same. */
    hopsHash: digest,
  }),
  /** Derived files of some days: requests put together for those who search them, or an index made again. */
  z.strictObject({
    ...BASE,
    kind: z.literal('indexed'),
    indexes: z.array(INDEX),
    /** Paths that these files replace. */
    replaced: z.array(z.string()),
  }),
  /** Whole days were dropped: the tombstone of their files. */
  z.strictObject({
    ...BASE,
    kind: z.literal('pruned'),
    /** Days before this one are gone. */
    before: day,
    days: z.array(day),
    files: z.array(PRUNED_FILE),
    /** Links of the last pruned days to hops of days that stay, and claims on hops that these claim too. */
    borders: z.array(DAY_LINKS),
    /** Days whose links stay as they are from here on: they were made with the facts of a day that is gone. */
    frozen: z.array(APPLICATION_DAY),
    /** Only files of this kind were dropped, and the days are still there. Absent: days with all they had. */
    only: z.enum(['rejects', 'generations', 'reads']).optional(),
    why: z.string(),
    /** Who asked for it. */
    who: z.string(),
  }),
  /** Requests that a filter finds are kept from being pruned or erased. What it is about stands in a file, which can go. */
  z.strictObject({
    ...BASE,
    kind: z.literal('hold'),
    /** Filter, period and reason. */
    file: FILE,
    who: z.string(),
    /** When it ends by itself, RFC 3339 UTC. */
    until: z.string().optional(),
  }),
  z.strictObject({ ...BASE, kind: z.literal('released'), hold: count, why: z.string(), who: z.string() }),
  /** A person was taken out of facts, index, rejects and aliases. Says as whom the person is kept, never who it was. */
  z.strictObject({
    ...BASE,
    kind: z.literal('erased'),
    erasedAs: z.string().regex(new RegExp(`^${ERASED_NAME}$`)),
    /** Rows in which the person stood, by kind of hop. */
    rows: z.record(z.string(), count),
    /** Of these, rows of requests of others that mention the person. */
    mentions: count,
    rewritten: z.array(REWRITTEN),
    indexes: z.array(INDEX),
    /** Paths of the index files that these replace. */
    replaced: z.array(z.string()),
    rejects: z.array(REWRITTEN_FILE),
    /** Records of commands that asked for the person: what they asked is gone, and with it their chain. */
    reads: z.array(REWRITTEN_FILE),
    /** Files of aliases that are no longer in force and named the person. */
    subjectsFiles: z.array(FILE),
    /** Files of holds that are no longer in force and named the person. */
    holds: z.array(FILE),
    /** Days whose links stay as they are from here on. */
    frozen: z.array(APPLICATION_DAY),
    why: z.string(),
    who: z.string(),
  }),
  /** The aliases in force from here on. Facts stay as they are; requests and links read subjects through them. */
  z.strictObject({
    ...BASE,
    kind: z.literal('subjects'),
    file: FILE,
    /** What brought them: the configuration, or the directory export that was imported. */
    from: z.string(),
    aliases: count,
    rules: count,
    /** Earlier files of aliases that go with it, as they name a person who was erased. */
    dropped: z.array(FILE).optional(),
  }),
  z.strictObject({
    ...BASE,
    kind: z.literal('coverage'),
    side: z.enum(['gateway', 'app']),
    from: day,
    to: day,
  }),
  /** A person decided that findings need no attention until a moment. A later entry about the same replaces it. */
  z.strictObject({
    ...BASE,
    kind: z.literal('suppression'),
    /** Of an incident, or of a series: all incidents of one rule about the same. */
    id: z.string().regex(/^(?:inc|ser)-[0-9a-f]{16}$/),
    /** The rule of the finding that it was given for. */
    rule: z.string(),
    /** First moment at which it no longer holds, RFC 3339 UTC. */
    until: z.string(),
    reason: z.string().min(1),
    /** Who decided it. */
    author: z.string().min(1),
  }),
  z.strictObject({
    ...BASE,
    kind: z.literal('link'),
    application: z.string(),
    day,
    generation: count,
    /** Absent where the day has no links and no candidates. */
    file: FILE.optional(),
    ...SEAL,
    /** SHA-256 over the links in order: equal content, equal hash, whatever the file's bytes. */
    contentHash: digest,
    counts: z.record(z.string(), count),
    warnings: z.array(z.string()),
    method: z.string(),
    config: digest,
    /** How far ahead of the gateway's the clocks of hosts are at most, µs; absent where none could be read. */
    clockAheadUs: z.number().int().optional(),
    /** Links that this generation has and the one before had not, and the other way round; absent for the first. */
    changes: z.strictObject({ made: count, undone: count }).optional(),
  }),
  /** The key in force from here on, with which checkpoints are signed, and the secret that salts leaves. */
  z.strictObject({
    ...BASE,
    kind: z.literal('key'),
    /** Ed25519, SPKI in DER, base64. */
    publicKey: z.string(),
    /** SHA-256 of it. */
    fingerprint: digest,
    /** Name of the secret: 16 hex digits that tell nothing of it. */
    salts: saltsName,
    /** Fingerprint of the key before, and its signature of this one (base64); without it, that key was lost. */
    replaces: digest.optional(),
    signature: z.string().optional(),
  }),
  /** A checkpoint was put where the store cannot change it. */
  z.strictObject({
    ...BASE,
    kind: z.literal('anchored'),
    /** Size and root of the checkpoint. */
    size: count,
    root: digest,
    /** Where it was put, and by whom, as given. */
    where: z.string(),
    who: z.string(),
  }),
  /** Records of commands that gave data out, of processes that have ended. */
  z.strictObject({
    ...BASE,
    kind: z.literal('reads'),
    file: FILE,
    /** Names of the processes' files that it was put together from. */
    from: z.array(z.string()),
  }),
  /** The links of these days take every hop into account; until it, what was taken in is still to be linked. */
  z.strictObject({ ...BASE, kind: z.literal('linked'), application: z.string(), days: z.array(day) }),
  z.strictObject({
    ...BASE,
    kind: z.literal('day'),
    application: z.string(),
    day,
    state: z.enum(['open', 'closed']),
    reason: z.string(),
  }),
])

export type Entry = z.infer<typeof ENTRY>
export type FileRecord = z.infer<typeof FILE>
export type SegmentRecord = z.infer<typeof SEGMENT>
export type IndexRecord = z.infer<typeof INDEX>
export type PrunedFile = z.infer<typeof PRUNED_FILE>
export type DayLinks = z.infer<typeof DAY_LINKS>
export type SourceRecord = z.infer<typeof SOURCE>
export type SeenRecord = z.infer<typeof SEEN>
export type OffsetRecord = z.infer<typeof OFFSET>
export type RefusedRecord = z.infer<typeof REFUSED>

type Body<E> = E extends Entry ? Omit<E, keyof typeof BASE> : never
/** An entry before the chain gives it its place. */
export type EntryBody = Body<Entry>

/** The files that an entry names, wherever in it: whatever is found here is never taken for a leftover. */
export function filesOf(entry: Entry): FileRecord[] {
  const own = Object.values(entry)
    .flatMap((member: unknown): unknown[] => (Array.isArray(member) ? member : [member]))
    .filter(isFileRecord)
  if (entry.kind !== 'erased') return own
  return [
    ...own,
    ...[...entry.rewritten, ...entry.rejects, ...entry.reads].flatMap(pair => [pair.old, pair.new]),
  ]
}

function isFileRecord(value: unknown): value is FileRecord {
  if (typeof value !== 'object' || value === null) return false
  const { path, sha256, bytes, rows } = value as Partial<Record<keyof FileRecord, unknown>>
  return (
    typeof path === 'string' &&
    typeof sha256 === 'string' &&
    typeof bytes === 'number' &&
    typeof rows === 'number'
  )
}
