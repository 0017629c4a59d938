import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { removeEmptyFolder, removeFile, removeFolder } from '../ledger/durable.ts'
import { filesOf } from '../ledger/entry.ts'
import { allEntries } from '../ledger/entry-file.ts'
import { isAlive, isSelf, parseWriterName, SELF } from '../ledger/writer.ts'
import { layout } from './layout.ts'

/** Something in a store's folder that no entry names and no living process is writing. */
export interface Leftover {
  /** Path below the store. */
  readonly path: string
  readonly isFolder: boolean
}

/** Folders whose files are named by entries. */
const NAMED_FOLDERS = ['facts', 'index', 'links', 'rejects', 'subjects', 'holds', 'reads']

/**
 * Removes what a process that was killed has left behind. Nothing is looked for where no sign of one is there: its lock,
 * its temporary folder, or what it was about to give a name. Nothing is removed while another process may be writing: what it has finished, no entry
 * names yet.
 *
 * @param isTakenOver whether the lock was that of a process that is gone
 * @throws STORE_DAMAGED where the chain is not whole: then what looks left behind may be all there is
 */
export function sweepAfterCrash(root: string, isTakenOver: boolean): void {
  const others = temporaryFolders(root)
  if (others.some(f => f.isAlive)) return
  if (!isTakenOver && others.length === 0 && unfinished(root).length === 0) return
  sweep(root, findLeftovers(root, namedPaths(root)))
}

/** Paths of all files that any entry names, also those that later ones replaced. */
export function namedPaths(root: string): Set<string> {
  const named = new Set<string>()
  for (const { entry } of allEntries(join(root, 'ledger')))
    for (const { path } of filesOf(entry)) named.add(path)
  return named
}

/**
 * @param named paths of all files that any entry names
 * @param isOwner whether this process holds the lock: then a temporary folder of another host is left over, too
 */
export function findLeftovers(root: string, named: ReadonlySet<string>, isOwner = false): Leftover[] {
  const unnamed = NAMED_FOLDERS.flatMap(folder => filesBelow(root, folder)).filter(path => !named.has(path))
  const folders = temporaryFolders(root).filter(f => !f.isAlive || (isOwner && f.isElsewhere))
  return [
    ...[...unnamed, ...unfinished(root)].map(path => ({ path, isFolder: false })),
    ...folders.map(({ name }) => ({ path: `tmp/${name}`, isFolder: true })),
  ]
}

/** Removes leftovers, and folders that are empty then. */
export function sweep(root: string, leftovers: readonly Leftover[]): void {
  for (const { path, isFolder } of leftovers) {
    if (isFolder) removeFolder(join(root, path))
    else removeFile(join(root, path))
  }
  for (const { path } of leftovers) removeEmptyFolder(dirname(join(root, path)))
}

interface TemporaryFolder {
  readonly name: string
  readonly isAlive: boolean
  /** Whether it is of another host, whose processes cannot be asked for. */
  readonly isElsewhere: boolean
}

/** Temporary folders and files of other processes. */
function temporaryFolders(root: string): TemporaryFolder[] {
  return namesIn(dirname(layout.temporary(root))).flatMap(name => {
    const writer = parseWriterName(name)
    if (!writer) return [{ name, isAlive: false, isElsewhere: false }]
    if (isSelf(writer)) return []
    return [{ name, isAlive: isAlive(writer), isElsewhere: writer.host !== SELF.host }]
  })
}

/** What a ledger has, but for what its log's own check looks at: entries, snapshots, checkpoint and tiles. */
const LEDGER_FILES =
  /^ledger\/(?:\d{3,}\/\d{6,}\.json|snapshots\/\d{6,}\.json|log\/checkpoint|log\/tile\/.+)$/

/** Files in the folder of the ledger that no ledger has. Only said and removed on demand: somebody may have put them there. */
export function strayInLedger(root: string): string[] {
  const being = new Set(unfinished(root))
  return filesBelow(root, 'ledger').filter(
    path => !LEDGER_FILES.test(path) && !being.has(path) && !isWriting(path),
  )
}

/** A file that a living process has not given its name yet. */
function isWriting(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name.startsWith('.') && name.endsWith('.tmp')
}

/** Locks, entries and snapshots that processes which are gone have not finished. */
function unfinished(root: string): string[] {
  const locks = namesIn(root).filter(name => name.startsWith('.lock-') && !isLiving(name.slice(6)))
  const entries = ['ledger', 'ledger/snapshots', 'ledger/log'].flatMap(folder =>
    namesIn(join(root, folder))
      .filter(name => name.startsWith('.') && !isLiving(name.slice(1, -'.tmp'.length)))
      .map(name => `${folder}/${name}`),
  )
  return [...locks, ...entries]
}

function isLiving(name: string): boolean {
  const writer = parseWriterName(name.replace(/\.stale$/, ''))
  return writer !== undefined && isAlive(writer)
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : []
}

function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}
