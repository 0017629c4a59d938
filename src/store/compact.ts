import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { IndexRecord, SegmentRecord } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'
import { inSpan } from '../telemetry/record.ts'
import { publishFile } from './commit.ts'
import { gatewayContent } from './gateway-content.ts'
import { layout } from './layout.ts'
import { sealOf } from './leaves.ts'
import { parquetOptions } from './parquet.ts'
import { quoteText, quoteTexts } from './query.ts'
import type { Store } from './store.ts'
import { sweepReplaced } from './sweep.ts'

/** Files of a tier that are merged once there are so many. Each row is written again once a tier. */
const FAN_IN = 16
/** Rows of the lowest tier; each tier above holds so many times more. */
const LOWEST_ROWS = 16_000
/** What a merged file holds at most. A file of half as much is left alone. */
const MOST_ROWS = 1_500_000
const MOST_BYTES = 256 * 1024 * 1024

/** Files of one day that become one. */
export type Merge =
  | { readonly what: 'facts'; readonly files: readonly SegmentRecord[] }
  | { readonly what: 'index'; readonly files: readonly MergedIndex[] }

/** An index whose files hold the keys of some segments each. */
type MergedIndex = IndexRecord & { readonly kind: 'id' | 'subject' }

export interface CompactOptions {
  /** Merges at most, so that a writer that follows logs is not kept from them. */
  readonly most?: number
  /** Only files of fewer rows: merging large ones costs more than reading the logs they came from. */
  readonly below?: number
  /** Merge whatever is small, not only what a tier has too many of. */
  readonly everything?: boolean
}

export interface Compacted {
  readonly merges: number
  /** Files before and after. */
  readonly from: number
  readonly to: number
  readonly rows: number
}

/** What there is to merge, fullest tiers first. Looks at the ledger's state only. */
export function dueMerges(state: LedgerState, options: CompactOptions = {}): Merge[] {
  const { everything = false, below = MOST_ROWS / 2 } = options
  const facts = groups(state.segments, below).flatMap(files =>
    portions(files, everything).map(portion => ({ what: 'facts' as const, files: portion })),
  )
  const indexes = groups(state.indexes.filter(isMerged), below).flatMap(files =>
    portions(files, everything).map(portion => ({ what: 'index' as const, files: portion })),
  )
  return [...facts, ...indexes].sort((a, b) => b.files.length - a.files.length)
}

/**
 * Merges small files of one day and kind into sorted ones, with one ledger entry. Hops, links and the states of days stay as they
 * are. Called after commits: without anything to do it costs a look at the state.
 */
export async function compact(store: Store, options: CompactOptions = {}): Promise<Compacted> {
  const merges = dueMerges(store.state, options).slice(0, options.most)
  if (merges.length === 0) return { merges: 0, from: 0, to: 0, rows: 0 }
  return inSpan('compact', { 'throughline.merges': merges.length }, async span => {
    const compacted = await mergeAll(store, merges)
    span.set({ 'throughline.files': compacted.from, 'throughline.rows': compacted.rows })
    return compacted
  })
}

async function mergeAll(store: Store, merges: readonly Merge[]): Promise<Compacted> {
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const segments: SegmentRecord[] = []
  const indexes: IndexRecord[] = []
  const hops = new HopsHash()
  for (const [i, merge] of merges.entries()) {
    const file = `${name}-${String(i).padStart(4, '0')}`
    if (merge.what === 'facts') segments.push(await mergeFacts(store, merge.files, file, hops))
    else indexes.push(await mergeIndexes(store, merge.files, file))
  }
  const replaced = merges.flatMap(merge => merge.files.map(f => f.path))
  store.append({ kind: 'compacted', segments, indexes, replaced, hopsHash: hops.digest() })
  sweepReplaced(store)
  const rows = [...segments, ...indexes].reduce((sum, f) => sum + f.rows, 0)
  return { merges: merges.length, from: replaced.length, to: segments.length + indexes.length, rows }
}

function isMerged(index: IndexRecord): index is MergedIndex {
  return index.kind === 'id' || index.kind === 'subject'
}

interface Small {
  readonly path: string
  readonly kind: string
  readonly day: string
  readonly rows: number
  readonly bytes: number
}

/** Files by kind and day that may be merged; a file never spans days. */
function groups<T extends Small>(files: readonly T[], below: number): T[][] {
  const found = new Map<string, T[]>()
  for (const file of files) {
    if (file.rows >= Math.min(below, MOST_ROWS / 2) || file.bytes >= MOST_BYTES / 2) continue
    const key = `${file.kind} ${file.day}`
    const group = found.get(key)
    if (group) group.push(file)
    else found.set(key, [file])
  }
  return [...found.values()].filter(group => group.length > 1)
}

function portions<T extends Small>(files: readonly T[], everything: boolean): T[][] {
  if (everything) return filled(files).filter(portion => portion.length > 1)
  const tiers = new Map<number, T[]>()
  for (const file of files) tiers.set(tierOf(file), [...(tiers.get(tierOf(file)) ?? []), file])
  return [...tiers.values()].flatMap(tier => {
    const isFull = tier.length >= FAN_IN || rowsOf(tier) >= MOST_ROWS
    return isFull ? filled(tier).filter(portion => portion.length > 1) : []
  })
}

function tierOf({ rows }: Small): number {
  return rows < LOWEST_ROWS ? 0 : 1 + Math.floor(Math.log(rows / LOWEST_ROWS) / Math.log(FAN_IN))
}

function rowsOf(files: readonly Small[]): number {
  return files.reduce((sum, f) => sum + f.rows, 0)
}

/** Cuts files, oldest first, into portions that make one file each. */
function filled<T extends Small>(files: readonly T[]): T[][] {
  const made: T[][] = []
  let room = { rows: 0, bytes: 0 }
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const last = made.at(-1)
    if (last && file.rows <= room.rows && file.bytes <= room.bytes) last.push(file)
    else {
      made.push([file])
      room = { rows: MOST_ROWS, bytes: MOST_BYTES }
    }
    room = { rows: room.rows - file.rows, bytes: room.bytes - file.bytes }
  }
  return made
}

async function mergeFacts(
  store: Store,
  files: readonly SegmentRecord[],
  name: string,
  hops: HopsHash,
): Promise<SegmentRecord> {
  const [{ kind, day }] = files as [SegmentRecord]
  const order = parquetOptions.order[kind]
  const file = join(layout.temporary(store.root), `merged-${name}.parquet`)
  const rows = await mergeFiles(store, files, file, order, parquetOptions.facts)
  await hops.add(store, file, kind)
  const seal = await sealOf(store.db, { file, kind, day, rows }, store.keys?.salts)
  const record = await publishFile(store, file, layout.segment(kind, day, name), rows)
  return {
    kind,
    day,
    applications: [...new Set(files.flatMap(f => f.applications))].sort(),
    firstUs: Math.min(...files.map(f => f.firstUs)),
    lastUs: Math.max(...files.map(f => f.lastUs)),
    versions: files.reduce((sum, f) => sum + f.versions, 0),
    ...seal,
    ...record,
  }
}

async function mergeIndexes(store: Store, files: readonly MergedIndex[], name: string): Promise<IndexRecord> {
  const [{ kind, day }] = files as [MergedIndex]
  const file = join(layout.temporary(store.root), `merged-index-${name}.parquet`)
  const rows = await mergeFiles(store, files, file, parquetOptions.indexOrder[kind], parquetOptions.index)
  return { kind, day, ...(await publishFile(store, file, layout.index(kind, day, name), rows)) }
}

/** Writes the rows of several files, in order, to another and makes sure that they are the same rows. */
async function mergeFiles(
  { db, root }: Store,
  files: readonly Small[],
  target: string,
  order: string,
  options: string,
): Promise<number> {
  // By name: a column that only some files have must not be lost.
  const before = `read_parquet(${quoteTexts(files.map(f => join(root, f.path)))}, union_by_name = true, hive_partitioning = false)`
  const rows = await db.run(
    `COPY (SELECT * FROM ${before} ORDER BY ${order}) TO ${quoteText(target)} (${options})`,
  )
  const [was, is] = [await checksum(db, before), await checksum(db, `read_parquet(${quoteText(target)})`)]
  if (rows !== rowsOf(files) || was !== is)
    throw new Error(
      `compact: ${rowsOf(files)} rows (${was}) became ${rows} rows (${is}) in ${files[0]?.kind} of ${files[0]?.day}; nothing was changed`,
    )
  return rows
}

/** Equal rows in any order, equal text: every column of every row counts. */
async function checksum(db: Store['db'], relation: string): Promise<string> {
  const { text } = await db.row<{ text: string }>(
    `SELECT concat_ws(' ', count(*), sum(hash(t)::HUGEINT), bit_xor(hash(t))) AS text FROM ${relation} AS t`,
  )
  return text
}

/** A digest over the identities of hops that does not depend on their order, and that other programs can repeat. */
class HopsHash {
  #sum = 0n
  #hops = 0n

  /** Adds the hops of a file: MD5 over hop id and, at the gateway, content digest; the halves are added up. */
  async add({ db }: Store, file: string, kind: SegmentRecord['kind']): Promise<void> {
    const identity =
      kind === 'gateway' ? `hex_id(f.hop_id) || hex_id(${gatewayContent('f')})` : 'hex_id(hop_id)'
    const { n, sum } = await db.row<{ n: string; sum: string }>(
      `SELECT count(*)::VARCHAR AS n, coalesce(sum(md5_number_lower(${identity})::HUGEINT + md5_number_upper(${identity})::HUGEINT), 0)::VARCHAR AS sum
       FROM read_parquet(${quoteText(file)}) AS f`,
    )
    this.#hops += BigInt(n)
    this.#sum += BigInt(sum)
  }

  digest(): string {
    return hash('sha256', `${this.#hops} ${this.#sum}`, 'hex')
  }
}
