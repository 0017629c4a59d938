import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LedgerState } from '../ledger/state.ts'
import type { LeafColumn } from '../model/leaf-text.ts'
import type { Problem } from './check.ts'
import type { Salts } from './keys.ts'
import { factsRoot } from './leaves.ts'
import { linksRoot } from './link-leaves.ts'
import type { Database } from './query.ts'

/** What roots are checked with. */
export interface RootKeys {
  /** The secret of a name; undefined where it is not here. */
  readonly saltsOf: (id: string) => Salts | undefined
  readonly linkColumns: readonly LeafColumn[]
}

/** How many roots were made again from the rows. */
export interface RootCheck {
  /** Roots that entries name for files in force, and files without one. */
  readonly roots: number
  readonly without: number
  /** Roots that were compared; the others could not be, as their secret is not here. */
  readonly compared: number
}

/** Files with a root, as entries name them. */
interface Sealed {
  readonly path: string
  readonly root: string
  readonly salts: string
  readonly rootNow: (db: Database, file: string, salts: Salts) => Promise<string>
}

/** Compares the roots of files in force with their rows; those of files that are missing or `skipped` stay out. */
export async function checkRoots(
  root: string,
  db: Database,
  { saltsOf, linkColumns, skipped }: RootKeys & { readonly skipped: ReadonlySet<string> },
  state: LedgerState,
): Promise<{ check: RootCheck; problems: Problem[] }> {
  const { sealed, without } = sealedFiles(state, linkColumns)
  const problems: Problem[] = []
  let compared = 0
  for (const { path, root: want, salts: id, rootNow } of sealed) {
    const salts = saltsOf(id)
    const file = join(root, path)
    if (!salts || skipped.has(path) || !existsSync(file)) continue
    compared++
    const found = await rootNow(db, file, salts).catch((error: Error) => error.message)
    if (found !== want) problems.push(rootProblem(path))
  }
  return { check: { roots: sealed.length, without, compared }, problems }
}

function sealedFiles(
  state: LedgerState,
  columns: readonly LeafColumn[],
): { sealed: Sealed[]; without: number } {
  const links = [...state.days.values()].flatMap(({ day, link }) =>
    link?.file ? [{ ...link, path: link.file.path, day }] : [],
  )
  const facts = state.segments.flatMap(({ path, kind, day, rows, root, salts }): Sealed[] =>
    root && salts
      ? [{ path, root, salts, rootNow: (db, file, s) => factsRoot(db, { file, kind, day, rows }, s) }]
      : [],
  )
  const linked = links.flatMap(({ path, day, root, salts }): Sealed[] =>
    root && salts
      ? [{ path, root, salts, rootNow: (db, file, s) => linksRoot(db, { file, day, columns }, s) }]
      : [],
  )
  const sealed = [...facts, ...linked]
  return { sealed, without: state.segments.length + links.length - sealed.length }
}

function rootProblem(path: string): Problem {
  return {
    severity: 'damaged',
    repair: 'restore',
    path,
    found: 'its rows have another root than its entry names',
    advice:
      'the entry was made by something else than Throughline: compare the ledger with an anchored checkpoint',
  }
}
