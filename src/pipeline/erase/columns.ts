import { ERASED_KIND } from '../../model/erased.ts'
import { FACT_COLUMNS, type HopKind } from '../../model/hop.ts'
import { standingName } from '../../model/name-pattern.ts'
import { PERSONAL_COLUMNS } from '../../model/personal-columns.ts'
import { quoteIdentifier, quoteText } from '../../store/query.ts'

/** Paths, in which a person may be named, and which have to go on comparing with those of the other side. */
const PATHS = new Set([
  'path', 'path_key', 'proxy_basepath', 'proxy_pathsuffix', 'target_url', 'target_basepath',
]) // biome-ignore format: a list

/** Columns that say who it was; in requests of others they name these. */
const WHO = new Set(['subject_issuer', 'subject_name', 'subject_raw', 'username'])

/** Columns in which requests of others may mention a person. */
export const MENTION_COLUMNS: ReadonlySet<string> = new Set(
  [...PATHS, ...PERSONAL_COLUMNS].filter(name => !WHO.has(name)),
)

/** What is put in the place of a person. */
export interface Erasing {
  readonly names: readonly string[]
  /** Of these, those that are erased from requests of others, too. */
  readonly mentions: readonly string[]
  readonly erasedAs: string
}

/**
 * Columns of a hop without a person, as the list of a REPLACE over facts as `f` and erased_hops as `e`.
 *
 * @param present columns that the file has
 */
export function erasedColumns(kind: HopKind, present: ReadonlySet<string>, erasing: Erasing): string {
  const { mentions, erasedAs } = erasing
  const columns = FACT_COLUMNS[kind].filter(({ name }) => present.has(name))
  return columns
    .flatMap(({ name }) => {
      const column = `f.${quoteIdentifier(name)}`
      const own = ownValue(name, column, erasing)
      const other =
        MENTION_COLUMNS.has(name) && mentions.length > 0 ? without(column, mentions, erasedAs) : undefined
      if (own === undefined && other === undefined) return []
      return `CASE e.how WHEN 'own' THEN ${own ?? column} WHEN 'mention' THEN ${other ?? column} ELSE ${column} END AS ${quoteIdentifier(name)}`
    })
    .join(', ')
}

/** A column of a hop that is the person's own; undefined where it stays. */
function ownValue(name: string, column: string, erasing: Erasing): string | undefined {
  const { names, erasedAs } = erasing
  if (name === 'subject_kind') return quoteText(ERASED_KIND)
  if (name === 'subject_name') return quoteText(erasedAs)
  // That nobody was logged on says nothing about anybody.
  if (name === 'username') return `CASE WHEN ${column} IS NOT NULL THEN ${quoteText(erasedAs)} END`
  if (PERSONAL_COLUMNS.has(name)) return 'NULL'
  return PATHS.has(name) ? without(column, names, erasedAs) : undefined
}

/** A text with another name in the place of the person's. Twice, for names that share what is between them. */
function without(column: string, names: readonly string[], erasedAs: string): string {
  const [from, to] = [standingName(names), `\\1${erasedAs}\\2`].map(quoteText)
  const once = (text: string): string => `regexp_replace(${text}, ${from}, ${to}, 'gi')`
  return once(once(column))
}
