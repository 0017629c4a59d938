import { statSync } from 'node:fs'
import { join } from 'node:path'
import { ThroughlineError } from '../errors.ts'
import type { FileRecord } from '../ledger/entry.ts'
import type { LedgerState } from '../ledger/state.ts'

/** Every file that a reader of this state may read. */
export function filesInForce(state: LedgerState): FileRecord[] {
  const links = [...state.days.values()].flatMap(day => (day.link?.file ? [day.link.file] : []))
  const subjects = state.subjects ? [state.subjects.file] : []
  const borders = [...(state.pruning?.borders.values() ?? [])]
  const holds = [...state.holds.values()].flatMap(hold => hold.file ?? [])
  return [
    ...state.segments,
    ...state.indexes,
    ...state.rejects,
    ...state.reads,
    ...links,
    ...borders,
    ...subjects,
    ...holds,
  ]
}

/**
 * Absolute paths of files that are about to be read. A file of another length is not the one the ledger names, though
 * DuckDB might read it without a word.
 *
 * @throws STORE_DAMAGED
 */
export function wholeFiles(root: string, records: readonly Pick<FileRecord, 'path' | 'bytes'>[]): string[] {
  return records.map(({ path, bytes }) => {
    const file = join(root, path)
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (size === bytes) return file
    throw damagedFile(
      file,
      size === undefined ? 'it is missing' : `it has ${size} bytes, the ledger says ${bytes}`,
    )
  })
}

export function damagedFile(path: string, found: string, cause?: unknown): ThroughlineError {
  return new ThroughlineError(
    'STORE_DAMAGED',
    `store file ${path}: ${found}; the store was altered or damaged. Restore the folder from a copy; throughline store check shows all that is wrong, throughline store repair makes links and index again`,
    { path },
    cause,
  )
}
