import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import { type FileRecord, filesOf } from '../ledger/entry.ts'
import { allEntries } from '../ledger/entry-file.ts'
import { readCheckpointNote } from '../ledger/log.ts'
import { isFrozen } from '../ledger/pruning.ts'
import { isTrueSnapshot, noteMark, snapshotPath, snapshotsOf } from '../ledger/snapshot.ts'
import { applyEntry, emptyState, type LedgerState } from '../ledger/state.ts'
import { checkLog, type LogFault } from '../ledger/verify-log.ts'
import { checkFiles } from './check-files.ts'
import { checkRoots, type RootCheck, type RootKeys } from './check-roots.ts'
import { findLeftovers, strayInLedger } from './leftovers.ts'
import { isWritten, lockHolder } from './lock.ts'
import type { Database } from './query.ts'
import { filesInForce } from './records.ts'

/** Something about a store that is not as its ledger says. */
export interface Problem {
  /** `damaged`: facts or the ledger; `repairable`: what can be made again, or is in nobody's way. */
  readonly severity: 'damaged' | 'repairable'
  /** What to do about it, for programs. */
  readonly repair: 'restore' | 'index' | 'links' | 'snapshot' | 'log' | 'remove' | 'lock'
  /** Path below the store. */
  readonly path: string
  readonly found: string
  readonly advice: string
}

export interface StoreCheck {
  readonly entries: number
  readonly files: number
  readonly bytes: number
  /** Whether a process was writing: what no entry names yet is then no leftover. */
  readonly isBeingWritten: boolean
  /** Undefined where roots were not looked at. */
  readonly roots: RootCheck | undefined
  /** Entries that a signed checkpoint in the store covers; undefined without one that is right. */
  readonly signed: number | undefined
  readonly problems: readonly Problem[]
}

export interface CheckOptions {
  /** Whether this process holds the lock. */
  readonly isOwner?: boolean
  /** To make roots again from the rows; without it they are not looked at. */
  readonly rootKeys?: (state: LedgerState) => RootKeys
}

/** A file as an entry names it. */
export interface NamedFile {
  readonly record: FileRecord
  readonly seq: number
  /** Whether a reader of the last entry reads it; one that was replaced may be gone. */
  readonly isInForce: boolean
  /** Whether it cannot be made again though files of its kind can: what it was made from has been pruned. */
  readonly isLast: boolean
}

const RESTORE = 'restore the folder from a copy, or read the logs into a new store'
const REPAIR = 'run: throughline store repair'

/**
 * Compares a store with its ledger, byte by byte: the whole chain, every file that an entry names, the snapshots, and
 * what lies there without a name. Changes nothing.
 *
 * @param root folder of a store that exists
 * @throws STORE_NEWER
 */
export async function checkStore(
  root: string,
  db: Database,
  { isOwner = false, rootKeys }: CheckOptions = {},
): Promise<StoreCheck> {
  const isBeingWritten = !isOwner && isWritten(root)
  const note = readCheckpointNote(root)
  const ledger = readLedger(root)
  const inForce = new Set(filesInForce(ledger.state).map(f => f.path))
  const last = lastCopies(ledger.state)
  const named = [...ledger.named].map(([path, file]) => {
    return { ...file, isInForce: inForce.has(path), isLast: last.has(path) }
  })
  const isWhole = ledger.problems.every(p => p.severity === 'repairable')
  const log = isWhole ? await checkLog(root, note, ledger) : undefined
  const wrong = await checkFiles(root, db, named)
  // A file whose bytes are others has another root: that is one problem.
  const skipped = new Set(wrong.map(p => p.path))
  const roots =
    isWhole && rootKeys
      ? await checkRoots(root, db, { ...rootKeys(ledger.state), skipped }, ledger.state)
      : undefined
  const problems = [
    ...ledger.problems,
    // A writer may have gone on from the tiles that this checkpoint needs.
    ...(log?.faults.filter(f => f.isContradiction || !isBeingWritten).map(logProblem) ?? []),
    ...wrong,
    ...(roots?.problems ?? []),
  ]
  // Behind a broken chain nobody knows what the files are.
  if (isWhole && !isBeingWritten) problems.push(...leftoverProblems(root, ledger.named, isOwner))
  return {
    entries: ledger.state.head + 1,
    files: named.length,
    bytes: named.reduce((sum, f) => sum + f.record.bytes, 0),
    isBeingWritten,
    roots: roots?.check,
    signed: log?.checkpoint?.size,
    problems,
  }
}

/** Links that were made with facts that have been pruned since. */
function lastCopies(state: LedgerState): Set<string> {
  const frozen = [...state.days.values()].flatMap(day =>
    day.link?.file && isFrozen(state, day) ? [day.link.file] : [],
  )
  return new Set([...frozen, ...(state.pruning?.borders.values() ?? [])].map(file => file.path))
}

interface ReadLedger {
  readonly state: LedgerState
  readonly named: Map<string, Pick<NamedFile, 'record' | 'seq'>>
  readonly problems: Problem[]
  /** SHA-256 of each entry. */
  readonly digests: string[]
}

function readLedger(root: string): ReadLedger {
  const folder = join(root, 'ledger')
  const read: ReadLedger = { state: emptyState(), named: new Map(), problems: [], digests: [] }
  const snapshots = new Set(snapshotsOf(folder))
  const marks: string[] = []
  try {
    for (const { entry, digest } of allEntries(folder)) {
      applyEntry(read.state, entry, digest)
      noteMark(marks, entry.seq, digest)
      read.digests.push(digest)
      for (const record of filesOf(entry)) nameFile(read, record, entry.seq)
      if (snapshots.delete(entry.seq) && !isTrueSnapshot(folder, { state: read.state, marks }))
        read.problems.push(snapshotProblem(folder, entry.seq, 'says otherwise than the entries'))
    }
    for (const seq of snapshots) read.problems.push(snapshotProblem(folder, seq, 'has no entry'))
  } catch (error) {
    if (!(error instanceof ThroughlineError) || error.code !== 'STORE_DAMAGED') throw error
    const { path, why } = error.details
    read.problems.push(damagedProblem(String(path).slice(root.length + 1), String(why)))
  }
  return read
}

function nameFile({ named, problems }: ReadLedger, record: FileRecord, seq: number): void {
  const other = named.get(record.path)
  if (other && other.record.sha256 !== record.sha256)
    problems.push(damagedProblem(record.path, `entries ${other.seq} and ${seq} name it with other bytes`))
  named.set(record.path, { record, seq })
}

function damagedProblem(path: string, found: string): Problem {
  return { severity: 'damaged', repair: 'restore', path, found, advice: RESTORE }
}

/** A log that the writer has not signed up to the last entry yet is none. */
function logProblem({ path, found, isContradiction }: LogFault): Problem {
  return isContradiction
    ? damagedProblem(path, found)
    : { severity: 'repairable', repair: 'log', path, found, advice: REPAIR }
}

function snapshotProblem(folder: string, seq: number, found: string): Problem {
  const path = `ledger${snapshotPath(folder, seq).slice(folder.length)}`
  return { severity: 'repairable', repair: 'snapshot', path, found, advice: REPAIR }
}

function leftoverProblems(root: string, named: ReadLedger['named'], isOwner: boolean): Problem[] {
  const leftovers = [
    ...findLeftovers(root, new Set(named.keys()), isOwner || !lockHolder(root)),
    ...strayInLedger(root).map(path => ({ path })),
  ]
  const stale = lockHolder(root)
  return [
    ...leftovers.map(
      ({ path }): Problem => ({
        severity: 'repairable',
        repair: 'remove',
        path,
        found: 'no entry names it',
        advice: REPAIR,
      }),
    ),
    ...(stale && !isOwner
      ? [
          {
            severity: 'repairable',
            repair: 'lock',
            path: 'writer.lock',
            found: `its process ${stale.pid} is gone`,
            advice: 'the next writer takes it over',
          } as const,
        ]
      : []),
  ]
}
