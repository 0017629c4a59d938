import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FileRecord } from '../../ledger/entry.ts'
import { allEntries } from '../../ledger/entry-file.ts'
import { isInForce } from '../../ledger/holds.ts'
import type { Store } from '../../store/store.ts'
import type { Mentions } from './lines.ts'

/** Files of aliases that others have replaced, that are still there, and that name a person. */
export function subjectsFilesNaming(store: Store, mentions: Mentions): FileRecord[] {
  const inForce = store.state.subjects?.file.path
  const files = new Map<string, FileRecord>()
  for (const { entry } of allEntries(join(store.root, 'ledger'))) {
    if (entry.kind === 'subjects') files.set(entry.file.path, entry.file)
    const gone =
      entry.kind === 'subjects' ? entry.dropped : entry.kind === 'erased' ? entry.subjectsFiles : []
    for (const { path } of gone ?? []) files.delete(path)
  }
  return [...files.values()].filter(file => file.path !== inForce && names(store, file, mentions))
}

/** Files of holds that were released or have ended, and that name a person. */
export function holdsNaming(store: Store, mentions: Mentions): FileRecord[] {
  return [...store.state.holds.values()].flatMap(hold =>
    hold.file && !isInForce(hold, store.now()) && names(store, hold.file, mentions) ? [hold.file] : [],
  )
}

/** Whether the text of a file names a person. */
export function names(store: Store, { path }: FileRecord, mentions: Mentions): boolean {
  const file = store.file(path)
  return existsSync(file) && mentions(readFileSync(file, 'utf8'))
}
