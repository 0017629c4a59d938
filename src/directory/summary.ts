import type { AliasProblem, AliasRule } from '../model/alias-rules.ts'
import { type AliasEntry, compileAliases } from '../model/aliases.ts'
import type { DirectoryFormat, DirectoryImport, DirectoryProblem } from './result.ts'

export interface AliasCounts {
  readonly entries: number
  /** Different subjects that entries name. */
  readonly subjects: number
  readonly names: number
  /** Names of two subjects at one time. */
  readonly conflicts: number
  /** Circles of names or rules. */
  readonly cycles: number
  /** Names, periods and rules that cannot be read. */
  readonly unreadable: number
  readonly problems: readonly AliasProblem[]
}

export interface ImportSummary {
  readonly format: DirectoryFormat | undefined
  readonly records: number
  readonly skipped: number
  /** What the file itself holds. */
  readonly imported: AliasCounts
  /** The same together with the entries and rules that were there before. */
  readonly together: AliasCounts
  readonly problems: readonly DirectoryProblem[]
}

export function countAliases(entries: readonly AliasEntry[], rules: readonly AliasRule[] = []): AliasCounts {
  const { problems } = compileAliases(entries, rules)
  const of = (...kinds: AliasProblem['kind'][]) => problems.filter(({ kind }) => kinds.includes(kind)).length
  return {
    entries: entries.length,
    subjects: new Set(entries.map(({ subject }) => subject.toLowerCase())).size,
    names: entries.reduce((sum, { names }) => sum + names.length, 0),
    conflicts: of('conflict'),
    cycles: of('cycle'),
    unreadable: of('unreadable', 'period', 'rule'),
    problems,
  }
}

/** What an import brings and what it would clash with. */
export function summarizeImport(
  { format, entries, problems, records, skipped }: DirectoryImport,
  existing: readonly AliasEntry[] = [],
  rules: readonly AliasRule[] = [],
): ImportSummary {
  const imported = countAliases(entries)
  const together = countAliases([...existing, ...entries], rules)
  return { format, records, skipped, imported, together, problems }
}
