import { statSync } from 'node:fs'
import { join } from 'node:path'
import { publish, syncFile } from '../ledger/durable.ts'
import type {
  FileRecord,
  IndexRecord,
  OffsetRecord,
  RefusedRecord,
  SeenRecord,
  SegmentRecord,
  SourceRecord,
} from '../ledger/entry.ts'
import { HOP_KINDS, type HopKind } from '../model/hop.ts'
import { count } from '../telemetry/record.ts'
import { fileDigest } from './damage.ts'
import { type Duplicates, dedupe, type StagedSegment } from './dedupe.ts'
import { leaveOutErased } from './erased-rejects.ts'
import { writeIdIndex } from './index-ids.ts'
import { writeSubjectIndex } from './index-subjects.ts'
import { layout } from './layout.ts'
import { sealOf } from './leaves.ts'
import { quoteText } from './query.ts'
import type { Store } from './store.ts'

/** What one ledger entry takes in. */
export interface Batch {
  readonly staged: readonly StagedSegment[]
  /** File of rejects, NDJSON, and its rows; undefined without rejects. */
  readonly rejects: { readonly file: string; readonly rows: number } | undefined
  /** Sources as they stand after this batch; called once it is known which rows of it become no facts. */
  readonly sources: (duplicates: readonly Duplicates[], late: ReadonlyMap<number, number>) => SourceRecord[]
  readonly refused: readonly RefusedRecord[]
  readonly config: string
  /** How far topics were read with it. */
  readonly consumed?: readonly OffsetRecord[] | undefined
  /** How far logs have come whose lines other stores may hold. */
  readonly seen?: readonly SeenRecord[] | undefined
}

/**
 * Makes a batch part of the store: duplicates out, files durable under their final names, index written, one ledger
 * entry. Until that entry exists nothing of the batch is visible.
 *
 * @returns the days that got new hops, `YYYY-MM-DD`
 */
export async function commitBatch(store: Store, batch: Batch): Promise<string[]> {
  const { db, root } = store
  const late = await leaveOutPruned(store, batch.staged)
  const duplicates: Duplicates[] = []
  for (const kind of HOP_KINDS) {
    const staged = batch.staged.filter(s => s.kind === kind && s.rows > 0)
    const { segments: published, erasures } = store.state
    const context = { db, root, published, erasedNames: erasures.names }
    duplicates.push(...(await dedupe(context, kind, staged)))
  }
  const kept = batch.staged.filter(s => s.rows > 0)
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const days = [...new Set(kept.map(s => s.day))].sort()
  const indexes = await publishIndexes(store, kept, name)
  const segments: SegmentRecord[] = []
  for (const [i, s] of kept.entries()) {
    const path = layout.segment(s.kind, s.day, `${name}-${String(i).padStart(4, '0')}`)
    const applications = await applicationsOf(store, s.file)
    const seal = s.seal ?? (await sealOf(store.db, s, store.keys?.salts))
    const record = await publishFile(store, s.file, path, s.rows)
    segments.push({
      kind: s.kind,
      day: s.day,
      applications,
      firstUs: s.firstUs,
      lastUs: s.lastUs,
      versions: s.versions,
      ...seal,
      ...record,
    })
  }
  if (batch.rejects) await leaveOutErased(store, batch.rejects.file)
  const rejects = batch.rejects
    ? [await publishFile(store, batch.rejects.file, layout.rejects(name), batch.rejects.rows)]
    : []
  const sources = batch.sources(duplicates, late)
  store.append({
    kind: 'ingest', sources, refused: [...batch.refused], segments, indexes, rejects, config: batch.config,
    ...(batch.consumed ? { consumed: [...batch.consumed] } : {}),
    ...(batch.seen?.length ? { seen: [...batch.seen] } : {}),
  }) // biome-ignore format: one entry
  for (const { rows, kind } of kept) count('throughline.hops', rows, kind)
  return days
}

/**
 * Empties staged segments of days that were pruned: what was dropped on purpose does not come back by the back door, in
 * part and without its links.
 *
 * @returns rows that were left out, by source
 */
async function leaveOutPruned(
  { db, state }: Store,
  staged: readonly StagedSegment[],
): Promise<Map<number, number>> {
  const before = state.pruning?.before ?? ''
  const late = new Map<number, number>()
  for (const segment of staged) {
    if (segment.day >= before) continue
    const rows = await db.rows<{ source_id: number; n: string }>(
      `SELECT source_id, count(*)::VARCHAR AS n FROM read_parquet(${quoteText(segment.file)}) GROUP BY source_id`,
    )
    for (const { source_id, n } of rows) late.set(source_id, (late.get(source_id) ?? 0) + Number(n))
    segment.rows = 0
  }
  return late
}

const INDEXES = { id: writeIdIndex, subject: writeSubjectIndex }

/** Writes the indexes of each day of new files. */
export async function publishIndexes(
  store: Store,
  files: readonly { readonly kind: HopKind; readonly day: string; readonly file: string }[],
  name: string,
): Promise<IndexRecord[]> {
  const indexes: IndexRecord[] = []
  for (const day of [...new Set(files.map(f => f.day))].sort()) {
    const own = files.filter(f => f.day === day)
    for (const kind of ['id', 'subject'] as const) {
      const file = join(layout.temporary(store.root), `index-${kind}-${day}.parquet`)
      const rows = await INDEXES[kind](store.db, own, file)
      indexes.push({ kind, day, ...(await publishFile(store, file, layout.index(kind, day, name), rows)) })
    }
  }
  return indexes
}

/** Puts rewritten segments in the place of others, with one ledger entry. */
export async function replaceSegments(
  store: Store,
  change: {
    /** Name of the new index files. */
    readonly name: string
    readonly old: readonly SegmentRecord[]
    /** Published already. */
    readonly segments: readonly SegmentRecord[]
    readonly config: string
  },
): Promise<void> {
  const files = change.segments.map(s => ({ kind: s.kind, day: s.day, file: store.file(s.path) }))
  const indexes = await publishIndexes(store, files, change.name)
  const replaced = [...change.old, ...store.state.indexes].map(f => f.path)
  store.append({
    kind: 'rederived',
    segments: [...change.segments],
    indexes,
    replaced,
    config: change.config,
  })
}

/** Applications with rows in a file of facts, in order. */
export async function applicationsOf({ db }: Store, file: string): Promise<string[]> {
  const rows = await db.rows<{ application: string }>(
    `SELECT DISTINCT application FROM read_parquet(${quoteText(file)}) ORDER BY application`,
  )
  return rows.map(r => r.application)
}

/**
 * Makes a file durable under its final name and describes it. A name that is taken, by what a crash left behind or by
 * another writer, stays with its file; this one gets a name beside it.
 *
 * @param path below the store
 */
export async function publishFile(
  store: Store,
  file: string,
  path: string,
  rows: number,
): Promise<FileRecord> {
  const sha256 = await fileDigest(file)
  const { size } = statSync(file)
  syncFile(file)
  for (let copy = 1; ; copy++) {
    const name = copy === 1 ? path : path.replace(/(?=\.\w+$)/, `.${copy}`)
    if (!publishNoted(store, file, name)) continue
    return { path: name, sha256, bytes: size, rows }
  }
}

/** Publishes a file so that it goes again where no entry comes to name it, also where the disk failed half-way. */
function publishNoted(store: Store, file: string, name: string): boolean {
  try {
    const isDone = publish(file, store.file(name))
    if (isDone) store.noteUnnamed(name)
    return isDone
  } catch (error) {
    if (isSameFile(file, store.file(name))) store.noteUnnamed(name)
    throw error
  }
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map(path => statSync(path, { bigint: true, throwIfNoEntry: false }))
  return a !== undefined && a.ino === b?.ino && a.dev === b.dev
}

/** Makes the id index of whole days again from their facts, with one ledger entry. */
export async function rebuildIndexes(store: Store, days: readonly string[]): Promise<void> {
  const { segments, indexes: old } = store.state
  const files = segments
    .filter(s => days.includes(s.day))
    .map(s => ({ kind: s.kind, day: s.day, file: store.file(s.path) }))
  const indexes = await publishIndexes(store, files, String(store.ledger.nextSeq()).padStart(6, '0'))
  store.append({
    kind: 'indexed',
    indexes,
    replaced: old.filter(i => days.includes(i.day)).map(i => i.path),
  })
}
