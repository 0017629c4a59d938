import { statSync } from 'node:fs'
import { join } from 'node:path'
import { publish, syncFile } from '../ledger/durable.ts'
import type { FileRecord, IndexRecord, RefusedRecord, SegmentRecord, SourceRecord } from '../ledger/entry.ts'
import type { HopKind } from '../model/hop.ts'
import { fileDigest } from './damage.ts'
import { type Duplicates, dedupe, type StagedSegment } from './dedupe.ts'
import { writeIdIndex } from './index-ids.ts'
import { layout } from './layout.ts'
import { quoteText } from './query.ts'
import type { Store } from './store.ts'

/** What one ledger entry takes in. */
export interface Batch {
  readonly staged: readonly StagedSegment[]
  /** File of rejects, NDJSON, and its rows; undefined without rejects. */
  readonly rejects: { readonly file: string; readonly rows: number } | undefined
  /** Sources as they stand after this batch; called once the duplicates of the batch are known. */
  readonly sources: (duplicates: readonly Duplicates[]) => SourceRecord[]
  readonly refused: readonly RefusedRecord[]
  readonly config: string
}

/**
 * Makes a batch part of the store: duplicates out, files durable under their final names, index written, one ledger
 * entry. Until that entry exists nothing of the batch is visible.
 *
 * @returns the days that got new hops, `YYYY-MM-DD`
 */
export async function commitBatch(store: Store, batch: Batch): Promise<string[]> {
  const { db, root } = store
  const duplicates: Duplicates[] = []
  for (const kind of ['gateway', 'app'] as const) {
    const staged = batch.staged.filter(s => s.kind === kind)
    duplicates.push(...(await dedupe({ db, root, published: store.state.segments }, kind, staged)))
  }
  const kept = batch.staged.filter(s => s.rows > 0)
  const name = String(store.ledger.nextSeq()).padStart(6, '0')
  const days = [...new Set(kept.map(s => s.day))].sort()
  const indexes = await publishIndexes(store, kept, name)
  const segments: SegmentRecord[] = []
  for (const [i, s] of kept.entries()) {
    const path = layout.segment(s.kind, s.day, `${name}-${String(i).padStart(4, '0')}`)
    const applications = await applicationsOf(store, s.file)
    const record = await publishFile(store, s.file, path, s.rows)
    segments.push({
      kind: s.kind,
      day: s.day,
      applications,
      firstUs: s.firstUs,
      lastUs: s.lastUs,
      versions: s.versions,
      ...record,
    })
  }
  const rejects = batch.rejects
    ? [await publishFile(store, batch.rejects.file, layout.rejects(name), batch.rejects.rows)]
    : []
  const sources = batch.sources(duplicates)
  store.append({
    kind: 'ingest', sources, refused: [...batch.refused], segments, indexes, rejects, config: batch.config,
  }) // biome-ignore format: one entry
  return days
}

/** Writes the id index of each day of new files. */
async function publishIndexes(
  store: Store,
  files: readonly { kind: HopKind; day: string; file: string }[],
  name: string,
): Promise<IndexRecord[]> {
  const indexes: IndexRecord[] = []
  for (const day of [...new Set(files.map(f => f.day))].sort()) {
    const file = join(layout.temporary(store.root), `index-${day}.parquet`)
    const rows = await writeIdIndex(
      store.db,
      files.filter(f => f.day === day),
      file,
    )
    indexes.push({ kind: 'id', day, ...(await publishFile(store, file, layout.index(day, name), rows)) })
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
    kind: 'reindexed',
    indexes,
    replaced: old.filter(i => days.includes(i.day)).map(i => i.path),
  })
}
